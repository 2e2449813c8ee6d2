//! Spikes that fade away.

use std::sync::Arc;

use super::error::positive;
use super::{Activity, ActivityError, Painter, SpikeIndex, Timeline};

/// A cell is left alone where its last spike is so many time constants ago: then a spike is less than
/// 1e-4.
const FADED: f64 = 9.25;

/// Each spike adds 1, which decays exponentially; the sum is shown up to 1.
#[derive(Debug, Clone)]
pub struct Decay {
    spikes: Arc<SpikeIndex>,
    line: Timeline,
    tau_ms: f64,
    sums: Arc<Sums>,
}

/// Sums of exponentials at each spike, by which any time is reached from the last spike before it.
#[derive(Debug)]
struct Sums {
    /// The sum right after each spike.
    after: Vec<f32>,
}

impl Decay {
    /// A spike at `ts` adds `exp(-(t - ts) / tau_ms)` from `ts` on.
    ///
    /// # Errors
    /// `tau_ms` is not above 0.
    pub fn new(
        spikes: Arc<SpikeIndex>,
        line: Timeline,
        tau_ms: f64,
    ) -> Result<Self, ActivityError> {
        let tau_ms = positive("tau_ms", tau_ms)?;
        Ok(Self {
            sums: Arc::new(Sums::of(&spikes, tau_ms)),
            spikes,
            line,
            tau_ms,
        })
    }

    /// The time constant in ms.
    pub fn tau_ms(&self) -> f64 {
        self.tau_ms
    }
}

impl Sums {
    #[allow(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "cells were checked when they came; single precision is what is shown"
    )]
    fn of(spikes: &SpikeIndex, tau: f64) -> Self {
        let mut last = vec![(f64::NEG_INFINITY, 0.0_f64); spikes.cells()];
        let all = || spikes.times().iter().zip(spikes.of());
        let after = all().map(|(time, cell)| {
            let (then, sum) = &mut last[*cell as usize];
            *sum = 1.0 + *sum * (-(time - *then) / tau).exp();
            *then = *time;
            *sum as f32
        });
        Self {
            after: after.collect(),
        }
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
        let window = self
            .spikes
            .window(time - FADED * self.tau_ms, time.next_up());
        // From the last one on: the first that is met of a cell is its last.
        let spikes = self.spikes.times().get(window.clone()).unwrap_or_default();
        let of = self.spikes.of().get(window.clone()).unwrap_or_default();
        let after = self.sums.after.get(window).unwrap_or_default();
        for ((then, cell), sum) in spikes.iter().zip(of).zip(after).rev() {
            let value = f64::from(*sum) * (-(time - then) / self.tau_ms).exp();
            painter.set_once(*cell, 0.0, (value as f32).min(1.0));
        }
        Ok(())
    }
}
