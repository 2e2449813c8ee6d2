//! A scene file whose activity is keyframes, made by a Blender.
//!
//! Owns the question; what is baked, and how, knows our package within Blender.

use std::path::Path;
use std::time::Duration;

use super::SceneError;
use crate::{Blender, ask};

const BAKED: &str = "blendtorch-baked";
const BAKE: &str = "from blendtorch.btb.network import bake_command; bake_command.main()";
/// Keys of millions of cells take minutes.
const LIMIT: Duration = Duration::from_secs(4 * 3600);

/// Has `blender` write `out`, a `.blend` of what `scene` shows whose activity is keys, which any Blender
/// plays; `frames` are the first and the last one, the scene's where one is not said. What it has made,
/// in words.
///
/// # Errors
/// The scene does not open, shows no network, or the file cannot be written.
pub fn bake(
    blender: &Blender,
    scene: &Path,
    out: &Path,
    frames: (Option<i64>, Option<i64>),
) -> Result<String, SceneError> {
    let problem = |problem: String| SceneError {
        problem,
        remedy: "a network.json, or a .blend that shows a network, can be baked".to_owned(),
    };
    let word = |frame: Option<i64>| frame.map_or_else(String::new, |frame| frame.to_string());
    let mut command = ask::background(blender);
    command.args(["--python-exit-code", "1", "--python-expr", BAKE, "--"]);
    command.arg(scene).arg(out);
    command.args([word(frames.0), word(frames.1)]);
    ask::with_packages(&mut command, blender);
    let answer =
        ask::ask_within(&mut command, BAKED, LIMIT).map_err(|error| problem(error.to_string()))?;
    match answer.line(BAKED) {
        Some(made) => Ok(made.to_owned()),
        None => Err(problem(answer.complaint())),
    }
}
