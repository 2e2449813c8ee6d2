//! The programs `blendtorch` and `blendtorch-launch`, as functions that take the argument vector, so
//! that the Python wheel can show the same programs.
//!
//! Owns the words of `--help` and the exit codes. It must never hold logic that a user of the library
//! would miss.

mod launch;
mod signals;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{SetupOptions, Version, setup};

/// Starts, watches and ends fleets of Blender processes for training loops
#[derive(Debug, Parser)]
#[command(name = "blendtorch", version, about, arg_required_else_help = true)]
#[command(
    after_help = "First `blendtorch setup`, then `blendtorch launch launch.json`; \
    `blendtorch launch --help` explains the file."
)]
struct Blendtorch {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Start the Blender instances of a launch description and watch them.
    Launch(LaunchArguments),
    /// Install the managed Blender (needs no root, no display and no Blender).
    Setup(SetupArguments),
}

/// Start the Blender instances of a launch description and watch them.
#[derive(Debug, Parser)]
#[command(name = "blendtorch-launch", version)]
struct LaunchProgram {
    #[command(flatten)]
    arguments: LaunchArguments,
}

const LAUNCH_HELP: &str = r#"A launch description is a JSON object (what stands right of the values is no part of it):
  {
    "script": "cube.blend.py",      the scene script every instance runs (needed)
    "scene": "room.blend",          the file to open; none: Blender's own scene
    "num_instances": 2,             how many Blenders; 1
    "named_sockets": ["DATA"],      sockets each instance binds; none
    "background": true,             without a window; false (the managed Blender never has one)
    "seed": 10,                     instance i gets seed + i; random
    "instance_args": [["--a"], []], more arguments, one list an instance; none
    "start_port": 11000,            port = start_port + socket index * num_instances + instance
    "bind_addr": "127.0.0.1",       or "primaryip": the address of the default route
    "proto": "tcp",                 or "ipc": Unix sockets in a private folder
    "blend_path": "/opt/blender"    a Blender, its folder, or an environment with bpy; see below
  }
Paths count from the folder of the file, then from the working folder.

Which Blender runs: blend_path, else the variable BLENDTORCH_BLENDER, else the managed Blender
of `blendtorch setup`, else `blender` on PATH.

Ends: Ctrl-C or SIGTERM ends every instance (a second one at once), exit code 130 or 143.
An instance that fails does not stop the others; the exit code is then 1. However the launcher
ends, kill -9 included, no instance stays.

Examples:
  blendtorch setup                             once, to have a Blender
  blendtorch-launch launch.json                start; addresses go to launch_info.json
  blendtorch-launch --out-launch-info /tmp/info.json launch.json
  BLENDTORCH_BLENDER=/opt/blender-4.5 blendtorch-launch launch.json"#;

#[derive(Debug, Args)]
#[command(after_help = LAUNCH_HELP)]
struct LaunchArguments {
    /// The launch description
    #[arg(value_name = "launch.json")]
    description: PathBuf,
    /// Where to write addresses and commands for consumers, once all instances are started
    #[arg(long, value_name = "FILE", default_value = "launch_info.json")]
    out_launch_info: PathBuf,
}

const SETUP_HELP: &str = r#"The managed Blender is the bpy wheel in a Python environment of its own, in the folder
$BLENDTORCH_CACHE, else $XDG_CACHE_HOME/blendtorch, else ~/.cache/blendtorch. A second run finds
it there and is done at once. Missing system libraries are named, and as root installed with apt.

Examples:
  blendtorch setup                             the default version
  blendtorch setup --wheel target/wheels/blendtorch-0.1.0-cp311-abi3-linux_x86_64.whl
  blendtorch setup --force                     make it anew"#;

#[derive(Debug, Args)]
#[command(after_help = SETUP_HELP)]
struct SetupArguments {
    /// The blendtorch wheel to install into it; installed again whenever the file has changed
    #[arg(long, value_name = "FILE")]
    wheel: Option<PathBuf>,
    /// Version of the bpy wheel
    #[arg(long, value_name = "VERSION", default_value = crate::DEFAULT_BPY_VERSION)]
    bpy_version: Version,
    /// Make it anew even if it is whole
    #[arg(long)]
    force: bool,
}

/// The program `blendtorch`: takes its arguments, the program's name first, and gives its exit code.
pub fn main_blendtorch(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> u8 {
    match Blendtorch::try_parse_from(arguments) {
        Ok(Blendtorch {
            command: Task::Launch(arguments),
        }) => launch::run(&arguments),
        Ok(Blendtorch {
            command: Task::Setup(arguments),
        }) => run_setup(arguments),
        Err(error) => said(&error),
    }
}

/// The program `blendtorch-launch`: takes its arguments, the program's name first, and gives its
/// exit code.
pub fn main_launch(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> u8 {
    match LaunchProgram::try_parse_from(arguments) {
        Ok(program) => launch::run(&program.arguments),
        Err(error) => said(&error),
    }
}

/// Prints clap's word, which may be the help that was asked for.
fn said(error: &clap::Error) -> u8 {
    let _ = error.print();
    u8::try_from(error.exit_code()).unwrap_or(2)
}

/// Prints a line to stderr. Where nobody takes it (a closed pipe) it is lost, which ends nothing.
fn say(program: &str, line: &str) {
    let _ = writeln!(std::io::stderr(), "{program}: {line}");
}

fn run_setup(arguments: SetupArguments) -> u8 {
    let SetupArguments {
        wheel,
        bpy_version,
        force,
    } = arguments;
    let options = SetupOptions {
        bpy_version: Some(bpy_version),
        wheel,
        force,
    };
    match setup(&options, &mut |line| say("blendtorch setup", line)) {
        Ok(_) => 0,
        Err(error) => {
            say("blendtorch setup", &format!("error: {error}"));
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn both_command_lines_are_sound() {
        Blendtorch::command().debug_assert();
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
        let all = crate::LaunchDescription::default();
        let serde_json::Value::Object(keys) = serde_json::to_value(all).unwrap() else {
            panic!()
        };
        for key in keys.keys() {
            assert!(LAUNCH_HELP.contains(&format!("\"{key}\":")), "{key}");
        }
    }
}
