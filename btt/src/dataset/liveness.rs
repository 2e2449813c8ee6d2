//! What who started the publishers knows of them.
//!
//! Owns the question; whoever launches answers it. Nothing here starts or looks at a process.

use blendtorch_channels::control::{Found, InstanceReport, Mode, Seeker};
use blendtorch_transport::Address;
use blendtorch_wire::{End, How};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// How the process is that publishes at an address, or is to.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Life {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// It runs.
    Runs,
    /// It has ended: nothing more will come. How, and its last words.
    Ended(String),
    /// What the launcher of its fleet, on this host, tells of it.
    Told(Box<Found>),
}

impl Life {
    /// What the launcher tells of it, where one does.
    #[must_use]
    pub fn report(&self) -> Option<&InstanceReport> {
        match self {
            Self::Told(found) => Some(&found.instance),
            _ => None,
        }
    }

    /// Whether its process runs.
    pub(super) fn runs(&self) -> bool {
        match self {
            Self::Runs => true,
            Self::Told(found) => found.instance.mode == Mode::Running,
            Self::Unknown | Self::Ended(_) => false,
        }
    }

    /// Its last words, if nothing more will come; none where it has ended in order.
    pub(super) fn over(&self) -> Option<Option<String>> {
        match self {
            Self::Ended(words) => Some(Some(words.clone())),
            Self::Told(found) => {
                let one = &found.instance;
                let over = matches!(one.mode, Mode::Ended | Mode::Failed);
                let words = || one.report.clone().unwrap_or_default();
                over.then(|| (!one.ended_in_order).then(words))
            }
            Self::Unknown | Self::Runs => None,
        }
    }

    /// Whether another life follows one that comes to its end in this way.
    pub(super) fn returns_after(&self, how: &How) -> bool {
        self.report().is_some_and(|one| match how {
            How::Failed => one.returns_after_failure,
            _ => one.returns_after_end,
        })
    }
}

/// What is said of an address; whether that has to be asked now.
type Of = Arc<dyn Fn(&Address, bool) -> Life + Send + Sync>;

/// Who hears how the publisher at an address came to its end.
type Hears = Arc<dyn Fn(&Address, &End) + Send + Sync>;

/// Tells how the processes behind the addresses are.
///
/// With it, an instance that runs and has not made its publisher yet is waited for as long as one that
/// is connected ([`DatasetOptions::first_item_timeout`](crate::DatasetOptions::first_item_timeout)),
/// one that has ended is not waited for at all, and one whose launcher starts it again is the same
/// instance in another life. A dataset asks a few times a second for those that it misses.
///
/// ```
/// use btt::{Address, DatasetOptions, Life, Liveness};
///
/// let options = DatasetOptions {
///     // Without a launcher of ours: who started the publishers knows.
///     liveness: Some(Liveness::new(|_: &Address| Life::Runs)),
///     ..DatasetOptions::default()
/// };
/// # let _ = options;
/// ```
#[derive(Clone)]
pub struct Liveness {
    of: Of,
    hears: Option<Hears>,
}

impl Liveness {
    /// By what `of` says of an address.
    pub fn new(of: impl Fn(&Address) -> Life + Send + Sync + 'static) -> Self {
        Self {
            of: Arc::new(move |address, _| of(address)),
            hears: None,
        }
    }

    /// By what the launchers of this user's fleets on this host tell of their instances. The default.
    #[must_use]
    pub fn on_this_host() -> Self {
        let seeker = Mutex::new(Seeker::default());
        let of = move |address: &Address, now| {
            let mut seeker = seeker.lock().unwrap_or_else(PoisonError::into_inner);
            let found = seeker.find(&address.to_string(), now);
            found.map_or(Life::Unknown, |found| Life::Told(Box::new(found)))
        };
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

    /// What is known of it, perhaps since some moments.
    pub(crate) fn of(&self, address: &Address) -> Life {
        (self.of)(address, false)
    }

    /// What is known of it now.
    pub(crate) fn of_now(&self, address: &Address) -> Life {
        (self.of)(address, true)
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
