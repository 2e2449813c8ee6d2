//! The progress of a render, for people.
//!
//! Owns the bar on a terminal, and the lines where there is none. It must never hold up the render.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use blendtorch_render::{Progress, ProgressWhat};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::say;

/// Without a terminal a line comes so often.
const EVERY: Duration = Duration::from_secs(10);

/// What is shown.
pub(super) struct Bar {
    bar: Option<ProgressBar>,
    quiet: bool,
    last: Instant,
    done: usize,
    total: usize,
}

impl Bar {
    pub(super) fn new(quiet: bool) -> Self {
        let bar = (!quiet && stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(5));
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message("Blender starts");
            bar
        });
        Self {
            bar,
            quiet,
            last: Instant::now(),
            done: 0,
            total: 0,
        }
    }

    pub(super) fn show(&mut self, progress: &Progress) {
        (self.done, self.total) = (progress.done, progress.total);
        match &progress.what {
            ProgressWhat::Planned { damaged } => {
                if progress.skipped > 0 {
                    let (skipped, total) = (progress.skipped, progress.total);
                    self.line(&format!("{skipped} of {total} frames are done already"));
                }
                for one in damaged.iter().take(5) {
                    self.line(&format!(
                        "{one} since it was written, and is rendered again"
                    ));
                }
                if damaged.len() > 5 {
                    self.line(&format!("and {} files more", damaged.len() - 5));
                }
            }
            // Why is said at the end.
            ProgressWhat::Failed { frame, .. } => {
                self.line(&format!("frame {frame} is set aside; the rest goes on"));
            }
            ProgressWhat::Warning(text) => self.line(&format!("warning: {text}")),
            ProgressWhat::Frame(_) | ProgressWhat::Nothing => {}
        }
        if progress.total == 0 {
            return;
        }
        match &self.bar {
            Some(bar) => {
                bar.set_length(progress.total as u64);
                bar.set_position((progress.done + progress.failed) as u64);
                bar.set_message(told(progress));
            }
            None if !self.quiet && self.last.elapsed() >= EVERY => {
                self.last = Instant::now();
                say(&format!(
                    "{}/{} {}",
                    progress.done,
                    progress.total,
                    told(progress)
                ));
            }
            None => {}
        }
    }

    pub(super) fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(format!("blendtorch render: {text}")),
            None => say(text),
        }
    }

    /// How many frames are done, of how many.
    pub(super) fn counted(&self) -> (usize, usize) {
        (self.done, self.total)
    }

    pub(super) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Rate, time left, workers, what takes the time.
fn told(progress: &Progress) -> String {
    let mut parts = Vec::new();
    if let Some(rate) = progress.rate() {
        parts.push(match rate < 1.0 {
            true => format!("{:.1} s/frame", 1.0 / rate),
            false => format!("{rate:.1} frames/s"),
        });
    }
    if let Some(left) = progress.left() {
        parts.push(format!("{} left", spoken(left)));
    }
    parts.push(format!("{}/{} Blenders", progress.alive, progress.workers));
    if let Some(render) = progress.seconds.get("render") {
        parts.push(format!("render {:.0} ms", render * 1e3));
    }
    if let Some((pass, seconds)) = progress.slowest() {
        parts.push(format!("slowest pass {pass} {:.1} ms", seconds * 1e3));
    }
    if progress.failed > 0 {
        parts.push(format!("{} set aside", progress.failed));
    }
    parts.join(", ")
}

fn spoken(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_rate_time_left_workers_and_the_slowest_pass() {
        let progress = Progress {
            total: 100,
            done: 30,
            skipped: 10,
            alive: 1,
            workers: 2,
            elapsed: Duration::from_secs(40),
            seconds: [
                ("render".to_owned(), 1.9),
                ("depths".to_owned(), 0.004),
                ("flows".to_owned(), 0.008),
            ]
            .into(),
            ..Progress::default()
        };
        assert_eq!(
            told(&progress),
            "2.0 s/frame, 2 min left, 1/2 Blenders, render 1900 ms, slowest pass flows 8.0 ms"
        );
        assert_eq!(spoken(7200.0), "2.0 h");
    }
}
