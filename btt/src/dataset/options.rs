//! How a dataset waits and what it accepts.

use super::liveness::Liveness;
use std::time::Duration;

/// How a [`RemoteIterableDataset`](crate::RemoteIterableDataset) waits and what it accepts.
#[derive(Clone, Debug)]
pub struct DatasetOptions {
    /// Messages queued for each address before its publisher is held back; 10.
    pub queue_size: u32,
    /// Silence longer than this is an error, and where items took longer lately, than four times the
    /// longest wait for one; 10 s. Time in which no item is asked for does not count.
    /// [`Duration::MAX`] waits for ever.
    pub timeout: Duration,
    /// A publisher that is connected gets this long for its first item: a first EEVEE frame
    /// compiles shaders; 120 s. So does an instance that is known to run (`liveness`).
    pub first_item_timeout: Duration,
    /// Tells how the instances are; by default the launchers of this user's fleets on this host do
    /// ([`Liveness::on_this_host`]). Without it, nothing is known of them but their connections.
    pub liveness: Option<Liveness>,
    /// The iteration ends after so many items; unlimited.
    pub max_items: Option<usize>,
    /// Bytes of a message; 1 GiB. A larger one costs its sender the connection.
    pub max_message_bytes: usize,
    /// Take shared memory where a publisher on this host offers it; true.
    pub shm: bool,
}

impl Default for DatasetOptions {
    fn default() -> Self {
        Self {
            queue_size: 10,
            timeout: Duration::from_secs(10),
            first_item_timeout: Duration::from_secs(120),
            liveness: Some(Liveness::on_this_host()),
            max_items: None,
            max_message_bytes: 1 << 30,
            shm: true,
        }
    }
}
