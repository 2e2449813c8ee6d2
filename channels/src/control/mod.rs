//! The control channel: what is asked of the instances of a fleet, and what they say of themselves.
//!
//! Three parties speak on it. An *instance* has a [`Desk`], which a thread of its own serves over a
//! Unix socket of its launcher; the *head*, in the launcher, knows all its instances; whoever asks
//! (a dataset, a training loop, `blendtorch status`) does so through a [`FleetClient`]. Beside it lies
//! a [`Page`] of memory for each instance, which says how it is also when it has been killed.
//!
//! Owns the words, the page and both ends of a line. It must never know what a parameter or a service
//! means, nor start or end a process. `docs/control.md` is the same in words.

mod about;
mod client;
mod desk;
mod error;
mod lines;
mod link;
mod mapped;
mod memory;
mod page;
mod place;
mod report;
mod search;
mod words;

pub use about::{About, Counters, Parameter};
pub use client::FleetClient;
pub use client::Outcomes;
pub use desk::{Desk, Stage, Work};
pub use error::{ControlError, PageError, Refusal, RefusalKind};
pub use lines::{LONGEST_LINE, decode, encode};
pub use link::{CONTROL, LIFE, Link, PAGE};
pub use memory::resident;
pub use page::{
    MOST_PUBLISHERS, Page, PageView, PublisherCount, PublisherSlot, Resume, State, address_mark,
    now_ns,
};
pub use place::{
    FleetRecord, RECORD, fleet_folders, is_ours, kernel_place, network, runtime_folder,
};
pub use report::{Epitaph, FleetReport, InstanceReport, Mode};
pub use search::{Found, Seeker};
pub use words::{
    Answer, FromInstance, FromPerson, Instances, PersonAsks, ToInstance, ToPerson, Wanted,
};
