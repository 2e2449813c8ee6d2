//! Spike trains: which cell spiked when.
//!
//! Owns spikes in memory, and their files: SONATA's HDF5 and BMTK's text, read and written. It makes no
//! spikes and knows no simulation. Times are in ms everywhere; what a file has in another unit is
//! converted as it is read.
//!
//! Sources: SONATA developer guide, Spike file; what BMTK 1.2.0 and libsonata 0.2.2 write and read.

mod csv;
mod csv_write;
mod read;
mod sorter;
#[cfg(test)]
mod tests;
mod trains;
mod write;

pub use csv::read_csv;
pub use csv_write::SpikesCsvWriter;
pub use read::{SpikePopulation, SpikesFile};
pub use trains::SpikeTrains;
pub use write::SpikesWriter;

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

impl Sorting {
    /// SONATA's names, in the order of the values of its enumeration.
    pub const NAMES: [&'static str; 3] = ["none", "by_id", "by_time"];

    /// Its name in SONATA.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ById => "by_id",
            Self::ByTime => "by_time",
        }
    }

    /// Its value in SONATA's enumeration.
    pub(crate) fn value(self) -> u8 {
        match self {
            Self::None => 0,
            Self::ById => 1,
            Self::ByTime => 2,
        }
    }

    /// The order of that name, in SONATA's words or BMTK's; `None` where it is none of them.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "none" | "na" | "n/a" | "unknown" | "" => Some(Self::None),
            "by_id" | "id" | "node_id" | "gid" => Some(Self::ById),
            "by_time" | "time" => Some(Self::ByTime),
            _ => None,
        }
    }
}
