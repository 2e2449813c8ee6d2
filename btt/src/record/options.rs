//! How a recorder records, and what it has done.

use std::time::Duration;

/// How a [`Recorder`](crate::Recorder) records.
#[derive(Clone, Copy, Debug)]
pub struct RecorderOptions {
    /// Messages that are kept; more are dropped and counted; 100,000.
    pub max_messages: usize,
    /// Small messages are gathered: this many bytes of them are written at once; 1 MiB. A message
    /// that is larger is written immediately.
    pub chunk_bytes: usize,
    /// At most so many messages wait to be written; 10,000.
    pub flush_messages: usize,
    /// A message that comes this long after the last writing, or later, is written immediately,
    /// and with it all that wait; 1 s.
    pub flush_interval: Duration,
}

impl Default for RecorderOptions {
    fn default() -> Self {
        Self {
            max_messages: 100_000,
            chunk_bytes: 1 << 20,
            flush_messages: 10_000,
            flush_interval: Duration::from_secs(1),
        }
    }
}

/// What a recorder has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Messages in the file.
    pub messages: u64,
    /// Messages beyond the capacity, which were dropped.
    pub dropped: u64,
}
