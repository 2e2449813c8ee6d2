//! What only processes show: memory that stays flat, crashes, and what they leave behind.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use blendtorch_transport::{Path, Receiver, Sender, SenderOptions};
use std::time::{Duration, Instant};
use support::{Child, LONG, PART, Place, SHORT, WAYS, Way, number, receiver, recv, send, try_send};

const MEGABYTE: usize = 1 << 20;

/// What a process of this program does that was given a part; as a test it does nothing.
#[test]
fn role() {
    let Ok(part) = std::env::var(PART) else {
        return;
    };
    let words: Vec<&str> = part.split_whitespace().collect();
    let (what, address, shm) = (words[0], words[1], words.get(2) == Some(&"shm"));
    let address = address.parse().unwrap();
    if what == "stall" {
        let mut receiver = receiver(&[address]);
        recv(&mut receiver);
        loop {
            println!("says: {}", memory(std::process::id()));
            std::thread::sleep(SHORT);
        }
    }
    let options = SenderOptions {
        shm_bytes: if shm { 64 << 20 } else { 0 },
        ..SenderOptions::default()
    };
    let sender = Sender::bind(&address, &options).unwrap();
    println!("says: {}", sender.address());
    let mut sent = 0;
    loop {
        while try_send(&sender, sent, MEGABYTE, SHORT) {
            sent += 1;
        }
        println!("says: {sent} {}", memory(std::process::id()));
    }
}

/// Bytes of a process in memory: what is mapped, and memory files that it holds open.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let held = files.flatten().filter_map(|file| {
        let link = std::fs::read_link(file.path()).ok()?;
        let is_memory = link.to_string_lossy().starts_with("/memfd:");
        let blocks = std::os::unix::fs::MetadataExt::blocks(&std::fs::metadata(file.path()).ok()?);
        is_memory.then_some(blocks * 512)
    });
    resident.unwrap() * 1024 + held.sum::<u64>()
}

fn producing(place: &Place) -> Child {
    let shm = if place.shm() { "shm" } else { "inline" };
    Child::play(&format!("produce {} {shm}", place.address))
}

/// The consumer takes one message and stops reading, as a debugger would stop it. The producer keeps
/// trying for seconds: it is held back, and the memory of neither grows.
#[test]
fn conformance_11_memory_stays_flat_beside_a_stalled_consumer() {
    for way in WAYS {
        let mut place = Place::new(way);
        let mut producer = producing(&place);
        place.address = producer.says()[0].parse().unwrap();
        let mut consumer = Child::play(&format!("stall {}", place.address));
        let mut counted = || -> [u64; 3] {
            let said = producer.says();
            [
                said[0].parse().unwrap(),
                said[1].parse().unwrap(),
                consumer.says()[0].parse().unwrap(),
            ]
        };
        // The producer is held back when its count stays the same over a second.
        let deadline = Instant::now() + LONG;
        let mut full = counted();
        let mut same = 0;
        while same < 10 {
            assert!(Instant::now() < deadline, "{way:?}: never held back");
            let now = counted();
            same = if now[0] == full[0] { same + 1 } else { 0 };
            full = now;
        }
        for _ in 0..20 {
            let now = counted();
            assert_eq!(
                now[0], full[0],
                "{way:?}: it does not hold the producer back"
            );
            for (before, after) in full[1..].iter().zip(&now[1..]) {
                assert!(
                    *after < before + 4 * MEGABYTE as u64,
                    "{way:?}: {before} → {after}"
                );
            }
        }
        // Two queues of ten, what the kernel holds of a megabyte each, a pool: nothing near a leak.
        let bound = 96 * MEGABYTE as u64;
        assert!(full[1] < bound && full[2] < bound, "{way:?}: {full:?}");
        assert!(full[0] > 1 && full[0] < 80, "{way:?}: {full:?}");
    }
}

/// The next message of a new life, behind what the queues still held of the old one.
fn first_of_a_life(receiver: &mut Receiver) {
    let deadline = Instant::now() + LONG;
    while number(&recv(receiver)) != 0 {
        assert!(Instant::now() < deadline, "no new life");
    }
}

#[test]
fn a_producer_that_was_killed_and_started_again_is_found_again() {
    for way in WAYS {
        let mut place = Place::new(way);
        let mut consumer = None;
        for life in 1..=3 {
            // What a crash leaves behind, a socket file or a name, does not keep the next one out.
            let mut producer = producing(&place);
            place.address = producer.says()[0].parse().unwrap();
            let consumer = consumer.get_or_insert_with(|| place.receiver());
            first_of_a_life(consumer);
            assert_eq!(number(&recv(consumer)), 1, "{way:?}");
            let peer = &consumer.peers().unwrap()[0];
            assert_eq!(peer.connections, life, "{way:?}");
            let path = if place.shm() { Path::Shm } else { Path::Inline };
            assert_eq!(peer.path, Some(path), "{way:?}, life {life}");
            producer.kill();
        }
    }
}

#[test]
fn the_memory_of_a_killed_consumer_comes_back() {
    for way in [Way::TcpShm, Way::IpcShm] {
        let mut place = Place::new(way);
        let sender = place.sender();
        // Each dies with frames in its queue.
        for _ in 0..5 {
            let mut consumer = Child::play(&format!("stall {}", place.address));
            let mut sent = 0;
            while try_send(&sender, sent, MEGABYTE, Duration::from_millis(500)) {
                sent += 1;
            }
            assert!(sent > 0, "{way:?}");
            consumer.kill();
            let deadline = Instant::now() + LONG;
            while sender.consumers().unwrap() > 0 {
                assert!(Instant::now() < deadline, "{way:?}: a dead consumer stays");
                std::thread::yield_now();
            }
        }
        let mut receiver = place.receiver();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..50).for_each(|i| send(&sender, i, MEGABYTE)));
            let mut last = 0;
            while last != 49 {
                let received = recv(&mut receiver);
                last = number(&received);
                assert!(received.leased || last < 40, "{way:?}: the slots are lost");
            }
        });
    }
}
