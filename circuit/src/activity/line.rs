//! The clock of a video: which simulated time a frame shows.

use super::ActivityError;
use super::error::{finite, positive};

/// Frame `k` shows `start_ms + k * ms_per_s / fps`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timeline {
    fps: f64,
    ms_per_s: f64,
    start_ms: f64,
}

impl Timeline {
    /// BSB's: 60 frames a second, 25 ms of simulation a second of video, from 0.
    pub const BSB: Self = Self {
        fps: 60.0,
        ms_per_s: 25.0,
        start_ms: 0.0,
    };

    /// `fps` frames a second of video show `ms_per_s` ms of simulation; frame 0 shows `start_ms`.
    ///
    /// # Errors
    /// `fps` or `ms_per_s` is not above 0, or a number is not finite.
    pub fn new(fps: f64, ms_per_s: f64, start_ms: f64) -> Result<Self, ActivityError> {
        let line = Self {
            fps: positive("fps", fps)?,
            ms_per_s: positive("ms_per_s", ms_per_s)?,
            start_ms: finite("start_ms", start_ms)?,
        };
        positive("ms_per_s / fps", line.ms_per_frame())?;
        Ok(line)
    }

    /// Simulated time from frame to frame, in ms.
    pub fn ms_per_frame(&self) -> f64 {
        self.ms_per_s / self.fps
    }

    /// The time that frame 0 shows, in ms.
    pub fn start_ms(&self) -> f64 {
        self.start_ms
    }

    /// The time that a frame shows, in ms.
    pub fn ms(&self, frame: f64) -> f64 {
        self.start_ms + frame * self.ms_per_frame()
    }

    /// The frame that shows a time; it may be a fraction.
    pub fn frame(&self, ms: f64) -> f64 {
        (ms - self.start_ms) / self.ms_per_frame()
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Self::BSB
    }
}
