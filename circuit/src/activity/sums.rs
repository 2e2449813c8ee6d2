//! Sums of what all spikes of a cell have left, each decaying exponentially.
//!
//! Owns how any time is reached from a cell's last spike before it without reckoning an exponential for
//! each: time is cut into blocks, a sum is kept as what is left of it at the end of its block, and all
//! sums of a block are carried from there by one factor.

use std::ops::Range;

use super::SpikeIndex;

/// Blocks of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks {
    /// Their length in ms, above 0.
    step: f64,
}

/// Spikes of a block.
#[derive(Debug)]
pub(super) struct Block {
    /// Which spikes.
    pub(super) spikes: Range<usize>,
    /// The block's end in ms.
    pub(super) end: f64,
}

impl Blocks {
    pub(super) fn new(step: f64) -> Self {
        Self { step }
    }

    /// The number of the block that a time is in. Its bounds are reckoned as those of [`back`](Self::back)
    /// are, so that rounding puts no spike into two.
    fn number(self, time: f64) -> f64 {
        let number = (time / self.step).floor();
        if time < number * self.step {
            number - 1.0
        } else if time >= (number + 1.0) * self.step {
            number + 1.0
        } else {
            number
        }
    }

    /// The end of the block that a time is in.
    fn end(self, time: f64) -> f64 {
        (self.number(time) + 1.0) * self.step
    }

    /// The blocks with the spikes up to `time`, the last one first, back to `since` ms before or a little
    /// farther.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "there are few blocks"
    )]
    pub(super) fn back(
        self,
        spikes: &SpikeIndex,
        time: f64,
        since: f64,
    ) -> impl Iterator<Item = Block> {
        let last = self.number(time);
        let blocks = (since / self.step).ceil() as usize + 1;
        let numbers = (0..blocks).map(move |back| last - back as f64);
        let numbers = numbers.take_while(|number| *number >= 0.0);
        numbers.map(move |number| {
            let end = (number + 1.0) * self.step;
            Block {
                spikes: spikes.window(number * self.step, end.min(time.next_up())),
                end,
            }
        })
    }
}

/// A sum for each spike.
#[derive(Debug, Default)]
pub(super) struct Sums {
    tau: f64,
    /// The sum after each spike, its own 1 included, as what is left of it at the end of the block.
    left: Vec<f32>,
    most: f64,
}

impl Sums {
    /// Of spikes that decay by `exp(-t / tau)`. A block must not be so long that nothing is left.
    #[allow(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "cells were checked when they came; single precision is what is shown"
    )]
    pub(super) fn of(
        spikes: &SpikeIndex,
        blocks: Blocks,
        tau: f64,
        mut each: impl FnMut(f64),
    ) -> Self {
        let mut last = vec![(f64::NEG_INFINITY, 0.0_f64); spikes.cells()];
        let mut most = 0.0_f64;
        let all = spikes.times().iter().zip(spikes.of());
        let left = all.map(|(time, cell)| {
            let (then, sum) = &mut last[*cell as usize];
            *sum = 1.0 + *sum * (-(time - *then) / tau).exp();
            *then = *time;
            most = most.max(*sum);
            each(*sum);
            (*sum * (-(blocks.end(*time) - time) / tau).exp()) as f32
        });
        let left = left.collect();
        Self { tau, left, most }
    }

    /// How long until less than `faint` is left of any sum.
    pub(super) fn until(&self, faint: f64) -> f64 {
        self.tau * (self.most / faint).max(1.0).ln()
    }

    /// What is left of the sums of a block's spikes, and by what each is multiplied at `time`.
    pub(super) fn at(&self, block: &Block, time: f64) -> (&[f32], f64) {
        let left = self.left.get(block.spikes.clone()).unwrap_or_default();
        (left, ((block.end - time) / self.tau).exp())
    }
}
