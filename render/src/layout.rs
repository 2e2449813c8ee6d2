//! The names of the files of a job.
//!
//! Owns the names alone: what is in a file is the writer's.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the files of a job lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// A folder a pass, a file a frame: `depths/000003.exr`.
    #[default]
    Flat,
    /// As release 0.1.0a2 of VisionSim writes: `depths/depth_000003.exr`, with its channels.
    A2,
}

impl Layout {
    /// The file of a pass of a frame, below the job's folder. `pass` is one of the passes, `previews`,
    /// `layers`, or one of the previews that [`Layout::A2`] has.
    #[must_use]
    pub fn file(self, pass: &str, frame: i64, extension: &str) -> PathBuf {
        let name = match (self, pass) {
            (Self::Flat, _) => format!("{pass}/{frame:06}.{extension}"),
            (Self::A2, "debug_depth") => format!("depths/{pass}_{frame:06}.{extension}"),
            (Self::A2, "debug_normal") => format!("normals/{pass}_{frame:06}.{extension}"),
            (Self::A2, "debug_fwd_flow" | "debug_bwd_flow") => {
                format!("flows/{pass}_{frame:06}.{extension}")
            }
            (Self::A2, "debug_segmentation") => {
                format!("segmentations/{pass}_{frame:06}.{extension}")
            }
            (Self::A2, _) => {
                // `frames/frame_000003.png`; what is not a plural keeps its name.
                let one = match pass {
                    "layers" | "frames" | "composites" | "depths" | "normals" | "flows"
                    | "segmentations" | "materials" | "points" | "previews" => {
                        &pass[..pass.len() - 1]
                    }
                    _ => pass,
                };
                format!("{pass}/{one}_{frame:06}.{extension}")
            }
        };
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_visionsim_wrote() {
        let a2 = |pass, extension| Layout::A2.file(pass, 3, extension);
        assert_eq!(
            a2("frames", "png").to_str(),
            Some("frames/frame_000003.png")
        );
        assert_eq!(
            a2("depths", "exr").to_str(),
            Some("depths/depth_000003.exr")
        );
        assert_eq!(
            a2("segmentations", "exr").to_str(),
            Some("segmentations/segmentation_000003.exr")
        );
        assert_eq!(
            a2("debug_fwd_flow", "png").to_str(),
            Some("flows/debug_fwd_flow_000003.png")
        );
        assert_eq!(
            a2("diffuse", "exr").to_str(),
            Some("diffuse/diffuse_000003.exr")
        );
        let flat = Layout::Flat.file("flows", 1_000_000, "npy");
        assert_eq!(flat.to_str(), Some("flows/1000000.npy"));
    }
}
