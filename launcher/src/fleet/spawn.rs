//! Starts the process of one instance.
//!
//! Owns what every instance's process has: a group of its own, a guard that ends it with its launcher,
//! pipes for what it prints, and where it finds its page and its launcher. What it runs is its
//! command's. It must never wait for it.

use std::io;
use std::process::Stdio;

use blendtorch_blender::lifeline::Guard;
use blendtorch_channels::control::{CONTROL, LIFE, PAGE};
use tokio::process::{Child, Command};

use super::lives::Place;
use crate::command::InstanceCommand;
use crate::head::FOR_INSTANCES;

/// Starts it; it runs guarded from its first moment on.
pub(super) fn spawn(command: &InstanceCommand, guard: &Guard, at: &Place<'_>) -> io::Result<Child> {
    let mut process = Command::new(&command.program);
    process
        .args(&command.arguments)
        .envs(
            command
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .env(LIFE, at.life.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    // One that this process has of a launcher of its own is not for its instances.
    match at.page {
        Some(page) => process.env(PAGE, page.path()),
        None => process.env_remove(PAGE),
    };
    match at.head {
        Some(head) => process.env(CONTROL, head.join(FOR_INSTANCES)),
        None => process.env_remove(CONTROL),
    };
    guard.watch(process.as_std_mut());
    process.spawn()
}
