//! The program `blendtorch`, as a function that takes the argument vector, so that the Python wheel can
//! show the same program.
//!
//! It stands above all libraries: each room's commands are a word of it. Owns the words of `--help` and
//! the exit codes. It must never hold logic that a user of a library would miss: a new command is a word
//! of `Task` whose work is a call of its room; where the room has a program of its own, as `launch`,
//! its arguments are the room's too.

mod doctor;
mod help;
mod host;
mod inspect;
mod render;
mod sequence;
mod simulate;
mod status;
mod submit;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use blendtorch_blender::{DEFAULT_BPY_VERSION, SetupOptions, Version, setup, setup_video};
use blendtorch_circuit::scene::SceneDescription;
use blendtorch_launcher::{LaunchArguments, LaunchDescription, launch, launch_program};
use blendtorch_render::RenderDescription;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::{Shell, generate};

pub use doctor::doctor;
use help::{COMPLETIONS_HELP, DOCTOR_HELP, SETUP_HELP};

/// Starts, watches and ends fleets of Blender processes for training loops
#[derive(Debug, Parser)]
#[command(name = "blendtorch", version, about, arg_required_else_help = true)]
#[command(
    after_help = "First `blendtorch setup`, then `blendtorch launch launch.json`; \
    `blendtorch launch --help` explains the file. If something does not work: `blendtorch doctor`."
)]
struct Blendtorch {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Start the Blender instances of a launch description and watch them.
    Launch(Box<LaunchArguments>),
    /// Say how the instances of a fleet are that runs here.
    Status(status::StatusArguments),
    /// Run this machine's part of a fleet whose head is on another one.
    Host(host::HostArguments),
    /// Render an animation to disk over several Blenders, with ground truth.
    Render(Box<render::RenderArguments>),
    /// Make a video of rendered frames.
    Sequence(Box<sequence::SequenceArguments>),
    /// Simulate a network of neurons that a SONATA configuration describes.
    Simulate(simulate::SimulateArguments),
    /// Say what a folder of rendered files holds, and whether it is what was written.
    Inspect(inspect::InspectArguments),
    /// Install the managed Blender (needs no root, no display and no Blender).
    Setup(SetupArguments),
    /// Say what is found here, what is missing, and the line that mends it.
    Doctor(DoctorArguments),
    /// Print the completions of a shell.
    Completions(CompletionsArguments),
    /// Print the JSON schema of launch.json, render.json or network.json, for editors.
    Schema(SchemaArguments),
}

#[derive(Debug, Args)]
#[command(after_help = SETUP_HELP)]
struct SetupArguments {
    /// The blendtorch wheel to install into it; installed again whenever the file has changed
    #[arg(long, value_name = "FILE")]
    wheel: Option<PathBuf>,
    /// Version of the bpy wheel
    #[arg(long, value_name = "VERSION", default_value = DEFAULT_BPY_VERSION)]
    bpy_version: Version,
    /// Make it anew even if it is whole
    #[arg(long)]
    force: bool,
    /// Install the ffmpeg that `blendtorch sequence` takes where there is no other, and nothing else
    #[arg(long, conflicts_with_all = ["wheel", "bpy_version"])]
    video: bool,
}

#[derive(Debug, Args)]
#[command(after_help = DOCTOR_HELP)]
struct DoctorArguments {
    /// Print the checks as a JSON list, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_HELP)]
struct CompletionsArguments {
    /// Whose
    shell: Shell,
}

#[derive(Debug, Args)]
struct SchemaArguments {
    /// Of which file
    #[arg(default_value = "launch")]
    of: Described,
}

/// A file that has a schema.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Described {
    /// launch.json
    Launch,
    /// render.json
    Render,
    /// network.json
    Network,
}

impl Described {
    fn schema(self) -> serde_json::Value {
        match self {
            Self::Launch => LaunchDescription::json_schema(),
            Self::Render => RenderDescription::json_schema(),
            Self::Network => SceneDescription::json_schema(),
        }
    }
}

/// The program `blendtorch`: takes its arguments, the program's name first, and gives its exit code.
pub fn main_blendtorch(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> u8 {
    let task = match Blendtorch::try_parse_from(arguments) {
        Ok(Blendtorch { command }) => command,
        Err(error) => return said(&error),
    };
    match task {
        Task::Launch(arguments) => launch(&arguments),
        Task::Status(arguments) => status::run(&arguments),
        Task::Host(arguments) => host::run(&arguments),
        Task::Render(arguments) => render::run(&arguments),
        Task::Sequence(arguments) => sequence::run(&arguments),
        Task::Simulate(arguments) => simulate::run(&arguments),
        Task::Inspect(arguments) => inspect::run(&arguments),
        Task::Setup(arguments) => run_setup(arguments),
        Task::Doctor(arguments) => doctor::run(arguments.json),
        Task::Completions(arguments) => print(&completions(arguments.shell)),
        Task::Schema(arguments) => print(&format!("{:#}\n", arguments.of.schema())),
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

/// Prints to stdout; a reader that has gone is no failure of ours, anything else is.
fn print(text: &str) -> u8 {
    let mut stdout = std::io::stdout();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            say("blendtorch", &format!("error: stdout: {error}"));
            1
        }
        _ => 0,
    }
}

fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    generate(shell, &mut Blendtorch::command(), "blendtorch", &mut text);
    generate(shell, &mut launch_program(), "blendtorch-launch", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn run_setup(arguments: SetupArguments) -> u8 {
    let SetupArguments {
        wheel,
        bpy_version,
        force,
        video,
    } = arguments;
    let options = SetupOptions {
        bpy_version: Some(bpy_version),
        wheel,
        force,
    };
    let mut told = |line: &str| say("blendtorch setup", line);
    let made = match video {
        true => setup_video(force, &mut told),
        false => setup(&options, &mut told),
    };
    match made {
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

    #[test]
    fn the_command_line_is_sound() {
        Blendtorch::command().debug_assert();
    }

    #[test]
    fn completions_know_both_programs() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let text = completions(shell);
            for word in ["blendtorch-launch", "doctor", "log-dir"] {
                assert!(text.contains(word), "{shell}: {word}");
            }
        }
    }

    /// The files in docs/ are what the types say; `blendtorch schema` writes them anew.
    #[test]
    fn the_schemas_in_the_docs_are_those_of_the_types() {
        for (name, of) in [
            ("launch", Described::Launch),
            ("render", Described::Render),
            ("network", Described::Network),
        ] {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
            let path = format!("{folder}/{name}.schema.json");
            let written: serde_json::Value =
                serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            assert!(
                written == of.schema(),
                "run `cargo run -p blendtorch-cli -- schema {name} > docs/{name}.schema.json`"
            );
        }
    }
}
