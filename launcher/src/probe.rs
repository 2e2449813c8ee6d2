//! Runs a Blender for a moment, to ask it something.
//!
//! Owns the limit on its time and the reading of its answer. It must never leave the process, nor
//! one that it started, behind.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::{Blender, Runtime};

/// Nothing that is asked takes longer, on a slow disk either.
const LIMIT: Duration = Duration::from_secs(120);

/// A program that has ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    /// The rest of the line that starts with `word`: what the question printed, among all that
    /// Blender and its add-ons print.
    pub(crate) fn line(&self, word: &str) -> Option<&str> {
        let lines = self.stdout.lines().rev();
        lines
            .map(str::trim)
            .find_map(|line| line.strip_prefix(word))
            .map(str::trim)
    }

    /// What it complained of last.
    pub(crate) fn complaint(&self) -> String {
        let lines = || self.stderr.lines().chain(self.stdout.lines());
        let spoken = |line: &&str| !line.trim().is_empty() && !line.contains("Blender quit");
        let error = lines().filter(spoken).find(|line| line.contains("Error"));
        let last = || self.stderr.lines().rfind(|line| spoken(line));
        match error.or_else(last) {
            Some(line) => line.trim().to_owned(),
            None => format!("it ended with {} and no word", self.status),
        }
    }
}

/// The command that runs a Blender's own Python without a window, so far as all questions share it.
pub(crate) fn background(blender: &Blender) -> Command {
    let mut command = Command::new(&blender.path);
    if blender.runtime == Runtime::Module {
        command.args(["-P", "-m", "blendtorch.bpy_main"]);
    }
    command.args(["--background", "--factory-startup"]);
    command
}

/// Runs it to its end.
pub(crate) fn ask(command: &mut Command) -> io::Result<Answer> {
    ask_within(command, LIMIT)
}

fn ask_within(command: &mut Command, limit: Duration) -> io::Result<Answer> {
    // Files, not pipes: nobody has to read while it runs.
    let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(stdout.try_clone()?)
        .stderr(stderr.try_clone()?)
        .process_group(0)
        .spawn()?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let deadline = Instant::now() + limit;
    let ended = loop {
        match child.try_wait() {
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            other => break other,
        }
    };
    if let Some(group) = group {
        // Its children too. That there are none any more is the only error.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
    let Some(status) = ended? else {
        let text = format!("no answer within {} s", limit.as_secs());
        return Err(io::Error::new(io::ErrorKind::TimedOut, text));
    };
    Ok(Answer {
        status,
        stdout: text(&mut stdout)?,
        stderr: text(&mut stderr)?,
    })
}

fn text(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    // Whatever it printed beyond this is no answer.
    file.take(1 << 20).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Sets what a question's process needs to find our package, as an instance's does.
pub(crate) fn with_packages(command: &mut Command, blender: &Blender) {
    if let Some((name, value)) = crate::command::packages(blender, None) {
        command.env(name, value);
    }
}

/// Whether the same program is meant, wherever links lead.
pub(crate) fn canonical(path: &Path) -> std::path::PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_answer_is_found_among_other_lines() {
        let answer = ask(&mut sh("echo noise; echo '  answer-is 4 2 '; echo more")).unwrap();
        assert_eq!(answer.line("answer-is"), Some("4 2"));
        assert_eq!(answer.line("question-is"), None);
    }

    #[test]
    fn the_complaint_is_the_error_else_the_last_word() {
        let said = |script| ask(&mut sh(script)).unwrap().complaint();
        assert_eq!(said("echo 'Error: no'; echo 'Blender quit'"), "Error: no");
        assert_eq!(said("echo a >&2; echo b >&2"), "b");
        assert_eq!(said("exit 3"), "it ended with exit status: 3 and no word");
    }

    #[test]
    fn one_that_never_answers_is_ended_with_its_children() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let script = format!("sleep 1000 & echo $! > {}; wait", file.path().display());
        // Longer only where the machine is so slow that the child was not named in time.
        let named = [1, 5, 25].into_iter().find_map(|seconds| {
            let limit = Duration::from_secs(seconds);
            let error = ask_within(&mut sh(&script), limit).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            let child = std::fs::read_to_string(file.path()).unwrap();
            (!child.is_empty()).then_some(child)
        });
        let child = named.expect("the shell starts a child");
        let stat = format!("/proc/{}/stat", child.trim());
        // Gone, or dead and not yet collected by whoever inherited it.
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
            assert!(Instant::now() < deadline, "it lives on");
            std::thread::yield_now();
        }
    }
}
