//! The real `blendtorch-launch` over producers that stand in for Blenders.
//!
//! Owns the folder it runs in: the program that is taken for a Blender, and the launch description.

use crate::fleets::{PACE, PRODUCERS};
use crate::producer;
use anyhow::{Context, Result, ensure};
use blendtorch_launcher::main_launch;
use clap::Args;
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// A process does not take longer to be ready.
const READY: Duration = Duration::from_secs(60);

/// The program `blendtorch-launch`.
#[derive(Args)]
pub(crate) struct Launcher {
    folder: PathBuf,
}

impl Launcher {
    pub(crate) fn run(&self) -> ExitCode {
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        let file = |name| self.folder.join(name).into_os_string();
        let info = file("launch_info.json");
        ExitCode::from(main_launch([
            "blendtorch-launch".into(),
            file("launch.json"),
            "--out-launch-info".into(),
            info,
        ]))
    }
}

/// What instances do when they are asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// They end.
    Obey,
    /// They ignore it.
    Ignore,
}

/// Lays what a launcher needs into a folder.
pub(crate) fn lay(folder: &Path, asked: Asked) -> Result<()> {
    let ignore = match asked {
        Asked::Obey => "",
        Asked::Ignore => "trap '' TERM",
    };
    let program = std::env::current_exe()?;
    let blender = format!(
        "#!/bin/sh\n\
         # Not a Blender: it answers what one is asked, and is a producer else.\n\
         case \"$*\" in *blendtorch-found*) echo 'blendtorch-found 4.5.0 3.11'; exit;; esac\n\
         case \"$*\" in *blendtorch-package*) echo \"blendtorch-package yes $0\"; exit;; esac\n\
         {ignore}\nexec '{}' \"$@\"\n",
        program.display()
    );
    std::fs::write(folder.join("blender"), blender)?;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.join("blender"), mode)?;
    std::fs::write(folder.join("scene.py"), "")?;
    let description = json!({
        "script": "scene.py",
        "blender": folder.join("blender"),
        "background": true,
        "num_instances": PRODUCERS,
        "named_sockets": ["DATA"],
        "proto": "ipc",
        "restart": "on-abnormal",
        "instance_args": vec![producer::arguments(folder, PACE); PRODUCERS],
    });
    std::fs::write(folder.join("launch.json"), description.to_string())?;
    Ok(())
}

/// A process of this program, ended with this value.
pub(crate) struct Role {
    child: Child,
}

impl Role {
    /// Starts one, which writes what it says to a file in the folder.
    pub(crate) fn start(role: &str, folder: &Path, arguments: &[&str]) -> Result<Self> {
        let log = std::fs::File::create(folder.join(format!("{role}.log")))?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(role).arg(folder).args(arguments);
        command
            .env("BLENDTORCH_CACHE", folder.join("cache"))
            .env_remove("BLENDTORCH_BLENDER")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        Ok(Self { child })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.pid())?).context("no process")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Waits until something is so that it brings about.
    pub(crate) fn until(&mut self, what: &str, so: impl Fn() -> bool) -> Result<()> {
        let deadline = Instant::now() + READY;
        while !so() {
            let ended = self.child.try_wait()?;
            ensure!(ended.is_none(), "it ended with {ended:?} before {what}");
            ensure!(Instant::now() < deadline, "not within {READY:?}: {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|ended| ended.is_some())
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // It has ended already, or ends now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
