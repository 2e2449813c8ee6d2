//! Request and reply between two programs of one user on one host: a Unix socket, without a thread
//! between them.
//!
//! A question and its answer are small and wait for each other, so that waking threads is all that
//! costs: through the ZeroMQ library four have to be woken each time, here none while both sides
//! look for a moment before they sleep. Owns the sockets, the framing and that moment.

mod listener;
mod spin;
mod stream;

pub(crate) use listener::Listener;
pub(crate) use spin::Spin;
pub(crate) use stream::Stream;

#[cfg(test)]
mod tests;
