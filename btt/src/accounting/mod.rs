//! Counts samples by identity: what came, came twice, came late, or is missing; and puts the books of
//! several consumers together.
//!
//! Owns the counters and all that they are counted from. It must never touch a socket: it is told
//! what came, and from where.

mod accounts;
mod books;
mod lives;
mod receipts;
mod seen;
mod stats;
#[cfg(test)]
mod tests;
mod together;

pub(crate) use accounts::Buried;
pub use books::StatsHandle;
pub(crate) use lives::Origin;
pub use receipts::{PublisherReceipts, PublisherTotals, Receipts, Totals};
pub use stats::{PublisherStats, Stats};
pub use together::Ledger;
