//! Where a stream comes from: the options that every consumer has.

use anyhow::{Context, Result};
use blendtorch_launcher::LaunchInfo;
use clap::Args;
use std::path::PathBuf;

/// The publishers to connect to.
#[derive(Args, Debug, Clone)]
pub struct Source {
    /// Addresses of publishers, such as tcp://127.0.0.1:11000; without any, those in the launch
    /// info
    pub addresses: Vec<String>,
    /// The launch info that blendtorch-launch wrote
    #[arg(
        long,
        value_name = "FILE",
        default_value = "launch_info.json",
        conflicts_with = "addresses"
    )]
    pub launch_info: PathBuf,
    /// Name of the socket, as in the launch description
    #[arg(long, value_name = "NAME", default_value = "DATA")]
    pub socket: String,
}

impl Source {
    /// The addresses, from the command line or the launch info.
    ///
    /// # Errors
    /// A launch info that cannot be read or has no such socket.
    pub fn resolve(&self) -> Result<Vec<String>> {
        if !self.addresses.is_empty() {
            return Ok(self.addresses.clone());
        }
        let mut info = LaunchInfo::load_json(&self.launch_info).context(
            "no addresses given and no launch info to take them from: start blendtorch-launch \
             first, or give addresses",
        )?;
        let names: Vec<_> = info.addresses.keys().cloned().collect();
        info.addresses.swap_remove(&self.socket).with_context(|| {
            format!(
                "{}: no socket is named {:?}; there are {names:?}: choose one with --socket",
                self.launch_info.display(),
                self.socket
            )
        })
    }
}
