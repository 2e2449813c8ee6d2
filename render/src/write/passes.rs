//! The passes, by their public names.
//!
//! Owns the one list of them: jobs, files and the ledger name passes by it. It must never know how an
//! engine makes one.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is written of a frame.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Pass {
    /// The picture, through the scene's view transform.
    Frames,
    /// The compositor's picture, written by Blender by the scene's own output settings.
    Composites,
    /// Planar depth, in the scene's units.
    Depths,
    /// Normals in the camera's frame.
    Normals,
    /// Forward and backward optical flow, in pixels.
    Flows,
    /// Ids of instances and categories.
    Segmentations,
    /// Ids of materials.
    Materials,
    /// Diffuse light and colour.
    Diffuse,
    /// Glossy light and colour.
    Specular,
    /// Positions in the world.
    Points,
    /// Emitted light.
    Emission,
    /// Cryptomatte of objects and materials, with its manifest.
    Cryptomatte,
}

/// All of them, in the order in which they are told.
pub const PASSES: [Pass; 12] = [
    Pass::Frames,
    Pass::Composites,
    Pass::Depths,
    Pass::Normals,
    Pass::Flows,
    Pass::Segmentations,
    Pass::Materials,
    Pass::Diffuse,
    Pass::Specular,
    Pass::Points,
    Pass::Emission,
    Pass::Cryptomatte,
];

impl Pass {
    /// Its name, as on the command line, in `render.json` and as the folder of its files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Frames => "frames",
            Self::Composites => "composites",
            Self::Depths => "depths",
            Self::Normals => "normals",
            Self::Flows => "flows",
            Self::Segmentations => "segmentations",
            Self::Materials => "materials",
            Self::Diffuse => "diffuse",
            Self::Specular => "specular",
            Self::Points => "points",
            Self::Emission => "emission",
            Self::Cryptomatte => "cryptomatte",
        }
    }

    /// Whether its files are ids, which no lossy codec may touch.
    #[must_use]
    pub fn is_ids(self) -> bool {
        matches!(
            self,
            Self::Segmentations | Self::Materials | Self::Cryptomatte
        )
    }

    /// Whether it is a picture that people look at.
    pub(crate) fn is_picture(self) -> bool {
        matches!(self, Self::Frames | Self::Composites)
    }
}

impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Pass {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = PASSES.into_iter().find(|pass| pass.name() == text);
        found.ok_or_else(|| {
            let names: Vec<_> = PASSES.iter().map(|pass| pass.name()).collect();
            format!("there is no pass '{text}'; there are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_json() {
        for pass in PASSES {
            assert_eq!(pass.name().parse::<Pass>(), Ok(pass));
            assert_eq!(
                serde_json::to_value(pass).unwrap(),
                serde_json::Value::from(pass.name())
            );
        }
        let wrong = "depth".parse::<Pass>().unwrap_err();
        assert!(
            wrong.contains("'depth'") && wrong.contains("depths"),
            "{wrong}"
        );
    }
}
