//! The passes, and the arrays that each is made of.

use serde::{Deserialize, Serialize};

/// A pass, by its public name.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Pass {
    /// The picture.
    Frames,
    /// The picture after the scene's compositing nodes.
    Composites,
    /// Planar depth in the scene's units, 1e10 where nothing is.
    Depths,
    /// Normals in the axes of Blender's camera.
    Normals,
    /// Motion to the next frame and to the one before, in pixels.
    Flows,
    /// Ids of objects and of their categories.
    Segmentations,
    /// Ids of materials.
    Materials,
    /// Diffuse light and colour.
    Diffuse,
    /// Specular light and colour.
    Specular,
    /// Points in the world.
    Points,
    /// Emitted light.
    Emission,
    /// Names of objects and materials with their coverage.
    Cryptomatte,
}

impl Pass {
    /// Its name, which is also that of its files.
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

    /// Whether its values name things, so that none may change.
    pub(crate) fn is_of_ids(self) -> bool {
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

impl std::fmt::Display for Pass {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}
