//! Request and reply between askers who are in a hurry, are slow, or leave.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use blendtorch_transport::{
    Address, Bytes, Outgoing, Replier, ReplierOptions, Requester, RequesterOptions,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A guard against hangs, with room for a slow machine.
const LONG: Duration = Duration::from_secs(60);
/// Less than the ten seconds after which a replier gives up an answer that nobody takes.
const AT_ONCE: Duration = Duration::from_secs(5);

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

/// One who asks again before the replier looks again, each time. How fast each of them is does not
/// matter: they take turns in one thread.
#[test]
fn an_asker_in_a_hurry_keeps_no_other_waiting() {
    for direct in [true, false] {
        let mut replier = replier();
        let mut hurried = requester(replier.address(), true);
        let mut other = requester(replier.address(), direct);
        assert!(hurried.send(&message(10), LONG).unwrap());
        let mut ask_again = |replier: &mut Replier| {
            assert!(replier.reply(&message(10)).unwrap());
            assert!(hurried.recv(LONG).unwrap().is_some());
            assert!(hurried.send(&message(10), LONG).unwrap());
        };
        let asked_by = |replier: &mut Replier| replier.recv(LONG).unwrap().unwrap()[0].len();
        for _ in 0..20 {
            // Who asked last is looked at first.
            assert_eq!(asked_by(&mut replier), 10);
            ask_again(&mut replier);
            assert!(other.send(&message(11), LONG).unwrap());
            let (asked, mut meanwhile) = (Instant::now(), 0);
            while asked_by(&mut replier) == 10 {
                ask_again(&mut replier);
                meanwhile += 1;
                assert!(asked.elapsed() < LONG, "{meanwhile} of the one meanwhile");
                // What goes through the socket comes some time after it was sent, by other threads.
                std::thread::yield_now();
                assert!(!direct || meanwhile <= 100, "{meanwhile} of the one");
            }
            assert!(replier.reply(&message(11)).unwrap());
            assert!(other.recv(LONG).unwrap().is_some());
        }
    }
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
        let (stop, answer) = (AtomicBool::new(false), message(8 << 20));
        // A busy machine may stop one of them for as long as a replier that waits takes.
        let at_once = (0..3).find_map(|_| {
            let mut replier = replier();
            let mut slow = requester(replier.address(), direct);
            assert!(slow.send(&message(10), LONG).unwrap());
            assert!(replier.recv(LONG).unwrap().is_some());
            let start = Instant::now();
            assert!(replier.reply(&answer).unwrap());
            (start.elapsed() < AT_ONCE).then_some((replier, slow))
        });
        let (replier, mut slow) = at_once.expect("an answer that waits for nobody");
        let address = replier.address().clone();
        std::thread::scope(|scope| {
            let _stop = SetOnDrop(&stop);
            scope.spawn(|| serve(replier, &answer, &stop));
            let mut other = requester(&address, direct);
            assert_eq!(answer_to(&mut other, &message(10))[0].len(), 8 << 20);
            let late = slow.recv(LONG).unwrap().expect("an answer");
            assert_eq!(late[0].len(), 8 << 20);
            assert_eq!(answer_to(&mut slow, &message(10))[0].len(), 8 << 20);
        });
    }
}

#[test]
fn an_asker_who_leaves_before_the_answer_keeps_nobody_waiting() {
    for direct in [true, false] {
        let mut replier = replier();
        let mut next = requester(replier.address(), direct);
        let waited = [(); 3].map(|()| {
            let mut leaving = requester(replier.address(), direct);
            assert!(leaving.send(&message(10), LONG).unwrap());
            assert!(replier.recv(LONG).unwrap().is_some());
            drop(leaving);
            std::thread::sleep(Duration::from_millis(50)); // the news travels
            let start = Instant::now();
            replier.reply(&message(10)).unwrap();
            start.elapsed()
        });
        // Not each: a busy machine may stop one of them for as long.
        assert!(waited.iter().any(|&waited| waited < AT_ONCE), "{waited:?}");
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
    let (done, waited) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for direct in [true, false] {
            let mut replier = replier();
            let mut asker = requester(replier.address(), direct);
            assert!(asker.send(&message(10), Duration::MAX).unwrap());
            assert!(replier.recv(Duration::MAX).unwrap().is_some());
            assert!(replier.reply(&message(10)).unwrap());
            assert!(asker.recv(Duration::MAX).unwrap().is_some());
        }
        done.send(()).unwrap();
    });
    waited.recv_timeout(LONG).expect("a panic, or it hangs");
}
