//! How a step of a set-up is run: programs, their words, and what is said when one fails.
//!
//! Owns nothing of what is set up. It must never decide what comes next.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::SetupError;
use crate::managed;

/// The pip of an environment, about to install.
pub(super) fn pip(environment: &Path) -> Command {
    let mut pip = Command::new(managed::python(environment));
    pip.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
    ]);
    pip
}

/// Runs one program that works on the environment. It holds the lock too, as its stdin: when we are
/// killed and it works on, the next set-up has to wait for it.
pub(super) fn run_locked(
    lock: &File,
    step: &str,
    command: &mut Command,
    remedy: &'static str,
) -> Result<(), SetupError> {
    let stdin = lock.try_clone().map_or_else(|_| Stdio::null(), Stdio::from);
    // Packages of the user's must not stand in for those of the environment.
    run(step, command.stdin(stdin).env_remove("PYTHONPATH"), remedy)
}

/// Runs one program; what it prints goes where ours does.
pub(super) fn run(
    step: &str,
    command: &mut Command,
    remedy: &'static str,
) -> Result<(), SetupError> {
    let ended = match command.status() {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("ended with {status}"),
        Err(error) => format!("could not be run: {error}"),
    };
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let program = words
        .map(|w| w.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ");
    Err(SetupError::Step {
        step: step.into(),
        program,
        ended,
        remedy,
    })
}

/// Says of an error which file or folder it is about.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> SetupError {
    let path = path.to_path_buf();
    move |source| SetupError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_names_program_and_remedy() {
        let said = run("a step", &mut Command::new("/bin/false"), "do this")
            .unwrap_err()
            .to_string();
        assert_eq!(
            said,
            "a step failed: `/bin/false` ended with exit status: 1; do this"
        );
        let said = run("a step", &mut Command::new("/no/such"), "do this")
            .unwrap_err()
            .to_string();
        assert!(said.contains("could not be run"), "{said}");
    }
}
