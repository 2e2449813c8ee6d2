//! What who started the publishers knows of them.
//!
//! Owns the question; whoever launches answers it. Nothing here starts or looks at a process.

use blendtorch_transport::Address;
use blendtorch_wire::End;
use std::fmt;
use std::sync::Arc;

/// How the process is that publishes at an address, or is to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// It runs.
    Runs,
    /// It has ended: nothing more will come. How, and its last words.
    Ended(String),
}

/// Tells how the processes behind the addresses are.
///
/// With it, an instance that runs and has not made its publisher yet is waited for as long as one that
/// is connected ([`DatasetOptions::first_item_timeout`](crate::DatasetOptions::first_item_timeout)),
/// and one that has ended is not waited for at all. A dataset asks a few times a second for those that
/// are not connected, and never while items come.
///
/// ```
/// use btt::{Address, DatasetOptions, Life, Liveness};
///
/// // With the launcher's `Fleet`: `let watch = fleet.watch();`, then in the closure
/// // `match watch.at(&address.to_string()) { … }`: examples/train has it.
/// let options = DatasetOptions {
///     liveness: Some(Liveness::new(|_: &Address| Life::Runs)),
///     ..DatasetOptions::default()
/// };
/// # let _ = options;
/// ```
#[derive(Clone)]
pub struct Liveness {
    of: Arc<dyn Fn(&Address) -> Life + Send + Sync>,
    hears: Option<Arc<Hears>>,
}

type Hears = dyn Fn(&Address, &End) + Send + Sync;

impl Liveness {
    /// By what `of` says of an address.
    pub fn new(of: impl Fn(&Address) -> Life + Send + Sync + 'static) -> Self {
        Self {
            of: Arc::new(of),
            hears: None,
        }
    }

    /// Also hears how a publisher came to its end, as soon as it has said so.
    #[must_use]
    pub fn hearing(self, hears: impl Fn(&Address, &End) + Send + Sync + 'static) -> Self {
        Self {
            hears: Some(Arc::new(hears)),
            ..self
        }
    }

    pub(crate) fn of(&self, address: &Address) -> Life {
        (self.of)(address)
    }

    pub(crate) fn hears(&self, address: &Address, end: &End) {
        if let Some(hears) = &self.hears {
            hears(address, end);
        }
    }
}

impl fmt::Debug for Liveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Liveness").finish_non_exhaustive()
    }
}
