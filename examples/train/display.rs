//! The progress line: redrawn in place on a terminal, a line every few seconds elsewhere.

use crate::fleet::Instances;
use blendtorch_examples::Rate;
use std::collections::HashSet;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// What there is to show.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) seconds: f64,
    pub(crate) images: u64,
    pub(crate) loss: Option<f64>,
    pub(crate) alive: usize,
    pub(crate) missing: u64,
    pub(crate) duplicated: u64,
}

/// The line on stderr.
#[derive(Debug)]
pub(crate) struct Progress {
    terminal: bool,
    total: f64,
    instances: usize,
    begun: Instant,
    shown: Option<Instant>,
    rate: Rate,
    told: HashSet<usize>,
}

impl Progress {
    /// For a training of `total` seconds.
    pub(crate) fn new(total: f64, instances: usize) -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            total,
            instances,
            begun: Instant::now(),
            shown: None,
            rate: Rate::over(Duration::from_secs(5)),
            told: HashSet::new(),
        }
    }

    /// Shows the state, if it is time to.
    pub(crate) fn show(&mut self, state: impl FnOnce() -> State) {
        let pause = Duration::from_millis(if self.terminal { 200 } else { 5000 });
        if self.shown.is_some_and(|at| at.elapsed() < pause) {
            return;
        }
        self.shown = Some(Instant::now());
        let line = self.line(&state());
        // Who cannot read it is not told.
        let mut stderr = std::io::stderr().lock();
        let _ = if self.terminal {
            write!(stderr, "\r\x1b[2K{line}").and_then(|()| stderr.flush())
        } else {
            writeln!(stderr, "{line}")
        };
    }

    /// Says something above the line.
    pub(crate) fn tell(&mut self, text: &str) {
        self.clear();
        eprintln!("{text}");
        self.shown = None;
    }

    /// Says of each instance that ended, once, that and why it did.
    pub(crate) fn tell_ended(&mut self, instances: &Instances) {
        if instances.alive() + self.told.len() >= self.instances {
            return;
        }
        for (index, summary) in instances.ended() {
            if self.told.insert(index) {
                let running = instances.alive();
                self.tell(&format!("{summary}; {running} still running"));
            }
        }
    }

    /// The last state stays where it is.
    pub(crate) fn end(&mut self) {
        if self.terminal && self.shown.is_some() {
            eprintln!();
        }
        self.shown = None;
    }

    fn clear(&self) {
        if self.terminal && self.shown.is_some() {
            eprint!("\r\x1b[2K");
        }
    }

    fn line(&mut self, state: &State) -> String {
        let instances = format!("{} of {} instances alive", state.alive, self.instances);
        if state.images == 0 {
            let waited = self.begun.elapsed().as_secs();
            return format!("waiting for the first image, {waited} s | {instances}");
        }
        let rate = self.rate.update(Instant::now(), state.images);
        let loss = state
            .loss
            .map_or("collecting the held-out images".into(), |loss| {
                format!("loss {loss:.6}")
            });
        format!(
            "{:4.0} of {:.0} s | {rate:5.0} images/s | {loss} | {instances} | {} missing, {} \
             duplicated",
            state.seconds, self.total, state.missing, state.duplicated
        )
    }
}
