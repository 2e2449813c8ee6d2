//! What every way of transport must do, run over tcp, ipc and shared memory alike.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use blendtorch_transport::{Bytes, Error, Path, Receiver, ReceiverOptions, Sender, SenderOptions};
use std::time::{Duration, Instant};
use support::{
    LONG, Place, SHORT, WAYS, Way, end, number, once_in_a_few, receiver, recv, send,
    three_consumers, try_send, wait_for_consumers, wait_until_all_left,
};

#[test]
fn messages_arrive_whole_and_in_order() {
    for way in WAYS {
        let mut place = Place::new(way);
        let sender = place.sender();
        let mut receiver = place.receiver();
        let producer = std::thread::spawn(move || {
            for i in 0..200 {
                // across every size class: inline, heap, pooled
                send(&sender, i, [0, 10, 5_000, 300_000][i as usize % 4]);
            }
            sender
        });
        for i in 0..200 {
            let received = recv(&mut receiver);
            assert_eq!(number(&received), i, "{way:?}");
            assert_eq!(
                received.frames[1].len(),
                [0, 10, 5_000, 300_000][i as usize % 4]
            );
        }
        producer.join().unwrap();
    }
}

#[test]
fn memory_that_is_lent_may_be_written_again_after_each_send() {
    for way in WAYS {
        let mut place = Place::new(way);
        let sender = place.sender();
        let mut receiver = place.receiver();
        wait_for_consumers(&sender, 1);
        let producer = std::thread::spawn(move || {
            let mut body = vec![0; 2 << 20];
            for i in 0..40_u32 {
                body.fill(i.to_le_bytes()[0]);
                let lent = Bytes::from(body);
                let head = Bytes::copy_from_slice(&i.to_le_bytes());
                let small = Bytes::copy_from_slice(&[7; 64]);
                let message = sender.lent(vec![head, lent.clone(), small]).unwrap();
                assert!(sender.send_timeout(&message, LONG).unwrap());
                drop(message);
                body = lent.try_into_mut().expect("it is still held").into();
            }
            sender
        });
        for i in 0..40 {
            if i % 10 == 9 {
                // What is sent meanwhile has to wait.
                std::thread::sleep(SHORT);
            }
            assert_eq!(number(&recv(&mut receiver)), i, "{way:?}");
        }
        producer.join().unwrap();
    }
}

#[test]
fn one_host_takes_shared_memory_where_it_is_offered() {
    let taken = |way| {
        let mut place = Place::new(way);
        let sender = place.sender();
        let mut receiver = place.receiver();
        let producer = std::thread::spawn(move || {
            send(&sender, 1, 300_000);
            sender
        });
        let received = recv(&mut receiver);
        let path = receiver.peers().unwrap()[0].path;
        producer.join().unwrap();
        (path, received.leased)
    };
    for way in [Way::Tcp, Way::Ipc] {
        assert_eq!(taken(way), (Some(Path::Inline), false), "{way:?}");
    }
    for way in [Way::TcpShm, Way::IpcShm] {
        let shared = once_in_a_few(|| taken(way) == (Some(Path::Shm), true));
        assert!(shared, "{way:?}");
    }
}

#[test]
fn nothing_is_taken_without_a_consumer() {
    for way in WAYS {
        let mut place = Place::new(way);
        let sender = place.sender();
        assert!(!try_send(&sender, 0, 100, SHORT), "{way:?}");
        assert_eq!(sender.consumers().unwrap(), 0);
    }
}

#[test]
fn a_stalled_consumer_blocks_the_producer_and_loses_nothing() {
    for way in WAYS {
        let mut place = Place::new(way);
        let sender = place.sender();
        let mut receiver = place.receiver();
        // Large frames, since kernel buffers take many small ones.
        let first = std::thread::scope(|scope| {
            let first = scope.spawn(|| recv(&mut receiver));
            send(&sender, 0, 1 << 20);
            first.join().unwrap()
        });
        assert_eq!(number(&first), 0);
        drop(first);
        let mut sent = 1;
        while try_send(&sender, sent, 1 << 20, SHORT) {
            sent += 1;
            assert!(sent < 200, "{way:?}: the queue does not end");
        }
        for i in 1..sent {
            assert_eq!(number(&recv(&mut receiver)), i, "{way:?}");
        }
        assert!(receiver.recv_timeout(SHORT).unwrap().is_none(), "{way:?}");
    }
}

#[test]
fn conformance_9_four_flooding_producers_are_served_in_turn() {
    let served = |way| {
        let mut places: Vec<_> = (0..4).map(|_| Place::new(way)).collect();
        let senders: Vec<_> = places.iter_mut().map(Place::sender).collect();
        let addresses: Vec<_> = places.iter().map(|place| place.address.clone()).collect();
        let mut receiver = receiver(&addresses);
        for sender in &senders {
            wait_for_consumers(sender, 1);
        }
        // All queues are full before the first message is taken; or nearly, where a thread that fills
        // them gets no processor for so long. The first large one waits for its consumer to move.
        let sent: Vec<usize> = senders
            .iter()
            .map(|sender| {
                (0..100)
                    .take_while(|&i| {
                        try_send(sender, i, 100_000, if i == 0 { LONG } else { SHORT })
                    })
                    .count()
            })
            .collect();
        let mut counts = [0; 4];
        if sent.iter().all(|&sent| sent >= 5) {
            for _ in 0..4 * 5 {
                counts[recv(&mut receiver).peer] += 1;
            }
        }
        (sent, counts)
    };
    for way in WAYS {
        let fair = once_in_a_few(|| {
            let (sent, counts) = served(way);
            println!("{way:?}: sent {sent:?}, served {counts:?}");
            // One whole round may be off while a queue is refilled from the one behind it.
            counts.iter().all(|&count| count >= 4)
        });
        assert!(fair, "{way:?}");
    }
}

#[test]
fn a_consumer_may_come_before_its_producer() {
    for way in WAYS {
        let mut place = Place::held(way);
        let mut receiver = place.receiver();
        assert!(receiver.recv_timeout(SHORT).unwrap().is_none());
        let sender = place.sender();
        std::thread::scope(|scope| {
            scope.spawn(|| send(&sender, 5, 1000));
            assert_eq!(number(&recv(&mut receiver)), 5, "{way:?}");
        });
    }
}

#[test]
fn a_restarted_producer_is_found_again() {
    for way in WAYS {
        let mut place = Place::held(way);
        let mut receiver = None;
        for life in 0..3 {
            let mut sender = place.sender();
            let receiver = receiver.get_or_insert_with(|| place.receiver());
            std::thread::scope(|scope| {
                scope.spawn(|| send(&sender, life, 100_000));
                assert_eq!(number(&recv(receiver)), life, "{way:?}");
            });
            // a crash: neither an end nor a linger
            sender.close(&end(), Duration::ZERO);
        }
        let peers = receiver.unwrap().peers().unwrap();
        assert_eq!(peers[0].connections, 3, "{way:?}");
    }
}

#[test]
fn nothing_is_lost_on_close() {
    for way in WAYS {
        let mut place = Place::new(way);
        let mut sender = place.sender();
        let mut receiver = place.receiver();
        let producer = std::thread::spawn(move || {
            (0..50).for_each(|i| send(&sender, i, 100_000));
            sender.close(&end(), LONG)
        });
        // The consumer is slower than the producer, which closes with full queues.
        let mut got = 0;
        loop {
            let received = recv(&mut receiver);
            if received.frames[0][..] == b"end"[..] {
                receiver.disconnect(received.peer).unwrap();
                break;
            }
            assert_eq!(number(&received), got, "{way:?}");
            got += 1;
            if got == 1 {
                std::thread::sleep(SHORT);
            }
        }
        assert!(producer.join().unwrap(), "{way:?}");
        assert_eq!(got, 50, "{way:?}");
    }
}

#[test]
fn every_consumer_is_told_the_end() {
    for way in WAYS {
        let mut place = Place::new(way);
        let mut sender = place.sender();
        let consumers = three_consumers(&place);
        wait_for_consumers(&sender, 3);
        (0..30).for_each(|i| send(&sender, i, 20_000));
        assert!(sender.close(&end(), LONG), "{way:?}");
        let got: u32 = consumers.into_iter().map(|c| c.join().unwrap()).sum();
        assert_eq!(got, 30, "{way:?}");
    }
}

#[test]
fn a_taken_address_is_an_error_that_names_it() {
    for way in WAYS {
        let mut place = Place::new(way);
        let _first = place.sender();
        let error = Sender::bind(&place.address, &SenderOptions::default()).unwrap_err();
        assert!(matches!(error, Error::AddressInUse(_)), "{way:?}: {error}");
        assert!(error.to_string().contains(&place.address.to_string()));
    }
}

#[test]
fn a_message_over_the_limit_costs_the_peer_its_connection() {
    for way in WAYS {
        let mut place = Place::new(way);
        let sender = place.sender();
        let options = ReceiverOptions {
            max_message_bytes: 10_000,
            ..ReceiverOptions::default()
        };
        let mut receiver =
            Receiver::connect(std::slice::from_ref(&place.address), &options).unwrap();
        let mut gets_nothing = || {
            let received = receiver.recv_timeout(SHORT).unwrap();
            assert!(received.is_none(), "{way:?}");
        };
        // Connecting, and trying again, is done while it receives.
        let deadline = Instant::now() + LONG;
        while !try_send(&sender, 0, 100_000, Duration::ZERO) {
            assert!(Instant::now() < deadline, "{way:?}: no consumer came");
            gets_nothing();
        }
        // Meanwhile it does not, so that the connection that is lost stays lost.
        wait_until_all_left(&sender);
        gets_nothing();
    }
}
