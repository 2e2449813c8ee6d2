//! `blendtorch host`: this machine's part of a fleet whose head is on another one.
//!
//! Owns the command line and the exit codes. All that it does is the launcher's.

use std::path::PathBuf;
use std::time::Duration;

use blendtorch_launcher::{HostEnd, HostOptions, Join, serve_host};
use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = super::help::HOST_HELP)]
pub(super) struct HostArguments {
    /// A file that says where the head is: {"addresses": ["host:port"], "key": "64 hex digits"},
    /// which nobody but you may be able to read
    #[arg(long, value_name = "FILE", conflicts_with = "stdin")]
    join: Option<PathBuf>,
    /// The same as the first line of stdin; the host ends when that is closed
    #[arg(long)]
    stdin: bool,
    /// How long it tries to reach the head
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0)]
    reach_within: f64,
}

fn say(line: &str) {
    super::say("blendtorch host", line);
}

/// Runs a host to its end. 0 where the head had it end; 128 + the signal where it was asked to go; 1
/// where it cannot be used, or lost its head.
pub(super) fn run(arguments: &HostArguments) -> u8 {
    let join = match (&arguments.join, arguments.stdin) {
        (Some(file), _) => Join::from_file(file),
        (None, true) => Join::from_stdin(),
        (None, false) => Join::from_env(),
    };
    let join = match join {
        Ok(join) => join,
        Err(error) => return failed(&error.to_string()),
    };
    let options = HostOptions {
        reach_within: Duration::try_from_secs_f64(arguments.reach_within)
            .unwrap_or(Duration::from_secs(20)),
        slot: None,
        ends_with_stdin: arguments.stdin,
    };
    match serve_host(&join, &options, say) {
        HostEnd::InOrder => {
            say("ended; the fleet needs this host no more");
            0
        }
        HostEnd::Left(signal) => {
            say(&format!(
                "ended by signal {signal}; nothing runs here any more"
            ));
            u8::try_from(128 + signal).unwrap_or(1)
        }
        HostEnd::Failed(why) => failed(&why),
    }
}

fn failed(why: &str) -> u8 {
    say(&format!("error: {why}"));
    1
}
