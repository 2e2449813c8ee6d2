//! How far each spike is from its cell's neighbouring ones, in frames.

use super::SpikeIndex;

/// The distances of a spike; 65,535 where it is farther, or where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    /// To the one before.
    pub(super) before: u16,
    /// To the one after.
    pub(super) after: u16,
}

/// The distances of all spikes from `first` on.
#[derive(Debug, Default)]
pub(super) struct Gaps(Vec<Gap>);

impl Gaps {
    #[allow(
        clippy::indexing_slicing,
        reason = "the index of spikes has checked all cells"
    )]
    pub(super) fn of(spikes: &SpikeIndex, first: usize, frame: &impl Fn(f64) -> u64) -> Self {
        let none = Gap {
            before: u16::MAX,
            after: u16::MAX,
        };
        let times = spikes.times().get(first..).unwrap_or_default();
        let of = spikes.of().get(first..).unwrap_or_default();
        let mut gaps = vec![none; times.len()];
        // The last spike of each cell: its frame and its place.
        let mut last = vec![(0_u64, u32::MAX); spikes.cells()];
        for (at, (time, cell)) in times.iter().zip(of).enumerate() {
            let now = frame(*time);
            let (then, place) = last[*cell as usize];
            if place != u32::MAX {
                let gap = u16::try_from(now - then).unwrap_or(u16::MAX);
                gaps[at].before = gap;
                gaps[place as usize].after = gap;
            }
            #[allow(
                clippy::cast_possible_truncation,
                reason = "there are fewer than 2^32 spikes"
            )]
            let place = at as u32;
            last[*cell as usize] = (now, place);
        }
        Self(gaps)
    }

    /// Of each.
    pub(super) fn all(&self) -> &[Gap] {
        &self.0
    }
}
