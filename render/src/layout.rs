//! The names of the files of a job.
//!
//! Owns the names alone: what is in a file is the writer's.

use std::path::PathBuf;

use crate::write::Layout;

/// The previews that [`Layout::A2`] has of a pass, which lie beside its files.
const DEBUG: [(&str, &str); 5] = [
    ("depths", "debug_depth"),
    ("normals", "debug_normal"),
    ("flows", "debug_fwd_flow"),
    ("flows", "debug_bwd_flow"),
    ("segmentations", "debug_segmentation"),
];

/// Those of this pass.
pub(crate) fn debug_of(pass: &str) -> impl Iterator<Item = &'static str> {
    let of = DEBUG.iter().filter(move |(of, _)| *of == pass);
    of.map(|(_, kind)| *kind)
}

/// The folder of a kind, below the job's: that of its pass where it is a preview of one.
pub(crate) fn passes_folder(kind: &str) -> &str {
    let of = DEBUG.iter().find(|(_, preview)| *preview == kind);
    of.map_or(kind, |(of, _)| of)
}

/// The name of one file of a kind: `frame` of `frames`; what is no plural keeps its name.
pub(crate) fn one_of(kind: &str) -> &str {
    match kind {
        "layers" | "frames" | "composites" | "depths" | "normals" | "flows" | "segmentations"
        | "materials" | "points" | "previews" => &kind[..kind.len() - 1],
        _ => kind,
    }
}

impl Layout {
    /// The file of a pass of a frame, below the job's folder. `pass` is one of the passes, `previews`,
    /// `layers`, or one of the previews that [`Layout::A2`] has.
    #[must_use]
    pub fn file(self, pass: &str, frame: i64, extension: &str) -> PathBuf {
        let name = match (self, pass) {
            (Self::Flat, _) => format!("{pass}/{frame:06}.{extension}"),
            (Self::A2, _) => {
                let folder = passes_folder(pass);
                format!("{folder}/{}_{frame:06}.{extension}", one_of(pass))
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
