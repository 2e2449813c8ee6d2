//! The built program `blendtorch-launch`, run as a user runs it.

use crate::{Marked, eventually, kill};
use blendtorch_launcher::{LaunchDescription, LaunchInfo};
use rustix::process::Signal;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

/// A running `blendtorch-launch`. Dropping it ends it and, by its own promise, its instances.
#[derive(Debug)]
pub struct Program {
    child: Child,
    folder: tempfile::TempDir,
    mark: Marked,
}

impl Program {
    /// Runs the program on `description`, with its output in a file.
    #[must_use]
    pub fn launch(description: &LaunchDescription) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let text = serde_json::to_string(description).unwrap();
        std::fs::write(path("launch.json"), text).unwrap();
        let output = std::fs::File::create(path("output")).unwrap();
        let mark = Marked::new(folder.path().display().to_string());
        let child = Command::new(built("blendtorch-launch"))
            .arg("--out-launch-info")
            .arg(path("info.json"))
            .arg(path("launch.json"))
            .env(Marked::VARIABLE, mark.value())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        Self {
            child,
            folder,
            mark,
        }
    }

    /// The launch info, once it is written.
    #[must_use]
    pub fn info(&mut self) -> LaunchInfo {
        let path = self.folder.path().join("info.json");
        eventually("the launch info is written", || {
            let ended = self.child.try_wait().unwrap();
            assert!(path.exists() || ended.is_none(), "{}", self.output());
            path.exists()
        });
        LaunchInfo::load_json(path).unwrap()
    }

    /// What it and its instances have printed.
    #[must_use]
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("output")).unwrap()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.child.id(), signal);
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("blendtorch-launch ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// It, its instances, and whatever else descends from it.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        self.mark.processes()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The only error is that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program of this workspace, beside this test's own executable.
fn built(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let program = this.ancestors().nth(2).unwrap().join(name);
    assert!(
        program.exists(),
        "{} is missing: run `cargo build -p blendtorch-launcher --bins` first",
        program.display()
    );
    program
}
