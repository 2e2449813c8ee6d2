//! PUSH and PULL over tcp and Unix sockets, by ZMTP 3.1 without security
//! (<https://rfc.zeromq.org/spec/37/>): readable by every PULL, and reads every PUSH.
//!
//! **Who waits, works.** Bytes are written by the thread that sends and read by the thread that
//! receives, straight from and into the memory of the frames; a message wakes no other thread. A keeper
//! of each side sees to the rest: it shakes hands, and goes on with what lies there while the owner is
//! elsewhere. Owns sockets, framing, and queues of so many messages as were asked for; it must never
//! know what a frame means, nor believe a length before it is checked.

// From the ground up: wire (bytes), low_water, stream (sockets). outbox, push, keeper: the sending side. inbox,
// pull: the receiving side.
mod inbox;
mod keeper;
mod low_water;
mod outbox;
mod pull;
mod push;
mod stream;
mod wire;

pub(crate) use pull::Pull;
pub(crate) use push::Push;
pub(crate) use stream::Stream;

#[cfg(test)]
mod tests;

use crate::socket::HANDSHAKE_TIMEOUT;

/// A command of a peer that is longer is a lie: hands are shaken with a hundred bytes.
const MAX_COMMAND: usize = 64 << 10;

/// The peer has gone, or speaks something else. Nothing more can be sent or received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lost;

impl From<rustix::io::Errno> for Lost {
    fn from(_: rustix::io::Errno) -> Self {
        Self
    }
}
