//! Frames to disk: the processor time of the writer of frames, beside the `exr` crate.
//!
//! The frame is of 320 × 240 pixels: a plane, 36 spheres that move, and a sky. Files go to memory
//! (`/dev/shm`, where there is one), so that no disk is measured. The `exr` crate makes the same
//! channels into bytes in memory, with ZIP, in one thread; converting them is not counted for it.

mod scene;
mod theirs;

use crate::rounds::interleave;
use crate::row::Row;
use crate::usage::Usage;
use anyhow::Result;
use blendtorch_render::write::{Spec, Writer};
use scene::{ABOUT, Scene};
use std::path::Path;

/// Frames of a case in a round.
const FRAMES: i64 = 12;

/// What is made of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Ours(Pass),
    Theirs(Pass),
    /// These passes, and the frame as PNG.
    All,
    AllWithPreviews,
}

/// The passes that are OpenEXR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    Depths,
    Normals,
    Flows,
    Segmentations,
}

const PASSES: [Pass; 4] = [
    Pass::Depths,
    Pass::Normals,
    Pass::Flows,
    Pass::Segmentations,
];

impl Pass {
    fn name(self) -> &'static str {
        match self {
            Self::Depths => "depths",
            Self::Normals => "normals",
            Self::Flows => "flows",
            Self::Segmentations => "segmentations",
        }
    }

    fn file(self) -> String {
        format!(r#"{{"pass": "{}", "format": "exr"}}"#, self.name())
    }
}

pub(crate) fn rows(rounds: usize) -> Result<Vec<Row>> {
    let scene = Scene::new();
    let mut tasks: Vec<Task> = PASSES.map(Task::Ours).to_vec();
    tasks.extend(PASSES.map(Task::Theirs));
    tasks.extend([Task::All, Task::AllWithPreviews]);
    let name = |task| format!("{task:?}");
    let measured = interleave(&tasks, rounds, name, |task| task.time(&scene))?;
    let row = |name: &str, results: &[f64], baseline: &[f64]| {
        Row::new(name, "CPU ms/frame", results, baseline, |ms| *ms)
    };
    let (ours, rest) = measured.split_at(PASSES.len());
    let (theirs, whole) = rest.split_at(PASSES.len());
    let each = PASSES.iter().zip(ours.iter().zip(theirs));
    let mut rows: Vec<Row> = each
        .map(|(pass, (ours, theirs))| {
            row(
                &format!("{} to OpenEXR (exr crate)", pass.name()),
                ours,
                theirs,
            )
        })
        .collect();
    let all_theirs: Vec<f64> = (0..rounds)
        .map(|round| theirs.iter().map(|results| results[round]).sum())
        .collect();
    for (name, results) in ["these and the frame (exr crate, these)", "… and a preview"]
        .iter()
        .zip(whole)
    {
        rows.push(row(name, results, &all_theirs));
    }
    Ok(rows)
}

impl Task {
    /// Processor milliseconds a frame.
    fn time(self, scene: &Scene) -> Result<f64> {
        let (files, previews) = match self {
            Self::Theirs(pass) => return theirs::time(pass, scene),
            Self::Ours(pass) => (pass.file(), false),
            Self::All | Self::AllWithPreviews => {
                let mut files = r#"{"pass": "frames", "format": "png"}"#.to_owned();
                for pass in PASSES {
                    files += ", ";
                    files += &pass.file();
                }
                (files, self == Self::AllWithPreviews)
            }
        };
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory)?,
            false => tempfile::tempdir()?,
        };
        let spec = Spec::from_json(&format!(
            r#"{{"previews": {previews}, "files": [{files}]}}"#
        ))?;
        let writer = Writer::open(spec, folder.path(), |_| {})?;
        // The first frame makes tables.
        writer.write(0, scene.arrays(), ABOUT)?;
        writer.flush();
        let before = Usage::now().cpu;
        for frame in 1..=FRAMES {
            writer.write(frame, scene.arrays(), ABOUT)?;
        }
        writer.flush();
        Ok((Usage::now().cpu - before) * 1e3 / FRAMES as f64)
    }
}
