//! What is told of a render while it goes on, and at its end.

use std::collections::BTreeMap;
use std::time::Duration;

/// How far a render is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// What has just happened.
    pub what: ProgressWhat,
    /// Frames that were asked for.
    pub total: usize,
    /// Frames that are done, those that were before too.
    pub done: usize,
    /// Frames of those that were done before.
    pub skipped: usize,
    /// Frames that were set aside.
    pub failed: usize,
    /// Workers that can be asked.
    pub alive: usize,
    /// All workers.
    pub workers: usize,
    /// Since the first frame was given out.
    pub elapsed: Duration,
    /// Mean seconds of a frame's parts: `evaluate`, `render`, `read`, and of writing each pass.
    pub seconds: BTreeMap<String, f64>,
}

impl Progress {
    /// Frames a second.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let new = self.done.saturating_sub(self.skipped);
        let seconds = self.elapsed.as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "frames are few")]
        (new > 0 && seconds > 0.0).then(|| new as f64 / seconds)
    }

    /// Seconds that are left, by the rate so far.
    #[must_use]
    pub fn left(&self) -> Option<f64> {
        let left = self.total.saturating_sub(self.done + self.failed);
        #[allow(clippy::cast_precision_loss, reason = "frames are few")]
        self.rate().map(|rate| left as f64 / rate)
    }

    /// The pass that takes longest to write, with its mean seconds.
    #[must_use]
    pub fn slowest(&self) -> Option<(&str, f64)> {
        let parts = ["evaluate", "render", "read", "wait"];
        let passes = self
            .seconds
            .iter()
            .filter(|(name, _)| !parts.contains(&name.as_str()));
        let slowest = passes.max_by(|a, b| a.1.total_cmp(b.1));
        slowest.map(|(name, seconds)| (name.as_str(), *seconds))
    }
}

/// What has just happened.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ProgressWhat {
    /// It is known what is to be done.
    Planned {
        /// Files that were done and are not what they were, and are rendered again.
        damaged: Vec<String>,
    },
    /// A frame is done.
    Frame(i64),
    /// A frame was set aside.
    Failed {
        /// Which.
        frame: i64,
        /// Why.
        why: String,
    },
    /// A line for the user.
    Warning(String),
    /// Nothing; it is asked whether to go on.
    #[default]
    Nothing,
}

/// What came of a render.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Frames that were asked for.
    pub total: usize,
    /// Frames that are done.
    pub done: usize,
    /// Frames of those that were done before.
    pub skipped: usize,
    /// Frames that were set aside, and why.
    pub failed: Vec<(i64, String)>,
    /// Files that came a second time: of frames that two workers had.
    pub twice: usize,
    /// Lives of workers that ended meanwhile.
    pub lost: usize,
    /// How long it took.
    pub elapsed: Duration,
    /// Mean seconds of a frame's parts and passes.
    pub seconds: BTreeMap<String, f64>,
}
