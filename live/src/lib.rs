//! Activity of a network while it is simulated: a [`Sender`] in the program that simulates tells
//! [`Viewer`]s what spiked in each interval, and hears what they have shown.
//!
//! Owns the messages (`docs/live.md` is the same in words), who waits for whom ([`Policy`]), and what
//! is counted of it. It must never know Blender, Python, or what simulates; how a network is drawn is
//! the viewer's business, and its description is text that passes through here.
//!
//! ```
//! use blendtorch_live::{Event, Hello, Sender, SenderOptions, Snapshot, Viewer};
//! use std::time::Duration;
//!
//! let mut viewer = Viewer::bind("tcp://127.0.0.1:0", None)?;
//! let hello = Hello::new(r#"{"legend": false}"#)
//!     .population("exc", &[[0.0, 0.0, 300.0], [50.0, 0.0, 310.0]])?
//!     .device("fibers", 2)?;
//! let mut sender = Sender::start(&[viewer.address()], hello, SenderOptions::default())?;
//! let mut snapshot = Snapshot::new(0, 0.0, 1.0);
//! snapshot.spikes.insert("exc".into(), vec![1]);
//! snapshot.devices.insert("fibers".into(), vec![4.2, 0.0]);
//! sender.send(snapshot)?;
//!
//! let second = Duration::from_secs(10);
//! assert!(matches!(viewer.next(second)?, Some(Event::Hello(hello)) if hello.cells("exc") == Some(2)));
//! let Some(Event::Snapshot(shown)) = viewer.next(second)? else { panic!("a snapshot") };
//! assert_eq!(shown.spikes["exc"], [1]);
//! viewer.seen(true)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod counts;
mod error;
mod message;
mod policy;
mod sender;
mod targets;
mod viewer;

pub use counts::{LinkCounts, LinkState, ViewerCounts};
pub use error::LiveError;
pub use message::{Ended, Faults, Hello, SOCKET, Snapshot};
pub use policy::Policy;
pub use sender::{News, Sender, SenderOptions};
pub use targets::targets;
pub use viewer::{Event, Viewer};
