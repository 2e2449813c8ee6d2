//! Starts the process of one instance.
//!
//! Owns what every instance's process has: a group of its own, a guard that ends it with its launcher,
//! pipes for what it prints, and where it finds its page and its launcher. What it runs is its
//! command's. It must never wait for it.

use std::io;
use std::path::Path;
use std::process::Stdio;

use blendtorch_blender::lifeline::Guard;
use blendtorch_channels::control::{CONTROL, LIFE, PAGE, Page};
use tokio::process::{Child, Command};

use crate::command::InstanceCommand;
use crate::head::FOR_INSTANCES;
use crate::hosts::{HEAD, HEAD_KEY};

/// A life that is to begin: which, and where the instance finds its page and its launcher.
pub(super) struct Life<'a> {
    pub(super) page: Option<&'a Page>,
    pub(super) head: Option<&'a Path>,
    /// Which life it is, from 1.
    pub(super) number: u64,
}

/// Starts it; it runs guarded from its first moment on.
pub(super) fn spawn(
    command: &InstanceCommand,
    guard: &Guard,
    life: &Life<'_>,
) -> io::Result<Child> {
    let mut process = Command::new(&command.program);
    process
        .args(&command.arguments)
        .envs(
            command
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .env(LIFE, life.number.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    // One that this process has of a launcher of its own is not for its instances.
    match life.page {
        Some(page) => process.env(PAGE, page.path()),
        None => process.env_remove(PAGE),
    };
    match life.head {
        Some(head) => process.env(CONTROL, head.join(FOR_INSTANCES)),
        None => process.env_remove(CONTROL),
    };
    // The key of a job is its hosts', not for scripts.
    process.env_remove(HEAD).env_remove(HEAD_KEY);
    guard.watch(process.as_std_mut());
    process.spawn()
}
