//! A flash for each spike.

use std::sync::Arc;

use super::error::positive;
use super::{Activity, ActivityError, Painter, SpikeIndex, Timeline};

/// 1 for a cell that spiked lately, 0 else.
#[derive(Debug, Clone)]
pub struct Flash {
    spikes: Arc<SpikeIndex>,
    line: Timeline,
    duration_ms: f64,
}

impl Flash {
    /// At the time `t` of a frame, cells that spiked from `t - duration_ms` on and before `t` flash. By
    /// default the duration is that of a frame, so that each spike is seen in one frame; the first frame
    /// that sees a spike is the one after it.
    ///
    /// # Errors
    /// The duration is not above 0.
    pub fn new(
        spikes: Arc<SpikeIndex>,
        line: Timeline,
        duration_ms: Option<f64>,
    ) -> Result<Self, ActivityError> {
        Ok(Self {
            duration_ms: positive("duration_ms", duration_ms.unwrap_or(line.ms_per_frame()))?,
            spikes,
            line,
        })
    }

    /// How long a spike is seen, in ms.
    pub fn duration_ms(&self) -> f64 {
        self.duration_ms
    }
}

impl Activity for Flash {
    fn kind(&self) -> &'static str {
        "flash"
    }

    fn cells(&self) -> usize {
        self.spikes.cells()
    }

    fn range(&self) -> (f32, f32) {
        (0.0, 1.0)
    }

    fn rest(&self, _frame: f64) -> f32 {
        0.0
    }

    fn paint(&mut self, frame: f64, painter: &mut Painter<'_>) -> Result<(), ActivityError> {
        // The start is reckoned as the end of an earlier frame would be, so that frames meet without a
        // gap and without sharing a spike.
        let end = self.line.ms(frame);
        let start = self
            .line
            .ms(frame - self.duration_ms / self.line.ms_per_frame());
        let window = self.spikes.window(start, end);
        for cell in self.spikes.of().get(window).unwrap_or_default() {
            painter.set_once(*cell, || 1.0);
        }
        Ok(())
    }
}
