//! A network's own file in place of a scene: `blendtorch render net.hdf5 --results spikes.nio`.
//!
//! Owns the `network.json` that is written for it into the folder of the frames, so that what was shown
//! can be read, changed and rendered again; and files with keys in place of activity (`--bake`).

use std::path::{Path, PathBuf};

use blendtorch_blender::scenes;
use blendtorch_circuit::scene::{NetworkFile, SceneDescription};
use blendtorch_render::{Frames, RenderDescription, RenderError};

fn wrong(file: Option<&Path>, key: Option<&str>, problem: impl Into<String>) -> RenderError {
    RenderError::Job {
        file: file.map(Path::to_path_buf),
        key: key.map(str::to_owned),
        problem: problem.into(),
    }
}

/// What is rendered in place of `scene`: itself, checked, where it is a `network.json`; a description of
/// it, where it is a network; `None` where it is neither.
pub(super) fn described(
    scene: &Path,
    results: &[PathBuf],
    out: Option<&Path>,
    anew: bool,
) -> Result<Option<PathBuf>, RenderError> {
    let refused = |error: blendtorch_circuit::CircuitError| {
        let text = error.to_string();
        wrong(None, None, text.trim_start_matches("error: "))
    };
    let kind = NetworkFile::of(scene);
    if !results.is_empty() && kind != Some(NetworkFile::Network) {
        let text = "it goes with a network's own file, as net.hdf5 or a SONATA configuration; in a \
                    network.json, `results` names them";
        return Err(wrong(None, Some("--results"), text));
    }
    if scene.extension().is_some_and(|name| name == "nio") {
        let text = "it has what a network did, and not where its cells are: render the network, as \
                    `blendtorch render net.hdf5 --results FILE.nio`";
        return Err(wrong(Some(scene), None, text));
    }
    match kind {
        None => Ok(None),
        Some(NetworkFile::Scene) => {
            // All that is wrong with it is said before a Blender starts.
            SceneDescription::from_file(scene).map_err(refused)?;
            Ok(Some(scene.to_path_buf()))
        }
        Some(NetworkFile::Network) => {
            let described = SceneDescription::of(scene, results).map_err(refused)?;
            let out = out.ok_or_else(|| {
                wrong(
                    None,
                    Some("out"),
                    "no folder is named: -o FOLDER is where the files go",
                )
            })?;
            let file = out.join("network.json");
            let text = format!("{:#}\n", described.to_json());
            match std::fs::read_to_string(&file) {
                Ok(there) if there == text => return Ok(Some(file)),
                Ok(_) if !anew => {
                    let text = "it describes something else than this network and these results: \
                                render it, or give another folder, or --anew";
                    return Err(wrong(Some(&file), None, text));
                }
                _ => {}
            }
            std::fs::create_dir_all(out)
                .and_then(|()| std::fs::write(&file, text))
                .map_err(|error| wrong(Some(&file), None, format!("cannot be written: {error}")))?;
            Ok(Some(file))
        }
    }
}

/// Writes a `.blend` with keys in place of activity; what it has.
pub(super) fn bake(described: &RenderDescription, file: &Path) -> Result<String, RenderError> {
    let refused = |key: &str, problem: String| wrong(None, Some(key), problem);
    if file.extension().is_none_or(|name| name != "blend") {
        let text = format!("{} does not end in .blend", file.display());
        return Err(refused("--bake", text));
    }
    let scene = described.scene.as_deref().unwrap_or(Path::new(""));
    let there = |path: &Path| path.canonicalize().ok();
    if there(scene).is_some() && there(scene) == there(file) {
        let text = "it is the scene itself: give another file, and keep the one whose activity is \
                    not keys";
        return Err(refused("--bake", text.to_owned()));
    }
    if !scene.is_file() {
        return Err(refused(
            "scene",
            format!("{} is not there", scene.display()),
        ));
    }
    let blender = blendtorch_blender::discover(described.blender.as_deref())
        .map_err(|error| RenderError::NoWorkers(error.to_string()))?;
    let frames = match &described.frames {
        Frames::Scene => (None, None),
        Frames::Range(first, last, None) => (*first, *last),
        _ => {
            let text = "keys are for all frames from a first to a last: give FIRST:LAST";
            return Err(refused("--frames", text.to_owned()));
        }
    };
    scenes::bake(&blender, scene, file, frames)
        .map_err(|error| refused("--bake", error.to_string()))
}
