//! How a program says that it failed.

use std::process::ExitCode;

/// The exit code of a program called `name`; says on stderr what went wrong, and why.
pub fn report(name: &str, result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: error: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, but those that one before has told already.
fn chain(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !told.contains(&cause) {
            if !told.is_empty() {
                told += "\n  because: ";
            }
            told += &cause;
        }
    }
    told
}
