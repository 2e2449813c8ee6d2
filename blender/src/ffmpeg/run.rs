//! A run of ffmpeg that is fed pictures and watched.
//!
//! Owns the process and the threads that speak with it. None outlives the call; if we are killed,
//! ffmpeg's input ends, and with it ffmpeg. It must never be waited for without being watched: a
//! program that hangs is ended by whoever wants no more.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use std::{io, thread};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Ffmpeg, FfmpegError};

/// How often whoever watches is asked whether to go on.
const LOOK: Duration = Duration::from_millis(100);
/// So many of its last lines are told.
const WORDS: usize = 6;

/// What is run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Which.
    pub ffmpeg: Ffmpeg,
    /// Its arguments: what it reads from its input (`pipe:0`), and where it writes.
    pub arguments: Vec<OsString>,
}

/// Ended, whatever ends the call.
struct Running(Child);

impl Running {
    /// Ends it, and what it has started: a script may stand for ffmpeg.
    fn end(&mut self) {
        if let (Ok(None), Some(group)) =
            (self.0.try_wait(), Pid::from_raw(self.0.id().cast_signed()))
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

impl Run {
    /// Feeds it what `next` gives until that is `None`, and waits for its end. `watch` hears how many
    /// frames it says to have written, at least every 100 ms; `false` ends it. The number of frames
    /// that it has written, by its own word.
    ///
    /// # Errors
    /// It does not start, ends with an error, or `watch` wanted no more.
    pub fn feed(
        &self,
        mut next: impl FnMut() -> Option<Vec<u8>> + Send,
        watch: &mut dyn FnMut(u64) -> bool,
    ) -> Result<u64, FfmpegError> {
        let mut running = Running(self.start()?);
        let pipes = (
            running.0.stdin.take(),
            running.0.stdout.take(),
            running.0.stderr.take(),
        );
        let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(self.not_started(io::ErrorKind::BrokenPipe.into()));
        };
        let (tell, told) = channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                while let Some(bytes) = next() {
                    // It has ended: how, it says itself.
                    if stdin.write_all(&bytes).is_err() {
                        break;
                    }
                }
            });
            scope.spawn(move || {
                let lines = BufReader::new(stdout).lines().map_while(Result::ok);
                for frames in
                    lines.filter_map(|line| line.strip_prefix("frame=")?.trim().parse().ok())
                {
                    let _ = tell.send(frames);
                }
            });
            let words = scope.spawn(move || last_words(BufReader::new(stderr)));
            let mut frames = 0;
            loop {
                match told.recv_timeout(LOOK) {
                    Ok(now) => frames = now,
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                if !watch(frames) {
                    running.end();
                    return Err(FfmpegError::Stopped);
                }
            }
            let status = running.0.wait();
            let status = status.map_err(|source| self.not_started(source))?;
            let said = words.join().unwrap_or_default();
            match status.success() {
                true => Ok(frames),
                false => Err(FfmpegError::Ended {
                    path: self.ffmpeg.path.clone(),
                    status,
                    said,
                }),
            }
        })
    }

    fn start(&self) -> Result<Child, FfmpegError> {
        Command::new(&self.ffmpeg.path)
            .args(["-hide_banner", "-nostdin", "-nostats", "-v", "error"])
            .args(["-progress", "pipe:1"])
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is ours: of itself, it would end the file early and well.
            .process_group(0)
            .spawn()
            .map_err(|source| self.not_started(source))
    }

    fn not_started(&self, source: io::Error) -> FfmpegError {
        FfmpegError::Start {
            path: self.ffmpeg.path.clone(),
            source,
        }
    }
}

fn last_words(lines: impl BufRead) -> String {
    let mut last = VecDeque::new();
    for line in lines.split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        if line.is_empty() {
            continue;
        }
        if last.len() == WORDS {
            last.pop_front();
        }
        last.push_back(line);
    }
    match last.is_empty() {
        true => "it said nothing".to_owned(),
        false => Vec::from(last).join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::install_script;

    fn run(text: &str) -> (tempfile::TempDir, Run) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ffmpeg");
        install_script(&path, text);
        let ffmpeg = Ffmpeg { path, from: "PATH" };
        let arguments = Vec::new();
        (folder, Run { ffmpeg, arguments })
    }

    #[test]
    fn it_is_fed_and_its_frames_are_told() {
        let (_folder, run) = run("test \"$(wc -c)\" -eq 12 && echo frame=2 && echo progress=end");
        let mut left = 3;
        let next = move || {
            left -= 1;
            (left >= 0).then(|| vec![7; 4])
        };
        let mut heard = Vec::new();
        let frames = run.feed(next, &mut |frames| {
            heard.push(frames);
            true
        });
        assert_eq!(frames.unwrap(), 2);
        assert_eq!(heard.last(), Some(&2));
    }

    #[test]
    fn its_last_words_are_in_the_error_and_a_closed_input_is_no_end_of_ours() {
        let (_folder, run) = run("exec <&-; echo first >&2; echo 'No space left' >&2; exit 3");
        let error = run.feed(|| Some(vec![0; 1 << 20]), &mut |_| true);
        let said = error.unwrap_err().to_string();
        assert!(
            said.contains("exit status: 3: first; No space left"),
            "{said}"
        );
    }

    #[test]
    fn one_that_hangs_is_ended_by_who_wants_no_more() {
        let (_folder, run) = run("exec sleep 1000");
        let error = run.feed(|| Some(vec![0; 1 << 20]), &mut |_| false);
        assert!(matches!(error, Err(FfmpegError::Stopped)));
    }
}
