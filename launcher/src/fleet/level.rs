//! How hard a fleet is asked to end, and how long its last words are waited for.
//!
//! Owns those two. It must never ask.

use std::time::Duration;

/// How long what the instances have printed is waited for after their end, where nobody takes it or
/// somebody else keeps it open. A busy machine may need seconds to print the last words.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(5);

/// How hard the instances are asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Run,
    Stop,
    Kill,
}
