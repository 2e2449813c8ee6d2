//! BSB's pulsar: a cell brightens to a spike, and darkens after it.
//!
//! Owns the curve that Blender draws through BSB's keys, for any frame without any key, and the keys
//! themselves. The rule is BSB 3.10.5's: with `mpf` ms a frame a spike at `t` is in frame
//! `trunc(t / mpf)`, and `w = ceil(spike_duration / 2 / mpf)` frames before and after it are its edges.
//! What is drawn at whole frames without easing is the highest of the triangles of a cell's spikes; keys
//! are where its slope changes. All of them are peaks, valleys or ends of level parts, where Blender's
//! automatic, clamped handles are level: so between two keys the curve is `3x² − 2x³`.
//!
//! Otherwise than BSB, spikes that are listed in no order are all shown; BSB's keys end with the one that
//! is listed last.

mod gaps;
mod keys;
mod runs;
mod shape;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::runs::Runs;
use self::shape::{Shape, eased};
use super::error::{a_frame, not_negative, positive};
use super::{Activity, ActivityError, Painter, SpikeIndex, Timeline};

/// Frames are counted up to 2^53.
const LAST_FRAME: f64 = 9_007_199_254_740_992.0;

/// How a spike looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PulsarStyle {
    /// How long a spike is seen: half of it before, half after; in ms.
    pub spike_duration_ms: f64,
    /// How long all cells fade out after the last spike, in ms; with 0 they do not.
    pub afterburn_ms: f64,
    /// The value at rest, from 0 to 1. BSB's is 0.3, and 0 for types named `granule_cell` and
    /// `glomerulus`.
    pub floor: f64,
    /// The frame where the fade-out begins to be reckoned from: the largest
    /// [`last_change`](Pulsar::last_change) of all populations that are shown together. One that is before
    /// this population's own is replaced by it.
    pub last: Option<f64>,
}

impl Default for PulsarStyle {
    fn default() -> Self {
        Self {
            spike_duration_ms: 5.0,
            afterburn_ms: 30.0,
            floor: 0.3,
            last: None,
        }
    }
}

/// The pulsar of a population.
#[derive(Debug, Clone)]
pub struct Pulsar {
    spikes: Arc<SpikeIndex>,
    line: Timeline,
    style: PulsarStyle,
    shape: Shape,
    runs: Arc<Runs>,
    last_change: f64,
}

impl Pulsar {
    /// Reckons the distances between the spikes of each cell, in frames, and puts them into the order in
    /// which they are drawn.
    ///
    /// # Errors
    /// `spike_duration_ms` is not above 0 or so long that its edges take more than 32,767 frames,
    /// `afterburn_ms` is negative, or `floor` is not from 0 to 1.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "widths are checked; no video has 2^53 frames"
    )]
    pub fn new(
        spikes: Arc<SpikeIndex>,
        line: Timeline,
        style: PulsarStyle,
    ) -> Result<Self, ActivityError> {
        let refused = |name, value, need| Err(ActivityError::Setting { name, value, need });
        let duration = positive("spike_duration", style.spike_duration_ms)?;
        not_negative("afterburn", style.afterburn_ms)?;
        if !(0.0..=1.0).contains(&style.floor) {
            return refused("floor", style.floor, "a number from 0 to 1 is needed");
        }
        style.last.map(a_frame).transpose()?;
        let edge = (duration / 2.0 / line.ms_per_frame()).ceil();
        if edge > f64::from(Shape::WIDEST) {
            let need = "its edges may take up to 32,767 frames each";
            return refused("spike_duration", duration, need);
        }
        let first = spikes
            .times()
            .partition_point(|time| *time < line.start_ms());
        let mut pulsar = Self {
            shape: Shape::new((edge as u16).max(1), style.floor),
            runs: Arc::default(),
            last_change: 0.0,
            spikes,
            line,
            style,
        };
        if let Some(last) = pulsar.spikes.times().get(first..).and_then(<[f64]>::last) {
            pulsar.last_change = (pulsar.frame_of(*last) + u64::from(pulsar.shape.edge())) as f64;
        }
        let near = pulsar.shape.near();
        pulsar.runs = Arc::new(Runs::of(&pulsar.spikes, first, near, |time| {
            pulsar.frame_of(time)
        }));
        Ok(pulsar)
    }

    /// The frame of a spike.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a spike is not before the video"
    )]
    fn frame_of(&self, time: f64) -> u64 {
        let frame = (time - self.line.start_ms()) / self.line.ms_per_frame();
        frame.min(LAST_FRAME) as u64
    }

    /// The spikes that it shows.
    pub fn spikes(&self) -> &Arc<SpikeIndex> {
        &self.spikes
    }

    /// The clock.
    pub fn line(&self) -> Timeline {
        self.line
    }

    /// How a spike looks.
    pub fn style(&self) -> PulsarStyle {
        self.style
    }

    /// The frame where this population's last spike is over; 0 where there is none.
    pub fn last_change(&self) -> f64 {
        self.last_change
    }

    /// The frame where the fade-out is reckoned from.
    pub fn last(&self) -> f64 {
        self.style
            .last
            .map_or(self.last_change, |last| last.max(self.last_change))
    }

    /// The same pulsar, whose fade-out is reckoned from `last`: where other populations that are shown with
    /// it end later. Its spikes and what was reckoned of them are shared, and nothing is reckoned anew.
    ///
    /// # Errors
    /// `last` is no frame.
    pub fn ending(&self, last: f64) -> Result<Self, ActivityError> {
        let mut other = self.clone();
        other.style.last = Some(a_frame(last)?);
        Ok(other)
    }

    /// The frame where everything is over: the scene's last one.
    pub fn frame_end(&self) -> f64 {
        self.last() + self.style.afterburn_ms / self.line.ms_per_frame()
    }

    /// The frame where the fade-out begins.
    fn fade_start(&self) -> f64 {
        self.last() + self.style.afterburn_ms / 2.0 / self.line.ms_per_frame()
    }

    /// The value at rest.
    fn rest_at(&self, frame: f64) -> f64 {
        let (start, end) = (self.fade_start(), self.frame_end());
        if self.style.afterburn_ms == 0.0 || frame <= start {
            return self.style.floor;
        }
        match frame < end {
            true => self.style.floor * (1.0 - eased((frame - start) / (end - start))),
            false => 0.0,
        }
    }
}

impl Activity for Pulsar {
    fn kind(&self) -> &'static str {
        "pulsar"
    }

    fn cells(&self) -> usize {
        self.spikes.cells()
    }

    fn range(&self) -> (f32, f32) {
        (0.0, 1.0)
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "single precision is what is shown"
    )]
    fn rest(&self, frame: f64) -> f32 {
        self.rest_at(frame) as f32
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "single precision is what is shown"
    )]
    fn paint(&mut self, frame: f64, painter: &mut Painter<'_>) -> Result<(), ActivityError> {
        // Before the first key the curve is level.
        self.runs.at(frame.max(0.0), &self.shape, |cells, value| {
            painter.level(cells, value as f32);
        });
        Ok(())
    }
}
