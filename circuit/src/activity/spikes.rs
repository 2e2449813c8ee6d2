//! Spikes in the order of time, ready for any window of it.
//!
//! Owns which spikes count, and how many do not: what is of no cell, before 0, or no time at all is left
//! out and counted.

use std::ops::Range;
use std::sync::OnceLock;

use super::ActivityError;

/// More cells than this are taken for a damaged number: a value for each would be 400 MB.
pub const MOST_CELLS: usize = 100_000_000;

/// What was left out of the spikes that were given, and what was put right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of a cell that there is not; left out.
    pub outside: usize,
    /// Before 0 ms; left out.
    pub negative: usize,
    /// At a time that is no finite number; left out.
    pub nan: usize,
    /// Listed after a later one of the same cell; put in order.
    pub unsorted: usize,
}

/// The spikes of a population.
#[derive(Debug)]
pub struct SpikeIndex {
    cells: usize,
    /// In the order of time.
    times: Vec<f64>,
    of: Vec<u32>,
    counts: Counts,
    by_cell: OnceLock<ByCell>,
}

/// Where in the order of time the spikes of each cell are.
#[derive(Debug)]
struct ByCell {
    /// Those of cell `c` are `at[starts[c]..starts[c + 1]]`.
    starts: Vec<u32>,
    at: Vec<u32>,
}

impl SpikeIndex {
    /// Spike `k` is of cell `of[k]`, from 0 to before `cells`, at `times[k]` in ms; in any order.
    ///
    /// # Errors
    /// There are more than [`MOST_CELLS`] cells, too many spikes, or not as many cells as times.
    pub fn new(cells: usize, of: &[u32], times: &[f64]) -> Result<Self, ActivityError> {
        if cells > MOST_CELLS {
            return Err(ActivityError::Cells(cells));
        }
        if of.len() != times.len() {
            let (cells, times) = (of.len(), times.len());
            return Err(ActivityError::Lengths { cells, times });
        }
        if u32::try_from(of.len()).is_err() {
            return Err(ActivityError::Spikes(of.len()));
        }
        let mut counts = Counts::default();
        let mut good = |cell: u32, time: f64| {
            if cell as usize >= cells {
                counts.outside += 1;
            } else if !time.is_finite() {
                counts.nan += 1;
            } else if time < 0.0 {
                counts.negative += 1;
            } else {
                return true;
            }
            false
        };
        let mut kept: (Vec<u32>, Vec<f64>) = Default::default();
        kept.0.reserve_exact(of.len());
        kept.1.reserve_exact(of.len());
        for (&cell, &time) in of.iter().zip(times) {
            if good(cell, time) {
                kept.0.push(cell);
                // No time is -0, whose place in the order is another.
                kept.1.push(time + 0.0);
            }
        }
        let (mut of, mut times) = kept;
        if !times.is_sorted() {
            counts.unsorted = unsorted(cells, &of, &times);
            let mut pairs: Vec<(f64, u32)> = times.iter().copied().zip(of).collect();
            pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            (times, of) = pairs.into_iter().unzip();
        }
        Ok(Self {
            cells,
            times,
            of,
            counts,
            by_cell: OnceLock::new(),
        })
    }

    /// How many cells.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// How many spikes count.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether none counts.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// What was left out, and what was put right.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The times in ms, in order.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The cell of each.
    pub fn of(&self) -> &[u32] {
        &self.of
    }

    /// The time of the last one in ms; `None` where there is none.
    pub fn last_ms(&self) -> Option<f64> {
        self.times.last().copied()
    }

    /// Which spikes are from `start` on and before `end`, both in ms.
    pub fn window(&self, start: f64, end: f64) -> Range<usize> {
        let first = self.times.partition_point(|time| *time < start);
        let end = self.times.partition_point(|time| *time < end);
        first..end.max(first)
    }

    /// The times of a cell in ms, in order. The first call makes a table, which later ones use.
    ///
    /// # Errors
    /// There is no such cell.
    pub fn times_of(&self, cell: usize) -> Result<Vec<f64>, ActivityError> {
        let by = self.by_cell.get_or_init(|| self.by_cell());
        let missing = || ActivityError::Cell {
            cell,
            cells: self.cells,
        };
        if cell >= self.cells {
            return Err(missing());
        }
        let start = by.starts.get(cell).ok_or_else(missing)?;
        let end = by.starts.get(cell + 1).ok_or_else(missing)?;
        let at = by.at.get(*start as usize..*end as usize);
        let times = at.unwrap_or_default().iter();
        Ok(times
            .filter_map(|at| self.times.get(*at as usize).copied())
            .collect())
    }

    #[allow(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "cells were checked when they came; there are fewer than 2^32 spikes"
    )]
    fn by_cell(&self) -> ByCell {
        let mut starts = vec![0_u32; self.cells + 1];
        for cell in &self.of {
            starts[*cell as usize + 1] += 1;
        }
        for cell in 0..self.cells {
            starts[cell + 1] += starts[cell];
        }
        let mut next = starts.clone();
        let mut at = vec![0_u32; self.of.len()];
        for (spike, cell) in self.of.iter().enumerate() {
            let place = &mut next[*cell as usize];
            at[*place as usize] = spike as u32;
            *place += 1;
        }
        ByCell { starts, at }
    }
}

/// How many are listed after a later one of the same cell.
fn unsorted(cells: usize, of: &[u32], times: &[f64]) -> usize {
    let mut latest = vec![f64::NEG_INFINITY; cells];
    let mut count = 0;
    for (cell, time) in of.iter().zip(times) {
        if let Some(latest) = latest.get_mut(*cell as usize) {
            count += usize::from(*time < *latest);
            *latest = latest.max(*time);
        }
    }
    count
}
