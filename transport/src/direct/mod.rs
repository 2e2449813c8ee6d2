//! Request and reply between two programs of one user on one host: a Unix socket, without a thread
//! between them.
//!
//! A question and its answer are small and wait for each other, so that waking threads is all that
//! costs: through the ZeroMQ library four have to be woken each time, here none while both sides
//! look for a moment before they sleep. Owns the sockets, the framing and that moment.

mod listener;
mod stream;

pub(crate) use listener::Listener;
pub(crate) use stream::Stream;

use crate::Address;
use rustix::event::{PollFd, Timespec, poll};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long a message is looked for without sleeping. One from this host mostly comes sooner than a
/// sleeping thread wakes; nobody's processor is busy for longer than this because of it.
const SPIN: Duration = Duration::from_micros(200);
/// After so many looks in vain in a row, so many waits go without one: who answers takes longer.
const IN_VAIN: u32 = 4;
const WITHOUT: u32 = 32;

/// When to look before sleeping.
#[derive(Debug, Default)]
pub(crate) struct Spin {
    in_vain: u32,
    without: u32,
}

impl Spin {
    /// Until when to look, for a wait that begins now.
    fn until(&mut self, now: Instant) -> Instant {
        match self.without.checked_sub(1) {
            Some(left) => {
                self.without = left;
                now
            }
            None => now + SPIN,
        }
    }

    /// Looks with `look` for a moment, at most until `deadline`, leaving the processor to others who
    /// want it.
    pub(crate) fn look<T>(
        &mut self,
        deadline: Instant,
        mut look: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        let until = self.until(Instant::now()).min(deadline);
        loop {
            if let Some(found) = look() {
                self.in_vain = 0;
                return Some(found);
            }
            if Instant::now() >= until {
                break;
            }
            std::thread::yield_now();
        }
        self.in_vain += 1;
        if self.in_vain >= IN_VAIN {
            (self.in_vain, self.without) = (0, WITHOUT);
        }
        None
    }
}

/// The abstract name beside a public address; `None` where there is no direct way.
fn name(address: &Address) -> Option<SocketAddr> {
    let name = format!("{}-direct", address.shm_name()?);
    SocketAddr::from_abstract_name(name).ok()
}

/// When `timeout` is over; one that no clock can tell is far enough away.
pub(crate) fn after(timeout: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(1 << 30);
    Instant::now() + timeout.min(FAR)
}

/// Waits until one of `fds` is ready, or until `deadline`.
pub(crate) fn wait(fds: &mut [PollFd<'_>], deadline: Instant) {
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: left.subsec_nanos().into(),
    };
    // A signal ends the wait too; whoever waits looks for itself what there is.
    let _ = poll(fds, Some(&left));
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    const LONG: Duration = Duration::from_secs(60);

    fn soon() -> Instant {
        Instant::now() + LONG
    }

    fn streams() -> (Stream, Stream) {
        let (a, b) = UnixStream::pair().unwrap();
        let stream = |socket| Stream::new(socket, 1 << 20).unwrap();
        (stream(a), stream(b))
    }

    #[test]
    fn messages_arrive_whole_whatever_their_size() {
        let (mut a, mut b) = streams();
        let messages: Vec<Vec<Bytes>> =
            [&[0][..], &[], &[5, 0, 70_000], &[900_000, 1], &[200; 256]]
                .iter()
                .map(|lens| lens.iter().map(|len| vec![7_u8; *len].into()).collect())
                .collect();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for message in &messages {
                    a.send(message, soon()).unwrap();
                }
            });
            for message in &messages {
                assert_eq!(&b.recv(soon()).unwrap().unwrap(), message);
            }
        });
        assert_eq!(b.recv(Instant::now()).unwrap(), None);
    }

    #[test]
    fn two_messages_in_one_piece_are_two() {
        let (mut a, mut b) = streams();
        let message = vec![Bytes::from_static(b"question")];
        a.send(&message, soon()).unwrap();
        a.send(&message, soon()).unwrap();
        assert_eq!(b.recv(soon()).unwrap().unwrap(), message);
        assert_eq!(b.recv(soon()).unwrap().unwrap(), message);
    }

    #[test]
    fn a_peer_that_leaves_is_noticed_at_once_also_in_the_middle_of_a_message() {
        let (a, mut b) = streams();
        drop(a);
        assert!(b.recv(soon()).is_err());
        let (mut raw, b) = UnixStream::pair().unwrap();
        let mut b = Stream::new(b, 1 << 20).unwrap();
        raw.write_all(&[1, 0, 0, 0, 9]).unwrap();
        assert_eq!(b.recv(Instant::now()).unwrap(), None);
        drop(raw);
        assert!(b.recv(soon()).is_err());
    }

    #[test]
    fn forged_lengths_are_refused_before_anything_is_allocated() {
        const MOST: u64 = 1 << 20;
        for forged in [
            [&257_u32.to_le_bytes()[..], &[0; 8]].concat(),
            [&1_u32.to_le_bytes()[..], &(MOST + 1).to_le_bytes()].concat(),
            [
                &2_u32.to_le_bytes()[..],
                &(MOST / 2).to_le_bytes(),
                &(MOST / 2 + 1).to_le_bytes(),
            ]
            .concat(),
        ] {
            let (mut raw, b) = UnixStream::pair().unwrap();
            let mut b = Stream::new(b, 1 << 20).unwrap();
            raw.write_all(&forged).unwrap();
            assert!(b.recv(soon()).is_err());
        }
    }

    #[test]
    fn a_peer_that_does_not_read_is_waited_for_no_longer_than_asked() {
        let (mut a, _b) = streams();
        let message = vec![Bytes::from(vec![0; 900_000])];
        let sent = (0..100).all(|_| {
            let deadline = Instant::now() + Duration::from_millis(50);
            a.send(&message, deadline).is_ok()
        });
        assert!(!sent);
    }
}
