//! The way is chosen by size: small messages go inline on one host too, and the first large one calls
//! its consumers to shared memory.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use blendtorch_transport::{Path, Receiver};
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::time::Duration;
use support::{
    LONG, Place, WAYS, Way, end, number, once_in_a_few, receiver, recv, send, three_consumers,
    try_send, wait_for_consumers,
};

const SHARED: [Way; 2] = [Way::TcpShm, Way::IpcShm];
const SMALL: usize = 4_000;
const LARGE: usize = 300_000;

fn path(receiver: &Receiver) -> Option<Path> {
    receiver.peers().unwrap()[0].path
}

#[test]
fn small_messages_go_inline_and_a_large_one_calls_to_shared_memory() {
    for way in SHARED {
        let mut place = Place::new(way);
        let sender = place.sender();
        let mut receiver = place.receiver();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                (0..300).for_each(|i| send(&sender, i, SMALL));
                (300..330).for_each(|i| send(&sender, i, LARGE));
                (330..600).for_each(|i| send(&sender, i, SMALL));
            });
            for i in 0..300 {
                let received = recv(&mut receiver);
                assert_eq!((number(&received), received.leased), (i, false), "{way:?}");
                // It moves at any time after the last of them.
                assert!(i == 299 || path(&receiver) == Some(Path::Inline), "{way:?}");
            }
            // No message is lost on the way there, and none comes before another.
            let leased = (300..330)
                .filter(|&i| {
                    let received = recv(&mut receiver);
                    assert_eq!(number(&received), i, "{way:?}");
                    received.leased
                })
                .count();
            for i in 330..600 {
                assert_eq!(number(&recv(&mut receiver)), i, "{way:?}");
            }
            // Where a thread gets no processor for seconds, it may have stayed inline.
            assert!(
                leased == 30 || path(&receiver) == Some(Path::Inline),
                "{way:?}"
            );
        });
        // It is the same consumer.
        let peer = &receiver.peers().unwrap()[0];
        assert!(
            peer.connections == 1 || peer.path == Some(Path::Inline),
            "{way:?}"
        );
    }
}

#[test]
fn a_consumer_that_is_not_asking_moves_all_the_same() {
    let moves = |way| {
        let mut place = Place::new(way);
        let sender = place.sender();
        let mut receiver = place.receiver();
        wait_for_consumers(&sender, 1);
        // Nobody receives meanwhile: as many are taken as may wait.
        let taken = (0..8).all(|i| try_send(&sender, i, LARGE, LONG));
        assert!(taken, "{way:?}");
        for i in 0..8 {
            assert_eq!(number(&recv(&mut receiver)), i, "{way:?}");
        }
        path(&receiver) == Some(Path::Shm)
    };
    for way in SHARED {
        assert!(once_in_a_few(|| moves(way)), "{way:?}");
    }
}

#[test]
fn all_consumers_move_and_each_is_told_the_end() {
    for way in WAYS {
        let mut place = Place::new(way);
        let mut sender = place.sender();
        let consumers = three_consumers(&place);
        wait_for_consumers(&sender, 3);
        (0..60).for_each(|i| send(&sender, i, SMALL));
        // One of them may take this before the others have moved.
        send(&sender, 60, LARGE);
        assert!(sender.close(&end(), LONG), "{way:?}");
        let got: u32 = consumers.into_iter().map(|c| c.join().unwrap()).sum();
        assert_eq!(got, 61, "{way:?}");
    }
}

#[test]
fn where_the_name_is_taken_by_then_everything_goes_inline() {
    for way in SHARED {
        let mut place = Place::new(way);
        let sender = place.sender();
        let text = place.address.to_string();
        let (_, rest) = text.split_once("://").unwrap();
        let rest = rest.strip_prefix("127.0.0.1:").unwrap_or(rest);
        let user = rustix::process::geteuid().as_raw();
        let name = SocketAddr::from_abstract_name(format!("blendtorch-{user}-{rest}")).unwrap();
        let mut receiver = place.receiver();
        wait_for_consumers(&sender, 1);
        let squatter = UnixListener::bind_addr(&name).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..20).for_each(|i| send(&sender, i, LARGE)));
            for i in 0..20 {
                assert_eq!(number(&recv(&mut receiver)), i, "{way:?}");
            }
        });
        assert_eq!(path(&receiver), Some(Path::Inline), "{way:?}");
        drop(squatter);
    }
}

/// A publisher that dies just when it has called: the next one is found, by whatever way it offers.
#[test]
fn who_calls_and_dies_is_replaced_by_the_next() {
    use std::io::{Read, Write};
    let (port, _held) = support::held_port();
    let address = format!("tcp://127.0.0.1:{port}").parse().unwrap();
    let caller = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let mut receiver = receiver(&[address]);
    // It knocks, and then comes.
    drop(caller.accept().unwrap());
    let (mut stream, _) = caller.accept().unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let mut greeting = [0; 64];
    (greeting[0], greeting[9], greeting[10]) = (0xff, 0x7f, 3);
    greeting[12..16].copy_from_slice(b"NULL");
    stream.write_all(&greeting).unwrap();
    stream
        .write_all(b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PUSH")
        .unwrap();
    let mut said = [0; 64 + 28];
    stream.read_exact(&mut said).unwrap();
    stream.write_all(b"\x04\x05\x04MOVE").unwrap();
    assert!(
        receiver
            .recv_timeout(Duration::from_millis(50))
            .unwrap()
            .is_none()
    );
    drop((stream, caller));
    let mut place = Place::new(Way::TcpShm);
    place.address = format!("tcp://127.0.0.1:{port}").parse().unwrap();
    let sender = place.sender();
    std::thread::scope(|scope| {
        scope.spawn(|| send(&sender, 7, LARGE));
        assert_eq!(number(&recv(&mut receiver)), 7);
    });
}
