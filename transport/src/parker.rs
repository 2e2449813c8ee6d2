//! A thread that waits for any of several sockets, the library's and ours.

use crate::waiting::{Bell, wait};
use crate::zmtp::Stream;
use rustix::event::{PollFd, PollFlags};
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

/// Wakes the one thread that waits, remembering a wake that came before the wait.
#[derive(Debug)]
pub(crate) struct Parker(Arc<Bell>);

impl Parker {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self(Arc::new(Bell::new()?)))
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker::from(self.0.clone())
    }

    /// Waits until a wake since the last wait, until one of `streams` can be read, or until
    /// `deadline`. Which can be read.
    pub(crate) fn wait_until(&self, streams: &[Arc<Stream>], deadline: Instant) -> Vec<bool> {
        let mut fds = vec![PollFd::new(&*self.0, PollFlags::IN)];
        fds.extend(streams.iter().map(|s| PollFd::new(&**s, PollFlags::IN)));
        wait(&mut fds, deadline);
        if !fds[0].revents().is_empty() {
            self.0.silence();
        }
        fds[1..].iter().map(|fd| !fd.revents().is_empty()).collect()
    }
}
