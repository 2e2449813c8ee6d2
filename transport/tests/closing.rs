//! What a close gives to whom, and what it says of the rest.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use blendtorch_transport::{Bytes, Closed, Linger, Receiver, ReceiverOptions, Sender};
use std::time::{Duration, Instant};
use support::{LONG, Place, SHORT, WAYS, end, recv, wait_for_consumers};

/// No consumer takes anything for so long: it has paused.
const PATIENCE: Linger = Linger::WhileTaken(Duration::from_millis(100));

fn head(number: u32) -> Bytes {
    let mut head = [0; 64];
    head[..4].copy_from_slice(&number.to_le_bytes());
    Bytes::copy_from_slice(&head)
}

fn try_send(sender: &Sender, number: u32, len: usize, timeout: Duration) -> bool {
    let body = sender.frame(len, |bytes| bytes.fill(1)).unwrap();
    let message = sender.counted(vec![head(number), body]).unwrap();
    sender.send_timeout(&message, timeout).unwrap()
}

/// One that holds little: what it does not take stays with the sender.
fn small_receiver(place: &Place) -> Receiver {
    let options = ReceiverOptions {
        high_water_mark: 1,
        ..ReceiverOptions::default()
    };
    Receiver::connect(std::slice::from_ref(&place.address), &options).unwrap()
}

/// Numbers until the end, or until nothing more comes.
fn take(receiver: &mut Receiver) -> (u32, bool) {
    let mut got = 0;
    while let Some(received) = receiver.recv_timeout(Duration::from_secs(1)).unwrap() {
        if received.frames[0][..] == b"end"[..] {
            receiver.disconnect(received.peer).unwrap();
            return (got, true);
        }
        assert_eq!(received.frames[0], head(got));
        got += 1;
    }
    (got, false)
}

/// Sends until all queues are full; how many.
fn fill(sender: &Sender, len: usize) -> u32 {
    let mut sent = 0;
    while try_send(sender, sent, len, if sent == 0 { LONG } else { SHORT }) {
        sent += 1;
    }
    sent
}

/// A close that lasted a second, whoever still took things, lost what a slow consumer had not.
#[test]
fn a_consumer_that_takes_its_time_gets_all() {
    for way in WAYS {
        let mut place = Place::new(way);
        let mut sender = place.sender();
        let mut receiver = small_receiver(&place);
        let producer = std::thread::spawn(move || {
            (0..50).for_each(|i| assert!(try_send(&sender, i, 1 << 20, LONG)));
            sender.close_until(&end(), Linger::WhileTaken(LONG), &mut || None)
        });
        for number in 0..50 {
            assert_eq!(recv(&mut receiver).frames[0], head(number), "{way:?}");
            if number == 37 {
                // Longer than a close used to last; the sender's queue has the last ones.
                std::thread::sleep(Duration::from_millis(1300));
            }
        }
        assert_eq!(recv(&mut receiver).frames[0][..], b"end"[..], "{way:?}");
        receiver.disconnect(0).unwrap();
        assert_eq!(producer.join().unwrap().undelivered, 0, "{way:?}");
    }
}

#[test]
fn what_a_paused_consumer_does_not_take_is_counted() {
    for way in WAYS {
        let mut place = Place::new(way);
        let mut sender = place.sender();
        let mut receiver = small_receiver(&place);
        let sent = fill(&sender, 1 << 20);
        let closed = sender.close_until(&end(), PATIENCE, &mut || None);
        assert_eq!(closed.waiting.len(), 1, "{way:?} {closed:?}");
        assert!(closed.undelivered > 0, "{way:?} {sent} {closed:?}");
        let (got, ended) = take(&mut receiver);
        assert!(!ended, "{way:?}: an end would say that this was all");
        assert_eq!(
            u64::from(got) + closed.undelivered,
            u64::from(sent),
            "{way:?}"
        );
    }
}

#[test]
fn what_was_written_reaches_a_paused_consumer_after_the_close() {
    for way in WAYS {
        let mut place = Place::new(way);
        let mut sender = place.sender();
        let mut receiver = place.receiver();
        (0..8).for_each(|i| assert!(try_send(&sender, i, 1000, LONG)));
        let closed = sender.close_until(&end(), Linger::WhileTaken(LONG), &mut || None);
        assert_eq!(
            (closed.undelivered, closed.waiting.len()),
            (0, 1),
            "{way:?}"
        );
        assert_eq!(take(&mut receiver), (8, true), "{way:?}");
    }
}

#[test]
fn who_is_in_a_hurry_ends_a_close_at_once_and_is_told_the_loss() {
    for way in WAYS {
        let mut place = Place::new(way);
        let mut sender = place.sender();
        let _receiver = small_receiver(&place);
        fill(&sender, 1 << 20);
        let mut asked = 0;
        // A time that has come ends it, however patient it was.
        let closed = sender.close_until(&end(), Linger::Most(100 * LONG), &mut || {
            asked += 1;
            (asked > 3).then(Instant::now)
        });
        assert!(closed.undelivered > 0, "{way:?}");
    }
}

#[test]
fn without_a_consumer_there_is_nobody_to_wait_for() {
    for way in WAYS {
        let mut place = Place::new(way);
        let mut never = place.sender();
        let forever = Linger::WhileTaken(100 * LONG);
        let closed = never.close_until(&end(), forever, &mut || None);
        assert_eq!(closed, Closed::default(), "{way:?}");
        let mut sender = place.sender();
        let receiver = small_receiver(&place);
        wait_for_consumers(&sender, 1);
        fill(&sender, 1 << 20);
        // It leaves with things queued for it: they go with it, and nobody waits for it.
        drop(receiver);
        let closed = sender.close_until(&end(), forever, &mut || None);
        assert_eq!(closed, Closed::default(), "{way:?}");
    }
}
