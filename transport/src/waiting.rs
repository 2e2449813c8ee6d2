//! Waiting for descriptors, and a bell among them for what has none.
//!
//! Owns deadlines that are too far away for a clock, waits that a signal ends, and rings that come
//! together. It must never know what is waited for.

use rustix::event::{EventfdFlags, PollFd, Timespec, eventfd, poll};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;
use std::time::{Duration, Instant};

/// When `timeout` is over; one that no clock can tell is far enough away.
pub(crate) fn after(timeout: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(1 << 30);
    Instant::now() + timeout.min(FAR)
}

/// Waits until one of `fds` is ready, or until `deadline`; whether one is.
pub(crate) fn wait(fds: &mut [PollFd<'_>], deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: left.subsec_nanos().into(),
    };
    // A signal ends the wait too, as if nothing had come; whoever waits looks for itself.
    poll(fds, Some(&left)).is_ok_and(|ready| ready > 0)
}

/// Ends the wait of one thread, also a wait that begins later.
#[derive(Debug)]
pub(crate) struct Bell {
    fd: OwnedFd,
    /// It rings: who rings as well need not ask the system.
    rings: AtomicBool,
}

impl Bell {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            fd: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            rings: AtomicBool::new(false),
        })
    }

    pub(crate) fn ring(&self) {
        if !self.rings.swap(true, Ordering::AcqRel) {
            // It fails only when it has rung without being heard.
            let _ = rustix::io::write(&self.fd, &1_u64.to_ne_bytes());
        }
    }

    /// Whether it rang since the last time; what it was rung for is looked at afterwards.
    pub(crate) fn silence(&self) -> bool {
        // In this order: a ring that falls in between counts for this time. The other way round it
        // would be taken from the system and still count, and no later one would be heard.
        let heard = rustix::io::read(&self.fd, &mut [0; 8]).is_ok();
        self.rings.swap(false, Ordering::AcqRel) || heard
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::PollFlags;
    use std::sync::atomic::AtomicU64;

    const LONG: Duration = Duration::from_secs(60);

    /// Regression: one that was rung while it was silenced was deaf from then on.
    #[test]
    fn each_ring_is_heard_also_while_it_is_silenced() {
        const PAIRS: u64 = 50_000;
        let (bell, rung, seen) = (Bell::new().unwrap(), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let deadline = after(LONG);
                for pair in 1..=PAIRS {
                    bell.ring();
                    // The second comes at any time while the first is heard.
                    (0..pair % 1000).for_each(|_| std::hint::spin_loop());
                    rung.store(pair, Ordering::Release);
                    bell.ring();
                    while seen.load(Ordering::Acquire) < pair && Instant::now() < deadline {
                        std::hint::spin_loop();
                    }
                }
            });
            let mut last = 0;
            while last < PAIRS {
                let rings = wait(&mut [PollFd::new(&bell, PollFlags::IN)], after(LONG));
                assert!(rings, "nothing is heard after {last}");
                bell.silence();
                last = rung.load(Ordering::Acquire);
                seen.store(last, Ordering::Release);
            }
        });
    }
}
