//! The processes of a case: started together, waited for within a time limit, ended with the bench.

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// No case takes as long as this.
const LIMIT: Duration = Duration::from_secs(300);
/// How often to look whether they have ended; they take their times themselves.
const LOOK: Duration = Duration::from_millis(10);

/// Processes that end with this value.
#[derive(Default)]
pub(crate) struct Children(Vec<Running>);

struct Running {
    child: Child,
    /// What it prints. A file, unlike a pipe, takes all without being read meanwhile.
    output: File,
}

impl Children {
    pub(crate) fn spawn(&mut self, mut command: Command) -> Result<()> {
        let output = tempfile::tempfile()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        self.0.push(Running { child, output });
        Ok(())
    }

    /// What each of them said in its last line, once all have ended well. After the first that has
    /// not, or when it takes too long, none of them is waited for.
    pub(crate) fn wait<T: DeserializeOwned>(mut self) -> Result<Vec<T>> {
        let deadline = Instant::now() + LIMIT;
        while !self.have_ended()? {
            ensure!(Instant::now() < deadline, "not done after {LIMIT:?}");
            std::thread::sleep(LOOK);
        }
        self.0.iter_mut().map(Running::told).collect()
    }

    /// Waits until something has happened that they do before they end.
    pub(crate) fn wait_until(&mut self, happened: impl Fn() -> bool) -> Result<()> {
        let deadline = Instant::now() + LIMIT;
        while !happened() {
            let ended = self.have_ended()?;
            let waits = !ended && Instant::now() < deadline;
            ensure!(waits || happened(), "the processes do not become ready");
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    fn have_ended(&mut self) -> Result<bool> {
        let mut all = true;
        for Running { child, .. } in &mut self.0 {
            match child.try_wait()? {
                Some(status) => ensure!(status.success(), "a process ended with {status}"),
                None => all = false,
            }
        }
        Ok(all)
    }
}

impl Running {
    fn told<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut text = String::new();
        self.output.rewind()?;
        self.output.read_to_string(&mut text)?;
        let line = text.lines().last().context("a process printed nothing")?;
        Ok(serde_json::from_str(line)?)
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for Running { child, .. } in &mut self.0 {
            // It has ended already, or ends now; either way there is nothing more to do.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A script of this folder.
pub(crate) fn script(python: &Path, name: &str) -> Command {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), name].iter().collect();
    let mut command = Command::new(python);
    command.arg(path).env("OMP_NUM_THREADS", "1");
    command
}
