//! Spikes that fade away.

use std::sync::Arc;

use super::error::positive;
use super::sums::{Blocks, Sums};
use super::{Activity, ActivityError, Painter, SpikeIndex, Timeline};

/// A cell of which less is left is at rest.
const FAINT: f64 = 1e-4;

/// Each spike adds 1, which decays exponentially; the sum is shown up to 1.
#[derive(Debug, Clone)]
pub struct Decay {
    spikes: Arc<SpikeIndex>,
    line: Timeline,
    tau_ms: f64,
    blocks: Blocks,
    sums: Arc<Sums>,
}

impl Decay {
    /// A spike at `ts` adds `exp(-(t - ts) / tau_ms)` from `ts` on. What is below 1e-4 is shown as 0.
    ///
    /// # Errors
    /// `tau_ms` is not above 0.
    pub fn new(
        spikes: Arc<SpikeIndex>,
        line: Timeline,
        tau_ms: f64,
    ) -> Result<Self, ActivityError> {
        let tau_ms = positive("tau_ms", tau_ms)?;
        let blocks = Blocks::new(positive("tau_ms / 4", tau_ms / 4.0)?);
        Ok(Self {
            sums: Arc::new(Sums::of(&spikes, blocks, tau_ms, |_| {})),
            spikes,
            line,
            tau_ms,
            blocks,
        })
    }

    /// The time constant in ms.
    pub fn tau_ms(&self) -> f64 {
        self.tau_ms
    }
}

impl Activity for Decay {
    fn kind(&self) -> &'static str {
        "decay"
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

    #[allow(
        clippy::cast_possible_truncation,
        reason = "single precision is what is shown"
    )]
    fn paint(&mut self, frame: f64, painter: &mut Painter<'_>) -> Result<(), ActivityError> {
        let time = self.line.ms(frame);
        let since = self.sums.until(FAINT);
        for block in self.blocks.back(&self.spikes, time, since) {
            let of = self.spikes.of().get(block.spikes.clone());
            let (left, factor) = self.sums.at(&block, time);
            let factor = factor as f32;
            // From the last one on: the first that is met of a cell is its last.
            for (cell, left) in of.unwrap_or_default().iter().zip(left).rev() {
                painter.set_once(*cell, || (left * factor).min(1.0));
            }
        }
        Ok(())
    }
}
