//! A forked child that uses or drops what it inherited is told so, and disturbs nobody.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![allow(unsafe_code, reason = "fork has no safe form")]

mod support;

use blendtorch_transport::{
    Address, Bytes, Error, Outgoing, Replier, ReplierOptions, Requester, RequesterOptions,
};
use std::time::{Duration, Instant};
use support::{LONG, Place, WAYS, number, recv, send, wait_for_consumers};

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
            let deadline = Instant::now() + LONG;
            loop {
                // SAFETY: `status` is a place for the answer, and `child` is a child of this process.
                let waited = unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) };
                if waited != 0 {
                    assert_eq!(waited, child);
                    break;
                }
                if Instant::now() >= deadline {
                    // It hangs, and is seen below to have been killed.
                    // SAFETY: `child` is a child of this process that was not waited for yet.
                    unsafe { libc::kill(child, libc::SIGKILL) };
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            assert!(
                libc::WIFEXITED(status),
                "the child crashed or hung: {status:x}"
            );
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

#[test]
fn a_child_that_drops_both_ends_of_a_question_disturbs_neither() {
    let address: Address = "tcp://127.0.0.1:0".parse().unwrap();
    for direct in [true, false] {
        let options = ReplierOptions {
            direct,
            ..ReplierOptions::default()
        };
        let mut replier = Replier::bind(&address, &options).unwrap();
        let mut requester = Requester::new(replier.address(), RequesterOptions::default());
        let question = Outgoing::new(vec![Bytes::from_static(b"?")]);
        let answer = Outgoing::new(vec![Bytes::from_static(b"!")]);
        let ask = |requester: &mut Requester, replier: &mut Replier| {
            assert!(requester.send(&question, LONG).unwrap());
            assert_eq!(replier.recv(LONG).unwrap().unwrap()[0], "?");
            assert!(replier.reply(&answer).unwrap());
            assert_eq!(requester.recv(LONG).unwrap().unwrap()[0], "!");
        };
        ask(&mut requester, &mut replier);
        assert_eq!(requester.is_direct(), Some(direct));

        let mut inherited = Some((requester, replier));
        let code = in_a_child(|| {
            let (mut requester, mut replier) = inherited.take().unwrap();
            let refused = requester.send(&question, Duration::ZERO).is_err()
                && replier.recv(Duration::ZERO).is_err();
            drop((requester, replier));
            i32::from(!refused)
        });
        assert_eq!(code, 0, "the child was not refused");
        let (mut requester, mut replier) = inherited.take().unwrap();
        for _ in 0..50 {
            ask(&mut requester, &mut replier);
        }
    }
}
