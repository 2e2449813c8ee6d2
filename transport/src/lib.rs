//! PUSH/PULL, request/reply and pairs over tcp, ipc and shared memory.
//!
//! Owns sockets, addresses, high-water marks and the choice between shared memory and inline
//! frames. It must never know what a message means: it moves frames, which are bytes.
//!
//! A [`Sender`] binds one address. On one host its frames travel through shared memory, to every
//! other peer the same frames travel inline; which one is nobody's business but this crate's. A
//! [`Receiver`] connects to many addresses and takes from them fairly.
//!
//! PUSH and PULL over sockets are `zmtp`'s. The ZeroMQ implementation, `omq-tokio`, has the rest, and is
//! named nowhere outside this crate.

// From the ground up; imports run down. address, error, process: what all take. message, socket: the
// library's, as we use them. pool, in_flight: frames in memory. waiting: until something comes. direct,
// zmtp: sockets of our own. dial, outlets, line: ways to an address, and from one. closing, parker,
// leaving, peer: one end of a line, and who waits for it. sender, receiver, requester, replier, pair:
// what is shown.
mod address;
mod closing;
mod dial;
mod direct;
mod error;
mod in_flight;
mod leaving;
mod line;
mod message;
mod outlets;
mod pair;
mod parker;
mod peer;
mod pool;
mod process;
mod receiver;
mod replier;
mod requester;
mod sender;
mod socket;
mod waiting;
mod zmtp;

pub use address::{Address, AddressError};
pub use bytes::Bytes;
pub use closing::{Closed, Linger};
pub use dial::Path;
pub use error::Error;
pub use message::Outgoing;
pub use pair::{Pair, PairOptions};
pub use peer::PeerStatus;
pub use pool::{FrameCounts, FrameMut};
pub use receiver::{Received, Receiver, ReceiverOptions};
pub use replier::{Replier, ReplierOptions};
pub use requester::{Requester, RequesterOptions};
pub use sender::{Frames, Sender, SenderOptions};
