//! Spikes in the order in which they are drawn: those that have one value at a frame are together.
//!
//! Owns that order. Spikes of a frame are a run, and a run has four parts, by whether the spikes of the
//! same cell before and after are near: `last` of some that are near each other, `alone`, `first`, and
//! `within`. So those that are risen to from rest (`alone`, `first`) and those that fall to rest (`last`,
//! `alone`) are each one piece of cells, with one value. Those with another one after them that is near
//! (`first`, `within`) are ordered by how far that is, the farthest first: those that still count are in
//! front, and equal ones together. What is equal in all of this is in the order of cells, so that an array
//! is written from front to back.

use super::gaps::{Gap, Gaps};
use super::shape::Shape;
use crate::activity::SpikeIndex;

/// The spikes of a frame: where its parts begin.
#[derive(Debug, Clone, Copy)]
struct Run {
    frame: u64,
    last: u32,
    alone: u32,
    first: u32,
    within: u32,
    end: u32,
    /// Where the distances of `first` and `within` begin.
    gaps: u32,
}

/// The spikes of a population, ready to be drawn.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// In the order of frames; a frame without a spike has none.
    runs: Vec<Run>,
    of: Vec<u32>,
    /// How many frames after it the next spike is, where that is near.
    gaps: Vec<u16>,
}

impl Runs {
    /// Of the spikes from `first` on; those that are less than `near` frames from each other are near.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "there are fewer than 2^32 spikes; a key ends with 32 bits of a cell"
    )]
    pub(super) fn of(
        spikes: &SpikeIndex,
        first: usize,
        near: u16,
        frame: impl Fn(f64) -> u64,
    ) -> Self {
        let gaps = Gaps::of(spikes, first, &frame);
        let mut times = spikes.times().get(first..).unwrap_or_default();
        let mut of = spikes.of().get(first..).unwrap_or_default();
        let mut gaps = gaps.all();
        let mut made = Self::default();
        made.of.reserve_exact(of.len());
        let mut keys = Vec::new();
        while let Some(now) = times.first().map(|time| frame(*time)) {
            let here = times.iter().take_while(|time| frame(**time) == now).count();
            let (cells, other_cells) = of.split_at(here);
            let (apart, other_gaps) = gaps.split_at(here);
            (times, of, gaps) = (times.split_at(here).1, other_cells, other_gaps);
            keys.clear();
            let all = cells.iter().zip(apart);
            keys.extend(all.map(|(cell, gap)| key(*cell, *gap, near)));
            keys.sort_unstable();
            let start = made.of.len() as u32;
            let begins = |part: u64| start + keys.partition_point(|key| key >> PART < part) as u32;
            made.runs.push(Run {
                frame: now,
                last: start,
                alone: begins(1),
                first: begins(2),
                within: begins(3),
                end: begins(4),
                gaps: made.gaps.len() as u32,
            });
            made.of.extend(keys.iter().map(|key| *key as u32));
            let followed = keys.iter().filter(|key| **key >> PART >= 2);
            made.gaps.extend(followed.map(|key| !((key >> GAP) as u16)));
        }
        made.gaps.shrink_to_fit();
        made
    }

    /// Calls `each` with cells that are not at rest at a frame, from 0 on, and the value of all of them.
    /// No cell is met twice.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "no video has 2^53 frames; what is too large is the largest"
    )]
    pub(super) fn at(&self, frame: f64, shape: &Shape, mut each: impl FnMut(&[u32], f64)) {
        let edge = u64::from(shape.edge());
        // A spike up to 2 w before decides how deep a valley is in which the next one rises.
        let oldest = (frame as u64).saturating_add(1).saturating_sub(2 * edge);
        let from = self.runs.partition_point(|run| run.frame < oldest);
        let runs = self.runs.get(from..).unwrap_or_default().iter();
        for run in runs.take_while(|run| (run.frame as f64) < frame + edge as f64) {
            let peak = run.frame as f64;
            let since = frame - peak;
            if since < 0.0 {
                // One that is near is before this frame, and has given the cell its value; or it is the
                // first one after this frame.
                each(self.cells(run.alone, run.within), shape.before(frame, peak));
                continue;
            }
            if let Some(value) = shape.after(since, shape.near()) {
                each(self.cells(run.last, run.first), value);
            }
            let mut gaps = run.gaps as usize;
            for (start, end) in [(run.first, run.within), (run.within, run.end)] {
                let cells = self.cells(start, end);
                let apart = self.gaps.get(gaps..gaps + cells.len());
                gaps += cells.len();
                valleys(cells, apart.unwrap_or_default(), since, shape, &mut each);
            }
        }
    }

    fn cells(&self, start: u32, end: u32) -> &[u32] {
        self.of
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}

/// Of spikes whose next one is near, those that have the frame before it, `since` frames after them.
fn valleys(
    mut cells: &[u32],
    mut gaps: &[u16],
    since: f64,
    shape: &Shape,
    each: &mut impl FnMut(&[u32], f64),
) {
    // Where the next one is before this frame, too, it counts.
    while let Some(gap) = gaps.first().copied().filter(|gap| since < f64::from(*gap)) {
        let equal = gaps.iter().take_while(|other| **other == gap).count();
        let (these, others) = cells.split_at(equal.min(cells.len()));
        if let Some(value) = shape.after(since, gap) {
            each(these, value);
        }
        (cells, gaps) = (others, gaps.get(equal..).unwrap_or_default());
    }
}

/// Where in a key its part is, and the distance to the next spike; below is the cell.
const PART: u32 = 48;
const GAP: u32 = 32;

/// What spikes of a frame are ordered by.
fn key(cell: u32, gap: Gap, near: u16) -> u64 {
    let (part, after) = match (gap.before >= near, gap.after >= near) {
        (false, true) => (0, 0),
        (true, true) => (1, 0),
        (true, false) => (2, !gap.after),
        (false, false) => (3, !gap.after),
    };
    part << PART | u64::from(after) << GAP | u64::from(cell)
}
