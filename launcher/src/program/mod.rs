//! The program `blendtorch-launch`, which `blendtorch launch` is too.
//!
//! Owns its command line and what its user sees. It must never hold what a program of somebody else's
//! could want of a fleet.

mod caught;
mod help;
mod launch;
mod signals;
mod slurm;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser};

pub use caught::Caught;
use help::LAUNCH_HELP;
pub use launch::launch;
pub use signals::Signals;
pub use slurm::SlurmArguments;

/// Start the Blender instances of a launch description and watch them.
#[derive(Debug, Parser)]
#[command(name = "blendtorch-launch", version)]
struct LaunchProgram {
    #[command(flatten)]
    arguments: LaunchArguments,
}

/// The command line of `blendtorch-launch`.
#[derive(Debug, Args)]
#[command(after_help = LAUNCH_HELP)]
pub struct LaunchArguments {
    /// The launch description
    #[arg(value_name = "launch.json")]
    description: PathBuf,
    /// Where to write addresses and commands for consumers, once all instances are started
    #[arg(long, value_name = "FILE", default_value = "launch_info.json")]
    out_launch_info: PathBuf,
    /// A folder for log files.
    #[arg(
        long,
        value_name = "FOLDER",
        help = "Append what instance i prints to instance-<i>.log there too; goes before the key \
                log_dir"
    )]
    log_dir: Option<PathBuf>,
    /// All on this machine, whatever the file says of hosts
    #[arg(long, conflicts_with = "slurm")]
    here: bool,
    #[command(flatten)]
    slurm: SlurmArguments,
}

/// The program `blendtorch-launch`: takes its arguments, the program's name first, and gives its
/// exit code.
pub fn main_launch(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> u8 {
    match LaunchProgram::try_parse_from(arguments) {
        Ok(program) => launch(&program.arguments),
        Err(error) => {
            // It may be the help that was asked for.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(2)
        }
    }
}

/// The command line of `blendtorch-launch`, for those who make completions of it.
#[must_use]
pub fn launch_program() -> clap::Command {
    LaunchProgram::command()
}

/// Prints a line to stderr. Where nobody takes it (a closed pipe) it is lost, which ends nothing.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "blendtorch-launch: {line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LaunchDescription;

    #[test]
    fn the_command_line_is_sound() {
        LaunchProgram::command().debug_assert();
    }

    #[test]
    fn the_originals_default_file_is_kept() {
        let program = LaunchProgram::try_parse_from(["blendtorch-launch", "launch.json"]).unwrap();
        assert_eq!(
            program.arguments.out_launch_info,
            PathBuf::from("launch_info.json")
        );
    }

    #[test]
    fn the_help_names_every_key() {
        let schema = LaunchDescription::json_schema();
        for key in schema["properties"].as_object().unwrap().keys() {
            assert!(LAUNCH_HELP.contains(&format!("\"{key}\":")), "{key}");
        }
    }
}
