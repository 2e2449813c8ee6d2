//! Where the program is that becomes a host on a node.

use std::path::PathBuf;

use blendtorch_blender::on_path;

use crate::LaunchError;

/// The variable that names it.
const PROGRAM: &str = "BLENDTORCH_PROGRAM";

/// `blendtorch host`, of the same installation as this program: nodes are expected to see it at the
/// same place.
///
/// # Errors
/// There is no program `blendtorch` beside this one, nor on `PATH`.
pub fn host_program() -> Result<Vec<String>, LaunchError> {
    let named = std::env::var_os(PROGRAM).filter(|path| !path.is_empty());
    let found = named
        .map(PathBuf::from)
        .or_else(beside)
        .or_else(|| on_path("blendtorch"));
    let found = found.ok_or(LaunchError::NoProgram)?;
    let found = std::path::absolute(&found).unwrap_or(found);
    Ok(vec![found.to_string_lossy().into_owned(), "host".into()])
}

/// Beside this program, or, where Python runs it, beside the script or the interpreter, which may be a
/// link to another place.
fn beside() -> Option<PathBuf> {
    let own = std::env::current_exe().ok();
    let words = std::env::args_os().take(2).map(PathBuf::from);
    let words = words.filter_map(|word| match word.parent() {
        // A name alone was looked for on PATH.
        Some(folder) if folder.as_os_str().is_empty() => on_path(word.to_str()?),
        _ => Some(word),
    });
    own.into_iter()
        .chain(words)
        .map(|program| program.with_file_name("blendtorch"))
        .find(|program| program.is_file())
}
