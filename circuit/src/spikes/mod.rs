//! Spike trains.

/// The order of spikes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sorting {
    /// None.
    #[default]
    None,
    /// By the cells' ids, and by time within each.
    ById,
    /// By time, and by id within each.
    ByTime,
}
