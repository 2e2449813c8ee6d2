//! A thread that waits for any of several sockets, the library's and ours.

use crate::direct::wait;
use crate::zmtp::Stream;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::time::Instant;

/// Wakes the one thread that waits, remembering a wake that came before the wait.
#[derive(Debug)]
pub(crate) struct Parker {
    woken: AtomicBool,
    bell: OwnedFd,
}

impl Parker {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            woken: AtomicBool::new(false),
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        })
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(self.clone())
    }

    /// Waits until a wake since the last wait, until one of `streams` can be read, or until
    /// `deadline`. Which can be read.
    pub(crate) fn wait_until(&self, streams: &[Arc<Stream>], deadline: Instant) -> Vec<bool> {
        let mut fds = vec![PollFd::new(&self.bell, PollFlags::IN)];
        let stream = |stream| PollFd::from_borrowed_fd(stream, PollFlags::IN);
        fds.extend(
            streams
                .iter()
                .map(|s| std::os::fd::AsFd::as_fd(&**s))
                .map(stream),
        );
        wait(&mut fds, deadline);
        if !fds[0].revents().is_empty() {
            self.woken.store(false, Ordering::Release);
            // What wakes from here on finds that what it wakes for is looked at afterwards.
            let _ = rustix::io::read(&self.bell, &mut [0; 8]);
        }
        fds[1..].iter().map(|fd| !fd.revents().is_empty()).collect()
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            // A full counter has rung already.
            let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
        }
    }
}
