//! `blendtorch render --slurm --array`: tasks without a head, as elements of a job array, and the video
//! that follows them.
//!
//! Owns what is handed to Slurm. Each task is `blendtorch render --array` on a node.

use std::fs;
use std::path::{Path, PathBuf};

use blendtorch_launcher::slurm::{JobId, SlurmSettings};
use blendtorch_render::RenderDescription;

use super::say;
use crate::submit::{Command, absolute, submit};

/// What the tasks render, in the folder that they share.
const DESCRIPTION: &str = "render.slurm.json";

/// Submits the tasks.
pub(super) fn array(
    mut described: RenderDescription,
    settings: SlurmSettings,
) -> Result<JobId, String> {
    let out = described.out.take().ok_or("say where to: -o FOLDER")?;
    let out = PathBuf::from(absolute(&out));
    for path in [&mut described.scene, &mut described.log_dir] {
        *path = path.take().map(|path| PathBuf::from(absolute(&path)));
    }
    described.out = Some(out.clone());
    // It is for those that submit.
    (described.slurm, described.hosts) = (None, None);
    let log_dir = described.log_dir.clone();
    let nodes = settings.nodes;
    let text = serde_json::to_string_pretty(&described).map_err(|error| error.to_string())?;
    let file = out.join(DESCRIPTION);
    fs::create_dir_all(&out)
        .and_then(|()| fs::write(&file, text + "\n"))
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    let words = ["render", &absolute(&file), "--array", "--quiet"];
    let command = Command {
        arguments: words.map(str::to_owned).to_vec(),
        name: "blendtorch-render",
        elements: Some(nodes),
        after: None,
        log_dir,
    };
    let (job, logs) = submit(settings, command)?;
    let s = if nodes == 1 { "" } else { "s" };
    say(&format!(
        "job {job} is submitted: {nodes} task{s}; `blendtorch inspect {}` says how far they are, their \
         words are in {}",
        out.display(),
        logs.display()
    ));
    Ok(job)
}

/// Submits what makes the video when they have ended well.
pub(super) fn video(
    out: &Path,
    video: &Path,
    settings: SlurmSettings,
    after: JobId,
) -> Result<(), String> {
    let words = [
        "sequence".to_owned(),
        absolute(out),
        absolute(video),
        "--overwrite".to_owned(),
        "--quiet".to_owned(),
    ];
    let command = Command {
        arguments: words.to_vec(),
        name: "blendtorch-sequence",
        elements: None,
        after: Some(after),
        log_dir: None,
    };
    let settings = SlurmSettings {
        nodes: 1,
        tasks_per_node: None,
        gres: None,
        ..settings
    };
    let (job, _) = submit(settings, command)?;
    say(&format!(
        "job {job} makes {} of them afterwards",
        video.display()
    ));
    Ok(())
}
