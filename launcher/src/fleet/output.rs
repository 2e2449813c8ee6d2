//! The lines instances print: split, kept, and forwarded with the instance's number before them.
//!
//! Owns the thread that prints and logs. It must never let a terminal or pipe that takes no more lines hold up
//! the supervision: then the instances wait, as they would if they printed there themselves.

use std::io::{IsTerminal, Write};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, oneshot};

use super::logs::Log;
use crate::board::Stream;

/// What becomes of the lines the instances print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Output {
    /// They go to this program's stdout and stderr, with `[i]` before those of instance `i`.
    #[default]
    Forward,
    /// They are not printed; the last ones are kept in the statuses.
    Silence,
}

/// A longer line is cut in pieces: an instance that prints without end must not fill our memory.
const LONGEST_LINE: usize = 64 * 1024;

/// What has come of an instance's stream.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) instance: usize,
    pub(crate) stream: Stream,
    /// The line as it was printed, for the log.
    pub(crate) printed: Option<String>,
    /// The lines that are shown now: this one, none where it is noise, or more that were held back.
    pub(crate) shown: Vec<String>,
}

/// Reads to the end of the stream and gives each line, without its line break, to `take`; none at the
/// end.
pub(super) async fn read_lines<R: AsyncRead + Unpin, F: AsyncFnMut(Option<String>)>(
    mut from: R,
    mut take: F,
) {
    let mut piece = [0; 8192];
    let mut line = Vec::new();
    // An error ends the stream as its end does: there is nothing more to read.
    while let Ok(n @ 1..) = from.read(&mut piece).await {
        for part in piece[..n].split_inclusive(|&b| b == b'\n') {
            line.extend_from_slice(part);
            if part.ends_with(b"\n") || line.len() >= LONGEST_LINE {
                take(Some(text(&line))).await;
                line.clear();
            }
        }
    }
    if !line.is_empty() {
        take(Some(text(&line))).await;
    }
    take(None).await;
}

fn text(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8_lossy(line).into_owned()
}

/// Starts the thread that prints and logs, if there is anything to do. It ends after the last sender;
/// the receiver then hears so.
pub(crate) fn printer(
    output: Output,
    mut logs: Vec<Log>,
) -> std::io::Result<Option<(mpsc::Sender<Line>, oneshot::Receiver<()>)>> {
    if output == Output::Silence && logs.is_empty() {
        return Ok(None);
    }
    let (sender, mut lines) = mpsc::channel::<Line>(256);
    let (finished, hear) = oneshot::channel();
    std::thread::Builder::new()
        .name("blendtorch-output".into())
        .spawn(move || {
            let coloured = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
            let stdout_coloured = coloured && std::io::stdout().is_terminal();
            let stderr_coloured = coloured && std::io::stderr().is_terminal();
            while let Some(line) = lines.blocking_recv() {
                let log = logs.get_mut(line.instance).zip(line.printed.as_ref());
                let logged = log.map_or(Ok(()), |(log, printed)| log.write(printed));
                if output == Output::Silence {
                    continue;
                }
                for text in &line.shown {
                    // Nobody reads any more: no reason to end the instances.
                    let _ = match line.stream {
                        Stream::Stdout => {
                            let bytes = prefixed(line.instance, text, stdout_coloured);
                            std::io::stdout().write_all(&bytes)
                        }
                        Stream::Stderr => {
                            let bytes = prefixed(line.instance, text, stderr_coloured);
                            std::io::stderr().write_all(&bytes)
                        }
                    };
                }
                if let Err(error) = logged {
                    let text = format!("(log) {error}");
                    let bytes = prefixed(line.instance, &text, stderr_coloured);
                    let _ = std::io::stderr().write_all(&bytes);
                }
            }
            let _ = std::io::stdout().flush();
            let _ = finished.send(());
        })?;
    Ok(Some((sender, hear)))
}

fn prefixed(instance: usize, text: &str, coloured: bool) -> Vec<u8> {
    if coloured {
        // The six colours of a terminal that are neither black nor white.
        let colour = 31 + (instance + 1) % 6;
        format!("\x1b[{colour}m[{instance}]\x1b[0m {text}\n").into_bytes()
    } else {
        format!("[{instance}] {text}\n").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(bytes: &[u8]) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let mut lines = Vec::new();
        runtime.block_on(read_lines(bytes, async |line| lines.extend(line)));
        lines
    }

    #[test]
    fn lines_are_split_and_the_last_needs_no_break() {
        assert_eq!(split(b"a\r\n\nb\xff\nlast"), ["a", "", "b\u{fffd}", "last"]);
        assert!(split(b"").is_empty());
    }

    #[test]
    fn an_endless_line_is_cut() {
        let lines = split(&vec![b'x'; 3 * LONGEST_LINE]);
        assert!(lines.len() >= 3 && lines.iter().all(|l| l.len() < 2 * LONGEST_LINE));
        assert_eq!(
            lines.iter().map(String::len).sum::<usize>(),
            3 * LONGEST_LINE
        );
    }

    #[test]
    fn each_line_says_whose_it_is() {
        assert_eq!(prefixed(2, "hello", false), b"[2] hello\n");
        assert!(prefixed(2, "hello", true).ends_with(b"[2]\x1b[0m hello\n"));
    }
}
