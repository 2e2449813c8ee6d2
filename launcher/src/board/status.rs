//! How each instance is, and how that is said to people.
//!
//! Owns the statuses and the search for the reason of a failure. It must never touch a process.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::Signal;

/// Whether an instance runs, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceState {
    /// It runs.
    Running,
    /// No process is there: it waits for a host, or is on another one.
    Waiting,
    /// It ended by itself with this exit code.
    Exited(i32),
    /// This signal ended it.
    Signaled(i32),
}

impl InstanceState {
    pub(crate) fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, signal) => Self::Signaled(signal.unwrap_or_default()),
        }
    }
}

impl fmt::Display for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => write!(f, "is running"),
            Self::Waiting => write!(f, "waits for a host"),
            Self::Exited(code) => write!(f, "ended with exit code {code}"),
            Self::Signaled(number) => {
                write!(f, "was ended by signal {number}")?;
                match SIGNALS
                    .iter()
                    .find(|(signal, _)| signal.as_raw() == *number)
                {
                    Some((_, words)) => write!(f, " ({words})"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Signals by name, with what each means for an instance that nobody has asked to end.
const SIGNALS: [(Signal, &str); 12] = [
    (
        Signal::ABORT,
        "SIGABRT: it aborted; a core, where they are kept, tells where",
    ),
    (
        Signal::SEGV,
        "SIGSEGV: it crashed; a core, where they are kept, tells where",
    ),
    (
        Signal::BUS,
        "SIGBUS: it crashed, or /dev/shm or the disk is full",
    ),
    (
        Signal::ILL,
        "SIGILL: it crashed, or is made for another processor",
    ),
    (Signal::FPE, "SIGFPE: it crashed"),
    (
        Signal::KILL,
        "SIGKILL: somebody killed it, or memory ran out: then dmesg says so",
    ),
    (
        Signal::XCPU,
        "SIGXCPU: its processor time was limited and is used up",
    ),
    (Signal::TERM, "SIGTERM"),
    (Signal::INT, "SIGINT"),
    (Signal::HUP, "SIGHUP"),
    (Signal::QUIT, "SIGQUIT"),
    (Signal::PIPE, "SIGPIPE"),
];

/// How one instance is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceStatus {
    /// Index of the instance, from 0: its `-btid`.
    pub index: usize,
    /// Process id, which is also its process group: on its host, where it is on another one.
    pub pid: u32,
    /// The host that it is on, or was last; none on this one.
    pub host: Option<String>,
    /// Whether it runs.
    pub state: InstanceState,
    /// The fleet had asked it to end before it did.
    pub stopped: bool,
    /// It has ended and will be started again.
    pub restarting: bool,
    /// Which life it is, from 1: one more after each restart.
    pub life: u64,
    /// Why the fleet ended its latest life: a hang, too much memory.
    pub cause: Option<String>,
    /// Why it is not started again, where it would have been.
    pub given_up: Option<String>,
    /// The last lines it wrote to stderr, at most 20, without those of Blender's that mean nothing.
    pub stderr_tail: Vec<String>,
    /// The same of stdout: where `blender` prints a script's traceback.
    pub stdout_tail: Vec<String>,
}

impl InstanceStatus {
    /// Whether its process runs.
    pub fn is_running(&self) -> bool {
        self.state == InstanceState::Running
    }

    /// Whether its process runs, or will again.
    pub fn is_alive(&self) -> bool {
        self.restarting || self.is_running()
    }

    /// Whether it has ended for good, by itself, and not in order: with another exit code than 0, or again
    /// and again.
    pub fn failed(&self) -> bool {
        let well = matches!(
            self.state,
            InstanceState::Running | InstanceState::Waiting | InstanceState::Exited(0)
        );
        !self.stopped && !self.restarting && (!well || self.given_up.is_some())
    }

    /// One line: which instance, how it is, and why where it failed. What it printed last says why
    /// it ended by itself; of a signal it knows nothing.
    pub fn summary(&self) -> String {
        let line = self.line();
        match (reason(self.telling().1), self.state) {
            (Some(last), InstanceState::Signaled(_)) if self.failed() => {
                format!("{line}, its last words: {last}")
            }
            (Some(why), _) if self.failed() => format!("{line} ({why})"),
            _ => line,
        }
    }

    /// Several lines: which instance, how it is, and the tail of what it wrote.
    pub fn report(&self) -> String {
        let (stream, lines) = self.telling();
        let mut text = self.line();
        if lines.is_empty() {
            text += " and wrote nothing";
        } else {
            text += &format!("; the last lines of its {stream}:");
        }
        for line in lines {
            text += "\n    ";
            text += line;
        }
        text
    }

    /// Which instance, how its process is, and what the fleet had to do with it.
    fn line(&self) -> String {
        let mut line = format!("instance {}", self.index);
        if let Some(host) = &self.host {
            line += &format!(" on {host}");
        }
        if let Some(cause) = &self.cause {
            line += &format!(" {cause}, and");
        }
        line += &format!(" {}", self.state);
        if let Some(why) = &self.given_up {
            line += &format!("; {why}");
        }
        line
    }

    /// The stream that tells why it ended: the one with a traceback, else stderr if it has a word.
    fn telling(&self) -> (&'static str, &[String]) {
        let (stderr, stdout) = (&self.stderr_tail, &self.stdout_tail);
        let silent = stderr.iter().all(|line| line.trim().is_empty());
        if !traced(stderr) && (traced(stdout) || silent) {
            ("stdout", stdout)
        } else {
            ("stderr", stderr)
        }
    }
}

const TRACEBACK: &str = "Traceback (most recent call last):";

fn traced(lines: &[String]) -> bool {
    lines.iter().any(|line| line.contains(TRACEBACK))
}

/// The exception of the last traceback (the first line after it that is not indented), else the last
/// word.
fn reason(lines: &[String]) -> Option<&str> {
    let traceback = lines.iter().rposition(|line| line.contains(TRACEBACK));
    let spoken = |line: &&String| !line.trim().is_empty();
    let exception = traceback.and_then(|at| {
        lines[at + 1..]
            .iter()
            .filter(spoken)
            .find(|line| !line.starts_with(char::is_whitespace))
    });
    exception
        .or_else(|| lines.iter().rfind(spoken))
        .map(|line| line.trim())
}

#[cfg(test)]
mod tests {
    use super::super::{Board, Ended, Stream, TAIL_LINES};
    use super::*;
    use blendtorch_channels::control::Epitaph;
    use std::time::{Duration, Instant};

    #[test]
    fn the_tail_keeps_the_last_lines_and_the_summary_the_last_word() {
        let board = Board::default();
        board.add(7, 1, None);
        for n in 0..30 {
            board.line(0, Stream::Stderr, format!("line {n}"));
        }
        board.line(0, Stream::Stderr, String::new());
        board.ended(0, over(InstanceState::Exited(3), false));
        let status = &board.statuses()[0];
        assert_eq!(status.stderr_tail.len(), TAIL_LINES);
        assert_eq!(
            status.summary(),
            "instance 0 ended with exit code 3 (line 29)"
        );
        assert!(
            status.failed() && status.report().contains("\n    line 11\n"),
            "{}",
            status.report()
        );
    }

    #[test]
    fn a_signal_is_said_in_words_and_last_words_are_not_its_reason() {
        let ended = |signal: Signal, stderr: &[&str]| {
            let mut status = failed_with(&[], stderr);
            status.state = InstanceState::Signaled(signal.as_raw());
            status.summary()
        };
        let crashed = "instance 0 was ended by signal 11 (SIGSEGV: it crashed";
        assert!(ended(Signal::SEGV, &[]).starts_with(crashed));
        assert!(ended(Signal::KILL, &[]).ends_with("memory ran out: then dmesg says so)"));
        assert!(ended(Signal::KILL, &["frame 7"]).ends_with("), its last words: frame 7"));
        let unnamed = Signal::from_named_raw(12).unwrap();
        assert_eq!(ended(unnamed, &[]), "instance 0 was ended by signal 12");
    }

    #[test]
    fn an_end_that_was_asked_for_is_no_failure() {
        let board = Board::default();
        board.add(7, 1, None);
        board.ended(0, over(InstanceState::Signaled(15), true));
        let status = &board.statuses()[0];
        assert!(!status.failed());
        assert_eq!(
            status.summary(),
            "instance 0 was ended by signal 15 (SIGTERM)"
        );
        assert!(!board.wait(Some(Duration::ZERO)));
        board.all_ended();
        assert!(board.wait(Some(Duration::ZERO)) && board.wait(None));
    }

    fn over(state: InstanceState, stopped: bool) -> Ended {
        Ended {
            state,
            stopped,
            cause: None,
            given_up: None,
            restarts_at: None,
            messages: 0,
            epitaph: Epitaph::default(),
            taken: false,
        }
    }

    #[test]
    fn one_that_will_run_again_has_not_failed_and_one_that_is_given_up_says_why() {
        let board = Board::default();
        board.add(7, 1, None);
        let again = Ended {
            restarts_at: Some(Instant::now()),
            cause: Some("hung: no progress".into()),
            ..over(InstanceState::Signaled(9), false)
        };
        board.ended(0, again);
        let status = board.statuses().remove(0);
        assert!(status.is_alive() && !status.is_running() && !status.failed());
        board.gave_up(0, "it ended 6 times".into());
        let status = board.statuses().remove(0);
        assert!(status.failed() && !status.is_alive());
        let said = status.summary();
        assert!(
            said.starts_with("instance 0 hung: no progress, and was ended by signal 9"),
            "{said}"
        );
        assert!(said.contains("; it ended 6 times"), "{said}");
        // Also where each of its lives ended in order, and none delivered anything.
        board.ended(0, over(InstanceState::Exited(0), false));
        assert!(!board.statuses()[0].failed());
        board.gave_up(0, "it ended 6 times".into());
        assert!(board.statuses()[0].failed());
    }

    fn failed_with(stdout: &[&str], stderr: &[&str]) -> InstanceStatus {
        let board = Board::default();
        board.add(7, 1, None);
        for (stream, lines) in [(Stream::Stdout, stdout), (Stream::Stderr, stderr)] {
            lines
                .iter()
                .for_each(|&line| board.line(0, stream, line.to_owned()));
        }
        board.ended(0, over(InstanceState::Exited(1), false));
        board.statuses().remove(0)
    }

    #[test]
    fn the_reason_is_the_exception_wherever_it_was_printed() {
        let said = [
            "Error: Python: Traceback (most recent call last):",
            "  File \"scene.py\", line 4, in <module>",
            "ValueError: the cube is round",
            "",
            "Error: script failed, file: 'scene.py', exiting.",
        ];
        let wanted = "instance 0 ended with exit code 1 (ValueError: the cube is round)";
        for status in [
            failed_with(&said, &["noise"]),
            failed_with(&["noise"], &said),
        ] {
            assert_eq!(status.summary(), wanted);
            assert!(
                status
                    .report()
                    .contains("\n    ValueError: the cube is round\n")
            );
        }
        let status = failed_with(&["a last word"], &[" "]);
        assert_eq!(
            status.summary(),
            "instance 0 ended with exit code 1 (a last word)"
        );
        let status = failed_with(&[], &[]);
        assert_eq!(
            status.report(),
            "instance 0 ended with exit code 1 and wrote nothing"
        );
    }
}
