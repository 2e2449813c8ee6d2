//! Running one of Slurm's commands, for a limited time.
//!
//! Owns what it is given and how long it may take. It must never read what its words mean.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::SlurmError;

/// A command that cannot reach slurmctld says so after 9 to 18 seconds (22.05, by default), one that
/// finds no configuration after 60.
const LIMIT: Duration = Duration::from_secs(75);

/// What a user may have set to have a command's output otherwise, which we read.
const FORMATS: [&str; 4] = ["SQUEUE_", "SCONTROL_", "SCANCEL_", "SINFO_"];

/// What a command said.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) well: bool,
    pub(super) out: String,
    pub(super) err: String,
}

/// One of Slurm's commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) path: PathBuf,
}

impl Tool {
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.env("LC_ALL", "C");
        for (name, _) in std::env::vars_os() {
            if FORMATS
                .iter()
                .any(|start| name.to_string_lossy().starts_with(start))
            {
                command.env_remove(name);
            }
        }
        command
    }

    /// Its words, when it has ended.
    pub(super) fn ask(&self, arguments: &[&str]) -> Result<Said, SlurmError> {
        let mut command = self.command();
        command.args(arguments);
        self.run(command, "", LIMIT)
    }

    /// As [`Tool::ask`], of a command that was made by [`Tool::command`], with words for its standard
    /// input.
    pub(super) fn tell(&self, command: Command, input: &str) -> Result<Said, SlurmError> {
        self.run(command, input, LIMIT)
    }

    fn run(&self, mut command: Command, input: &str, limit: Duration) -> Result<Said, SlurmError> {
        let not_run = |source| SlurmError::Run {
            command: self.path.display().to_string(),
            source,
        };
        let begun = Instant::now();
        // Ctrl-C is this program's to act on.
        command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(not_run)?;
        let input = input.to_owned();
        let mut stdin = child.stdin.take();
        // A command that ends without reading has said why.
        thread::spawn(move || stdin.as_mut().map(|pipe| pipe.write_all(input.as_bytes())));
        let out = read_all(child.stdout.take());
        let err = read_all(child.stderr.take());
        let left = || limit.saturating_sub(begun.elapsed());
        let (Ok(out), Ok(said)) = (out.recv_timeout(left()), err.recv_timeout(left())) else {
            end(&mut child);
            // What it said on its way: a killed command's pipe is at its end.
            let said = err.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
            return Err(SlurmError::Silent {
                command: self.name,
                waited: begun.elapsed(),
                said: last_words(&said),
            });
        };
        let status = child.wait().map_err(not_run)?;
        if said.contains("Unable to contact slurm controller") {
            return Err(SlurmError::Silent {
                command: self.name,
                waited: begun.elapsed(),
                said: last_words(&said),
            });
        }
        Ok(Said {
            well: status.success(),
            out,
            err: said,
        })
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself meanwhile.
    let _ = child.kill();
    let _ = child.wait();
}

/// All that comes through a pipe, once that is at its end.
fn read_all(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut read = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is worth as much.
            let _ = pipe.read_to_end(&mut read);
        }
        let _ = tell.send(String::from_utf8_lossy(&read).into_owned());
    });
    told
}

/// The last line of what a command complained of, without its own name before it.
pub(super) fn last_words(said: &str) -> String {
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    without_name(last.unwrap_or("nothing")).to_owned()
}

/// All lines, as one, without the command's name before each.
pub(super) fn in_one_line(said: &str) -> String {
    let lines = said.lines().map(without_name);
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    lines.join("; ")
}

fn without_name(line: &str) -> &str {
    let words = [
        "sbatch: ",
        "squeue: ",
        "scontrol: ",
        "scancel: ",
        "error: ",
        "fatal: ",
    ];
    let mut line = line.trim();
    while let Some(rest) = words.iter().find_map(|word| line.strip_prefix(word)) {
        line = rest;
    }
    line
}

impl From<(&'static str, &Path)> for Tool {
    fn from((name, path): (&'static str, &Path)) -> Self {
        Self {
            name,
            path: path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, input: &str, limit: Duration) -> Result<Said, SlurmError> {
        let tool = Tool::from(("sh", Path::new("/bin/sh")));
        let mut command = tool.command();
        command.args(["-c", script]);
        tool.run(command, input, limit)
    }

    #[test]
    fn a_command_that_does_not_end_is_ended_and_its_words_are_kept() {
        let begun = Instant::now();
        let short = Duration::from_millis(300);
        let error = shell(
            "echo 'sbatch: error: retrying' >&2; exec sleep 100",
            "",
            short,
        )
        .unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(50));
        assert!(error.to_string().contains("\"retrying\""), "{error}");
    }

    #[test]
    fn a_silent_slurmctld_is_said() {
        let script = "echo 'sbatch: error: Batch job submission failed: Unable to contact slurm \
                      controller (connect failure)' >&2; exit 1";
        let error = shell(script, "", LIMIT).unwrap_err();
        assert!(matches!(error, SlurmError::Silent { .. }), "{error}");
    }

    #[test]
    fn input_that_is_not_read_or_long_is_no_error() {
        let long = "x".repeat(1 << 20);
        assert!(shell("exit 0", &long, LIMIT).unwrap().well);
        let said = shell("cat", &long, LIMIT).unwrap();
        assert_eq!(said.out.len(), long.len());
    }
}
