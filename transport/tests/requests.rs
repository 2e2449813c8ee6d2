//! Request and reply between askers who are in a hurry, are slow, or leave.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use blendtorch_transport::{
    Address, Bytes, Outgoing, Replier, ReplierOptions, Requester, RequesterOptions,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A guard against hangs, with room for a slow machine.
const LONG: Duration = Duration::from_secs(60);

fn replier() -> Replier {
    let any: Address = "tcp://127.0.0.1:0".parse().unwrap();
    Replier::bind(&any, &ReplierOptions::default()).unwrap()
}

fn requester(address: &Address, direct: bool) -> Requester {
    let options = RequesterOptions {
        direct,
        ..RequesterOptions::default()
    };
    Requester::new(address, options)
}

fn message(len: usize) -> Outgoing {
    Outgoing::new(vec![vec![7; len].into()])
}

/// Answers with `answer` until told to stop.
fn serve(mut replier: Replier, answer: &Outgoing, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        if replier.recv(Duration::from_millis(10)).unwrap().is_some() {
            replier.reply(answer).unwrap();
        }
    }
}

/// Sets a flag however its owner ends.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn answer_to(asker: &mut Requester, question: &Outgoing) -> Vec<Bytes> {
    assert!(asker.send(question, LONG).unwrap());
    asker.recv(LONG).unwrap().expect("an answer")
}

#[test]
fn an_asker_in_a_hurry_keeps_no_other_waiting() {
    let replier = replier();
    let address = replier.address().clone();
    let (stop, answer) = (AtomicBool::new(false), message(10));
    let (enough, hurried) = (AtomicBool::new(false), AtomicUsize::new(0));
    let others = 100;
    std::thread::scope(|scope| {
        // Also where the test fails: the scope waits for its threads.
        let _ends = [SetOnDrop(&enough), SetOnDrop(&stop)];
        scope.spawn(|| serve(replier, &answer, &stop));
        let in_a_hurry = scope.spawn(|| {
            let mut asker = requester(&address, true);
            while !enough.load(Ordering::Relaxed) {
                answer_to(&mut asker, &message(10));
                hurried.fetch_add(1, Ordering::Relaxed);
            }
        });
        let meanwhile = [true, false].map(|direct| {
            let mut other = requester(&address, direct);
            answer_to(&mut other, &message(10));
            let before = hurried.load(Ordering::Relaxed);
            for _ in 0..others {
                answer_to(&mut other, &message(10));
            }
            hurried.load(Ordering::Relaxed) - before
        });
        // Nobody asks any more when the replier goes.
        enough.store(true, Ordering::Relaxed);
        in_a_hurry.join().unwrap();
        stop.store(true, Ordering::Relaxed);
        for meanwhile in meanwhile {
            assert!(
                meanwhile <= 100 * others,
                "{meanwhile} of the one, {others} of the other"
            );
        }
    });
}

#[test]
fn a_large_question_to_a_replier_that_is_busy_is_given_up_in_time() {
    let replier = replier();
    let mut asker = requester(replier.address(), true);
    let (done, given_up) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let sent = asker.send(&message(8 << 20), Duration::from_millis(100));
        done.send(sent).unwrap();
    });
    assert!(!given_up.recv_timeout(LONG).expect("it hangs").unwrap());
    drop(replier);
}

#[test]
fn a_large_answer_that_is_not_read_yet_keeps_nobody_waiting() {
    for direct in [true, false] {
        let mut replier = replier();
        let mut slow = requester(replier.address(), direct);
        assert!(slow.send(&message(10), LONG).unwrap());
        assert!(replier.recv(LONG).unwrap().is_some());
        let (stop, answer) = (AtomicBool::new(false), message(8 << 20));
        let start = Instant::now();
        assert!(replier.reply(&answer).unwrap());
        assert!(start.elapsed() < Duration::from_secs(5));
        let address = replier.address().clone();
        std::thread::scope(|scope| {
            scope.spawn(|| serve(replier, &answer, &stop));
            let mut other = requester(&address, direct);
            assert_eq!(answer_to(&mut other, &message(10))[0].len(), 8 << 20);
            let late = slow.recv(LONG).unwrap().expect("an answer");
            assert_eq!(late[0].len(), 8 << 20);
            assert_eq!(answer_to(&mut slow, &message(10))[0].len(), 8 << 20);
            stop.store(true, Ordering::Relaxed);
        });
    }
}

#[test]
fn an_asker_who_leaves_before_the_answer_keeps_nobody_waiting() {
    for direct in [true, false] {
        let mut replier = replier();
        let mut next = requester(replier.address(), direct);
        for _ in 0..3 {
            let mut leaving = requester(replier.address(), direct);
            assert!(leaving.send(&message(10), LONG).unwrap());
            assert!(replier.recv(LONG).unwrap().is_some());
            drop(leaving);
            std::thread::sleep(Duration::from_millis(50)); // the news travels
            let start = Instant::now();
            replier.reply(&message(10)).unwrap();
            assert!(start.elapsed() < Duration::from_secs(5));
        }
        assert!(next.send(&message(10), LONG).unwrap());
        assert!(replier.recv(LONG).unwrap().is_some());
        assert!(replier.reply(&message(11)).unwrap());
        assert_eq!(next.recv(LONG).unwrap().unwrap()[0].len(), 11);
    }
}

#[test]
fn an_answer_that_was_given_up_does_not_keep_the_next_question() {
    for direct in [true, false] {
        let mut replier = replier();
        let mut asker = requester(replier.address(), direct);
        for _ in 0..3 {
            assert!(asker.send(&message(10), LONG).unwrap());
            assert!(replier.recv(LONG).unwrap().is_some());
            asker.give_up();
            assert!(replier.recv(Duration::from_millis(20)).unwrap().is_none());
        }
        assert!(asker.send(&message(10), LONG).unwrap());
        assert!(replier.recv(LONG).unwrap().is_some());
        assert!(replier.reply(&message(11)).unwrap());
        assert_eq!(asker.recv(LONG).unwrap().unwrap()[0].len(), 11);
    }
}

#[test]
fn waiting_for_ever_is_no_panic() {
    for direct in [true, false] {
        let mut replier = replier();
        let mut asker = requester(replier.address(), direct);
        assert!(asker.send(&message(10), Duration::MAX).unwrap());
        assert!(replier.recv(Duration::MAX).unwrap().is_some());
        assert!(replier.reply(&message(10)).unwrap());
        assert!(asker.recv(Duration::MAX).unwrap().is_some());
    }
}
