//! Runs a Blender for a moment, to ask it something.
//!
//! Owns the limit on its time and the reading of its answer. It must never leave the process, nor
//! one that it started, behind, whatever ends us; nor depend on a Blender's way to its end, which
//! some scenes never reach.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::environment::{drawing, packages};
use crate::lifeline::Guard;
use crate::{Blender, Runtime, noise};

/// Nothing that is asked takes longer, on a slow disk either.
const LIMIT: Duration = Duration::from_secs(120);

/// How long a Blender that has answered may take to put away its temporary folder and end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Whatever it prints beyond this is no answer.
const LONGEST_ANSWER: usize = 1 << 20;

/// What a program printed until it ended, or until a while after its answer.
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
        line(&self.stdout, word)
    }

    /// What it complained of last.
    pub(crate) fn complaint(&self) -> String {
        let (stderr, stdout) = (noise::without(&self.stderr), noise::without(&self.stdout));
        let spoken = |line: &&String| !line.trim().is_empty() && !line.contains("Blender quit");
        let mut lines = stderr.iter().chain(&stdout).filter(spoken);
        let error = lines.find(|line| line.contains("Error"));
        let last = || stderr.iter().rfind(spoken);
        match error.or_else(last) {
            Some(line) => line.trim().to_owned(),
            None => format!("it ended with {} and no word", self.status),
        }
    }
}

fn line<'a>(stdout: &'a str, word: &str) -> Option<&'a str> {
    let lines = stdout.lines().rev();
    lines
        .map(str::trim)
        .find_map(|line| line.strip_prefix(word))
        .map(str::trim)
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

/// Runs it until it has printed a line that starts with `word`, the answer, or has ended without.
/// The question has to flush that line.
pub(crate) fn ask(command: &mut Command, word: &str) -> io::Result<Answer> {
    ask_within(command, word, LIMIT)
}

/// The same, which may take longer or less long.
pub(crate) fn ask_within(command: &mut Command, word: &str, limit: Duration) -> io::Result<Answer> {
    // Files, not pipes: nobody has to read while it runs.
    let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    for (name, value) in drawing() {
        if command.get_envs().all(|(given, _)| given != name) {
            command.env(name, value);
        }
    }
    let guard = Guard::start(&[])?;
    guard.watch(command);
    let child = command
        .stdin(Stdio::null())
        .stdout(stdout.try_clone()?)
        .stderr(stderr.try_clone()?)
        .process_group(0)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            guard.dismiss();
            return Err(error);
        }
    };
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let read = Cell::new(0);
    let answered = || {
        // Only what is new is worth reading.
        let length = stdout.metadata().map_or(0, |data| data.len());
        length > read.replace(length) && text(&stdout).is_ok_and(|said| has_answer(&said, word))
    };
    let timed_out = !wait(&mut child, limit, answered);
    if !timed_out {
        wait(&mut child, FAREWELL, || false);
    }
    if let Some(group) = group {
        // Its children too. That there are none any more is the only error.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let status = child.wait();
    guard.dismiss();
    if timed_out {
        let text = format!("no answer within {} s", limit.as_secs());
        return Err(io::Error::new(io::ErrorKind::TimedOut, text));
    }
    Ok(Answer {
        status: status?,
        stdout: text(&stdout)?,
        stderr: text(&stderr)?,
    })
}

/// Waits until the process has ended or `enough` says so; says no if neither came within `limit`.
fn wait(child: &mut Child, limit: Duration, enough: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while matches!(child.try_wait(), Ok(None)) && !enough() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Whether the answer is there, to the end of its line.
fn has_answer(stdout: &str, word: &str) -> bool {
    let whole = stdout.rfind('\n').map_or("", |end| &stdout[..end]);
    line(whole, word).is_some()
}

/// What stands in the file. Its place for writing, which the process shares, stays where it is.
fn text(file: &File) -> io::Result<String> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(LONGEST_ANSWER);
    let mut bytes = vec![0; length.min(LONGEST_ANSWER)];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Sets what a question's process needs to find our package, as an instance's does.
pub(crate) fn with_packages(command: &mut Command, blender: &Blender) {
    if let Some((name, value)) = packages(blender, None) {
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
    use std::os::unix::process::ExitStatusExt;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_answer_is_found_among_other_lines() {
        let script = "echo noise; echo '  answer-is 4 2 '; echo more";
        let answer = ask(&mut sh(script), "answer-is").unwrap();
        assert_eq!(answer.line("answer-is"), Some("4 2"));
        assert_eq!(answer.line("question-is"), None);
    }

    #[test]
    fn the_complaint_is_the_error_else_the_last_word() {
        let said = |script| ask(&mut sh(script), "answer-is").unwrap().complaint();
        assert_eq!(said("echo 'Error: no'; echo 'Blender quit'"), "Error: no");
        assert_eq!(said("echo a >&2; echo b >&2"), "b");
        assert_eq!(said("exit 3"), "it ended with exit status: 3 and no word");
    }

    /// Some scenes keep the `bpy` module from ever coming to its end.
    #[test]
    fn one_that_has_answered_and_does_not_end_is_ended() {
        let script = "echo answer-is 4; sleep 1000";
        let answer = ask(&mut sh(script), "answer-is").unwrap();
        assert_eq!(answer.line("answer-is"), Some("4"));
        assert_eq!(answer.status.signal(), Some(9));
    }

    #[test]
    fn an_answer_is_taken_when_its_line_is_whole() {
        assert!(has_answer("noise\n answer-is 4\nmore", "answer-is"));
        for half in ["", "answer-is 4", "answer\n", "noise\nanswer-is 1"] {
            assert!(!has_answer(half, "answer-is"), "{half:?}");
        }
    }

    #[test]
    fn one_that_never_answers_is_ended_with_its_children() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let script = format!("sleep 1000 & echo $! > {}; wait", file.path().display());
        // Longer only where the machine is so slow that the child was not named in time.
        let named = [1, 5, 25].into_iter().find_map(|seconds| {
            let limit = Duration::from_secs(seconds);
            let error = ask_within(&mut sh(&script), "answer-is", limit).unwrap_err();
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
