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
    let beside = || {
        let own = std::env::current_exe().ok()?;
        let beside = own.with_file_name("blendtorch");
        beside.is_file().then_some(beside)
    };
    let found = named.map(PathBuf::from).or_else(beside).or_else(|| on_path("blendtorch"));
    let found = found.ok_or(LaunchError::NoProgram)?;
    Ok(vec![found.to_string_lossy().into_owned(), "host".into()])
}
