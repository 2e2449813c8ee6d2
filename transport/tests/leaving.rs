//! Addresses that come and go while others are received from.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use blendtorch_transport::{Received, Receiver};
use std::time::Instant;
use support::{
    LONG, Place, SHORT, WAYS, end, number, receiver, recv, send, try_send, wait_for_consumers,
    wait_until_all_left,
};

/// Receives until nobody is left at the address.
fn rest(receiver: &mut Receiver, peer: usize) -> Vec<Received> {
    let deadline = Instant::now() + LONG;
    let mut all = Vec::new();
    while !receiver.peers().unwrap()[peer].ended {
        assert!(Instant::now() < deadline, "it is not left");
        all.extend(receiver.recv_timeout(SHORT).unwrap());
    }
    all
}

#[test]
fn an_address_that_is_added_is_received_from_like_the_others() {
    for way in WAYS {
        let (mut first, mut second) = (Place::new(way), Place::new(way));
        let (first_sender, second_sender) = (first.sender(), second.sender());
        let mut receiver = receiver(&[]);
        assert!(receiver.recv_timeout(SHORT).unwrap().is_none());
        assert_eq!(receiver.add(first.address.clone()).unwrap(), 0);
        send(&first_sender, 1, 5_000);
        assert_eq!(recv(&mut receiver).peer, 0);
        assert_eq!(receiver.add(second.address.clone()).unwrap(), 1);
        send(&second_sender, 2, 5_000);
        let received = recv(&mut receiver);
        assert_eq!((received.peer, number(&received)), (1, 2), "{way:?}");
        send(&first_sender, 3, 5_000);
        assert_eq!(recv(&mut receiver).peer, 0, "{way:?}");
    }
}

#[test]
fn what_a_sender_that_is_gone_had_sent_is_received_before_it_is_left() {
    for way in WAYS {
        let mut place = Place::new(way);
        let mut sender = place.sender();
        let mut receiver = place.receiver();
        assert!(receiver.recv_timeout(SHORT).unwrap().is_none());
        wait_for_consumers(&sender, 1);
        for i in 0..5 {
            send(&sender, i, 5_000);
        }
        sender.close(&end(), SHORT);
        receiver.leave(0).unwrap();
        let numbers: Vec<_> = rest(&mut receiver, 0)
            .iter()
            .filter(|received| received.frames.len() == 3)
            .map(number)
            .collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4], "{way:?}");
    }
}

#[test]
fn a_sender_that_never_pauses_is_left_all_the_same_and_may_be_rejoined() {
    for way in WAYS {
        let mut place = Place::new(way);
        let sender = place.sender();
        let mut receiver = place.receiver();
        std::thread::scope(|scope| {
            let sends = scope.spawn(|| {
                let (mut number, deadline) = (0, Instant::now() + LONG);
                while sender.consumers().unwrap() > 0 || number == 0 {
                    assert!(Instant::now() < deadline, "it is not left");
                    number += u32::from(try_send(&sender, number, 300_000, SHORT));
                }
            });
            recv(&mut receiver);
            receiver.leave(0).unwrap();
            let numbers: Vec<_> = rest(&mut receiver, 0).iter().map(number).collect();
            assert!(
                numbers.windows(2).all(|two| two[1] == two[0] + 1),
                "{way:?}"
            );
            sends.join().unwrap();
        });
        wait_until_all_left(&sender);
        receiver.rejoin(0).unwrap();
        wait_for_consumers_of(&mut receiver);
        send(&sender, 7, 300_000);
        assert_eq!(number(&recv(&mut receiver)), 7, "{way:?}");
    }
}

/// Until it is connected.
fn wait_for_consumers_of(receiver: &mut Receiver) {
    let deadline = Instant::now() + LONG;
    while receiver.peers().unwrap()[0].path.is_none() {
        assert!(Instant::now() < deadline, "it does not connect");
        assert!(receiver.recv_timeout(SHORT).unwrap().is_none());
    }
}
