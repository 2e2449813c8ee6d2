//! Injected currents: several for a cell add up.
//!
//! Owns when a change acts, and the sum of what is injected into a cell. As a `step_current_generator`
//! that NEST's network has one step away: what changes at step n acts first in the update from n + 1
//! to n + 2.

use std::collections::BTreeMap;

use super::{EngineError, Grid};

/// A current over time, into some cells.
#[derive(Debug, Clone)]
pub(crate) struct Clamp {
    pub(crate) cells: Vec<u32>,
    /// From each step on, in pA.
    changes: Vec<(u64, f64)>,
}

impl Clamp {
    /// From (on, off, amplitude) in ms and pA. Each ends where the next begins, if it has not ended.
    pub(crate) fn new(
        grid: Grid,
        cells: &[u32],
        pulses: &[(f64, f64, f64)],
    ) -> Result<Self, EngineError> {
        let mut steps = Vec::with_capacity(pulses.len());
        for &(on, off, amplitude) in pulses {
            if !amplitude.is_finite() {
                return Err(EngineError::Input(format!(
                    "an injected current of {amplitude} pA: it must be finite"
                )));
            }
            let (on_step, off_step) = (grid.steps(on)?, grid.steps(off)?);
            if off_step < on_step {
                return Err(EngineError::Input(format!(
                    "an injected current from {on} to {off} ms: it must not end before it begins"
                )));
            }
            steps.push((on_step, off_step, amplitude));
        }
        steps.sort_by_key(|(on, _, _)| *on);
        let mut changes = Vec::with_capacity(2 * steps.len());
        for (at, (on, off, amplitude)) in steps.iter().enumerate() {
            changes.push((*on, *amplitude));
            if steps.get(at + 1).is_none_or(|(next, _, _)| off < next) {
                changes.push((*off, 0.0));
            }
        }
        Ok(Self {
            cells: cells.to_vec(),
            changes,
        })
    }

    fn current(&self, step: u64) -> Option<f64> {
        let behind = self.changes.partition_point(|(from, _)| *from <= step);
        let (_, current) = self.changes.get(behind.checked_sub(1)?)?;
        Some(*current)
    }
}

/// The sums of all clamps of each cell at each change, by the first step of update that they act in:
/// (step, cell, pA), in that order.
pub(crate) fn schedule(clamps: &[Clamp]) -> Vec<(u64, u32, f64)> {
    let mut of_cell: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (clamp, one) in clamps.iter().enumerate() {
        for cell in &one.cells {
            of_cell.entry(*cell).or_default().push(clamp);
        }
    }
    let mut all = Vec::new();
    for (cell, own) in of_cell {
        let of = |clamp: &usize| clamps.get(*clamp);
        let mut steps: Vec<u64> = own
            .iter()
            .filter_map(of)
            .flat_map(|clamp| clamp.changes.iter().map(|(step, _)| *step))
            .collect();
        steps.sort_unstable();
        steps.dedup();
        for step in steps {
            // In the order of the clamps, from zero, as NEST's buffer gathers them.
            let sum = own
                .iter()
                .filter_map(of)
                .filter_map(|clamp| clamp.current(step))
                .fold(0.0, |sum, current| sum + current);
            all.push((step + 1, cell, sum));
        }
    }
    all.sort_by_key(|(step, cell, _)| (*step, *cell));
    all
}
