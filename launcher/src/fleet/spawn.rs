//! Starts the process of one instance.
//!
//! Owns what every instance's process has: a group of its own, a guard that ends it with its launcher,
//! pipes for what it prints. What it runs is its command's. It must never wait for it.

use std::io;
use std::process::Stdio;

use blendtorch_blender::lifeline::Guard;
use tokio::process::{Child, Command};

use crate::command::InstanceCommand;

/// Starts it; it runs guarded from its first moment on.
pub(super) fn spawn(command: &InstanceCommand, guard: &Guard) -> io::Result<Child> {
    let mut process = Command::new(&command.program);
    process
        .args(&command.arguments)
        .envs(
            command
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    guard.watch(process.as_std_mut());
    process.spawn()
}
