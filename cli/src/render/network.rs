//! A network's own file in place of a scene: `blendtorch render net.hdf5 --results spikes.nio`.
//!
//! Owns the `network.json` that is written for it into the folder of the frames, so that what was shown
//! can be read, changed and rendered again.

use std::path::{Path, PathBuf};

use blendtorch_circuit::scene::{NetworkFile, SceneDescription};
use blendtorch_render::RenderError;

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
                    "no folder is named; give the folder of the files",
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
