//! What happens between two intervals: the spikes of all blocks in one order, with those of the
//! sources, and the rows of the probes.

use std::sync::Mutex;

use super::block::{Arrival, Block, Rhythm};
use super::crew::{Plan, lock};
use super::pace::Pace;

/// What happened and the observer does not know yet.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// (step, cell), in that order.
    pub(crate) spikes: Vec<(u64, u32)>,
    /// (probe, step) of each row.
    pub(crate) rows: Vec<(usize, u64)>,
    /// The rows, one after the other.
    pub(crate) values: Vec<f64>,
}

impl Told {
    /// In numbers of 8 bytes.
    pub(crate) fn len(&self) -> usize {
        2 * (self.spikes.len() + self.rows.len()) + self.values.len()
    }

    pub(crate) fn clear(&mut self) {
        self.spikes.clear();
        self.rows.clear();
        self.values.clear();
    }
}

/// A probe, and where the values of each block go in its rows.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) rhythm: Rhythm,
    pub(crate) width: usize,
    /// For each block.
    pub(crate) of_block: Vec<Vec<u32>>,
}

/// The state of a simulation that is no block's.
#[derive(Debug)]
pub(crate) struct Conductor {
    /// The step that all blocks have reached.
    pub(crate) now: u64,
    pub(crate) goal: u64,
    /// The most steps of an interval.
    pub(crate) interval: u64,
    /// The rows of each block's ring.
    pub(crate) rows: u64,
    /// The spikes of all sources, (step, source), in that order.
    pub(crate) inputs: Vec<(u64, u32)>,
    pub(crate) next_input: usize,
    pub(crate) probes: Vec<Columns>,
    /// Within [`Self::gather`]: what is taken of each block's recorded values.
    pub(crate) taken: Vec<usize>,
    pub(crate) told: Told,
    pub(crate) pace: Pace,
}

impl Conductor {
    /// Plans the next interval; false where the goal is reached.
    pub(crate) fn next(&self, plan: &mut Plan) -> bool {
        if self.now >= self.goal {
            return false;
        }
        plan.from = self.now;
        plan.to = self.goal.min(self.now + self.interval);
        true
    }

    /// Takes what the blocks sent and recorded in the interval of `plan`, and leaves there what arrives
    /// of it.
    pub(crate) fn gather(&mut self, blocks: &[Mutex<Block>], plan: &mut Plan) {
        plan.arrivals.clear();
        self.taken.fill(0);
        for (within, step) in (plan.from..plan.to).enumerate() {
            let stamp = step + 1;
            let row = (step % self.rows) as u32;
            for block in blocks {
                for &source in lock(block).sent(within) {
                    self.inputs_below(stamp, source, row, plan);
                    plan.arrivals.push(Arrival { row, source });
                    self.told.spikes.push((stamp, source));
                }
            }
            self.inputs_below(stamp, u32::MAX, row, plan);
            self.record(blocks, stamp);
        }
        self.now = plan.to;
    }

    /// The spikes that sources before a member send at a step.
    fn inputs_below(&mut self, stamp: u64, member: u32, row: u32, plan: &mut Plan) {
        while let Some(&(step, source)) = self.inputs.get(self.next_input) {
            if (step, source) >= (stamp, member) {
                break;
            }
            plan.arrivals.push(Arrival { row, source });
            self.next_input += 1;
        }
    }

    fn record(&mut self, blocks: &[Mutex<Block>], step: u64) {
        for (probe, columns) in self.probes.iter().enumerate() {
            if !columns.rhythm.is_due(step) {
                continue;
            }
            let first = self.told.values.len();
            self.told.values.resize(first + columns.width, 0.0);
            let row = &mut self.told.values[first..];
            for (block, (columns, taken)) in blocks
                .iter()
                .zip(columns.of_block.iter().zip(&mut self.taken))
            {
                if columns.is_empty() {
                    continue;
                }
                let block = lock(block);
                let values = block.recorded().iter().skip(*taken);
                for (column, value) in columns.iter().zip(values) {
                    if let Some(place) = row.get_mut(*column as usize) {
                        *place = *value;
                    }
                }
                *taken += columns.len();
            }
            self.told.rows.push((probe, step));
        }
    }
}
