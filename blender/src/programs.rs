//! Programs on this machine, by name and by file.
//!
//! Owns the look at `PATH`. It must never run one.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The first program of that name in the folders of `PATH`.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|path| is_program(path))
}

/// Whether a file is there that can be run.
pub(crate) fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// Writes a shell script that can be run. Another process does: a fork elsewhere in these tests could
/// hold a file that this one has open for writing, and such a file cannot be run.
#[cfg(test)]
pub(crate) fn install_script(path: &Path, text: &str) {
    use std::io::Write;
    let mut install = std::process::Command::new("install");
    install
        .args(["-m", "755", "/dev/stdin"])
        .arg(path)
        .stdin(std::process::Stdio::piped());
    let mut install = install.spawn().unwrap();
    let text = format!("#!/bin/sh\n{text}\n");
    install
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    assert!(install.wait().unwrap().success());
}
