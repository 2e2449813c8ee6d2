//! A forked child that uses or drops what it inherited is told so, and disturbs nobody.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![allow(unsafe_code, reason = "fork has no safe form")]

mod support;

use blendtorch_transport::{Bytes, Error, Outgoing};
use std::time::Duration;
use support::{Place, WAYS, number, recv, send, wait_for_consumers};

/// Runs `work` in a forked child; its exit code.
fn in_a_child(work: impl FnOnce() -> i32) -> i32 {
    // SAFETY: the child runs only `work` and leaves by `_exit`: no destructor of the parent's runs in
    // it, and what it allocates glibc makes safe after a fork.
    match unsafe { libc::fork() } {
        0 => {
            let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            // SAFETY: ends the process at once.
            unsafe { libc::_exit(code.unwrap_or(99)) }
        }
        child => {
            assert!(child > 0, "fork: {}", std::io::Error::last_os_error());
            let mut status = 0;
            // SAFETY: `status` is a place for the answer, and `child` is a child of this process.
            let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert_eq!(waited, child);
            assert!(libc::WIFEXITED(status), "the child crashed: {status:x}");
            libc::WEXITSTATUS(status)
        }
    }
}

#[test]
fn a_child_that_uses_and_drops_inherited_sockets_disturbs_nobody() {
    for way in WAYS {
        let mut place = Place::new(way);
        let sender = place.sender();
        let mut receiver = place.receiver();
        wait_for_consumers(&sender, 1);
        send(&sender, 1, 300_000);
        assert_eq!(number(&recv(&mut receiver)), 1, "{way:?}");

        let mut inherited = Some((sender, receiver));
        let code = in_a_child(|| {
            let (sender, mut receiver) = inherited.take().unwrap();
            let message = Outgoing::new(vec![Bytes::from_static(b"from the child")]);
            let forked = |error: Error| matches!(error, Error::Forked);
            let refused = [
                sender
                    .send_timeout(&message, Duration::ZERO)
                    .is_err_and(forked),
                sender.frame(300_000, |_| ()).is_err_and(forked),
                sender.consumers().is_err_and(forked),
                receiver.recv_timeout(Duration::ZERO).is_err_and(forked),
                receiver.peers().is_err_and(forked),
            ];
            drop((sender, receiver));
            i32::from(!refused.into_iter().all(|refused| refused))
        });
        assert_eq!(code, 0, "{way:?}: the child was not refused");

        let (sender, mut receiver) = inherited.take().unwrap();
        for i in 2..50 {
            send(&sender, i, 300_000);
            assert_eq!(number(&recv(&mut receiver)), i, "{way:?}");
        }
    }
}
