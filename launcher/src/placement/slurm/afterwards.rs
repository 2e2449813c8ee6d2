//! Jobs do not outlive the program that submitted them, however it ends.
//!
//! A small shell reads a pipe whose other end only this program holds, and on it the numbers of jobs.
//! When the pipe closes without the word `done`, as after `kill -9`, it cancels them: elements that wait
//! would start, look for their head and find none.
//!
//! Owns that process. It must never cancel a job whose program has ended in order.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::slurm::JobId;

/// `$1` is scancel.
const SCRIPT: &str = r#"
trap '' INT TERM HUP QUIT
jobs=
while read -r word what; do
    case $word in
        +) jobs="$jobs $what" ;;
        done) exit 0 ;;
    esac
done
[ -z "$jobs" ] || exec "$1" $jobs
"#;

/// The shell.
#[derive(Debug)]
pub(super) struct Afterwards {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Afterwards {
    /// Starts it; none where there is no shell to be had, which loses no more than it would do.
    pub(super) fn start() -> Option<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "blendtorch-afterwards", "scancel"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let mut shell = command.spawn().ok()?;
        let pipe = shell.stdin.take();
        Some(Self { shell, pipe })
    }

    /// A job is submitted.
    pub(super) fn has(&mut self, job: JobId) {
        if let Some(pipe) = &mut self.pipe {
            let _ = writeln!(pipe, "+ {job}");
        }
    }

    /// All of them are seen to.
    pub(super) fn dismiss(mut self) {
        if let Some(pipe) = &mut self.pipe {
            let _ = writeln!(pipe, "done");
        }
        self.pipe = None;
        let _ = self.shell.wait();
    }
}
