//! What only processes show: memory that stays flat, crashes, and what they leave behind.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use blendtorch_transport::{Path, Sender, SenderOptions};
use std::time::{Duration, Instant};
use support::{
    Child, LONG, OF_A_LIFE, PART, Place, SHORT, WAYS, Way, number, once_in_a_few, receiver, recv,
    send, try_send, wait_for_life, wait_until_all_left,
};

const MEGABYTE: usize = 1 << 20;

/// What a process of this program does that was given a part; as a test it does nothing.
#[test]
fn role() {
    let Ok(part) = std::env::var(PART) else {
        return;
    };
    let words: Vec<&str> = part.split_whitespace().collect();
    let (what, address) = (words[0], words[1]);
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
        shm_bytes: if words[2] == "shm" { 64 << 20 } else { 0 },
        ..SenderOptions::default()
    };
    let sender = Sender::bind(&address, &options).unwrap();
    println!("says: {}", sender.address());
    let first = words[3].parse::<u32>().unwrap() * OF_A_LIFE;
    let mut sent = 0;
    loop {
        while try_send(&sender, first + sent, MEGABYTE, SHORT) {
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

fn producing(place: &Place, life: u32) -> Child {
    let shm = if place.shm() { "shm" } else { "inline" };
    Child::play(&format!("produce {} {shm} {life}", place.address))
}

/// The consumer takes one message and stops reading, as a debugger would stop it. The producer keeps
/// trying for seconds: it is held back, and the memory of neither grows.
#[test]
fn conformance_11_memory_stays_flat_beside_a_stalled_consumer() {
    for way in WAYS {
        let mut place = Place::new(way);
        let mut producer = producing(&place, 0);
        place.address = producer.says()[0].parse().unwrap();
        let mut consumer = Child::play(&format!("stall {}", place.address));
        // Until it is there the producer says so many times that it has sent nothing.
        while producer.says()[0] == "0" {}
        let mut counted = || -> [u64; 3] {
            let said = producer.says();
            [
                said[0].parse().unwrap(),
                said[1].parse().unwrap(),
                consumer.says()[0].parse().unwrap(),
            ]
        };
        // The producer is held back when its count stays the same over three seconds. After one of them
        // the memory does, too.
        let deadline = Instant::now() + LONG;
        let mut full = counted();
        let mut same = 0;
        while same < 30 {
            assert!(Instant::now() < deadline, "{way:?}: never held back");
            let now = counted();
            same = if now[0] == full[0] { same + 1 } else { 0 };
            if same <= 10 {
                full = now;
                continue;
            }
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

#[test]
fn a_producer_that_was_killed_and_started_again_is_found_again() {
    let paths = |way| {
        let place = Place::held(way);
        let mut consumer = None;
        [1, 2, 3].map(|life| {
            // What a crash leaves behind, a socket file or a name, does not keep the next one out.
            let mut producer = producing(&place, life);
            producer.says();
            let consumer = consumer.get_or_insert_with(|| place.receiver());
            wait_for_life(consumer, life);
            let peer = &consumer.peers().unwrap()[0];
            assert_eq!(peer.connections, u64::from(life), "{way:?}");
            producer.kill();
            peer.path.unwrap()
        })
    };
    for way in [Way::Tcp, Way::Ipc] {
        assert_eq!(paths(way), [Path::Inline; 3], "{way:?}");
    }
    for way in [Way::TcpShm, Way::IpcShm] {
        let shared = once_in_a_few(|| paths(way) == [Path::Shm; 3]);
        assert!(shared, "{way:?}");
    }
}

#[test]
fn the_memory_of_a_killed_consumer_comes_back() {
    let comes_back = |way| {
        let mut place = Place::new(way);
        let sender = place.sender();
        // Each dies with frames in its queue.
        for _ in 0..5 {
            let mut consumer = Child::play(&format!("stall {}", place.address));
            // So many it takes even when it is slow to come and to read.
            (0..10).for_each(|i| send(&sender, i, MEGABYTE));
            while try_send(&sender, 10, MEGABYTE, Duration::from_millis(500)) {}
            consumer.kill();
            wait_until_all_left(&sender);
        }
        let mut receiver = place.receiver();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..50).for_each(|i| send(&sender, i, MEGABYTE)));
            while number(&recv(&mut receiver)) != 49 {}
        });
        // One after the other none waits for a slot that another one has, unless a slot comes back late.
        let deadline = Instant::now() + LONG;
        let mut in_a_row = 0;
        while in_a_row < 10 && Instant::now() < deadline {
            send(&sender, 50, MEGABYTE);
            let received = recv(&mut receiver);
            in_a_row = if received.leased { in_a_row + 1 } else { 0 };
            if receiver.peers().unwrap()[0].path == Some(Path::Inline) {
                return false;
            }
        }
        assert_eq!(in_a_row, 10, "{way:?}: the slots are lost");
        true
    };
    for way in [Way::TcpShm, Way::IpcShm] {
        assert!(
            once_in_a_few(|| comes_back(way)),
            "{way:?}: no shared memory"
        );
    }
}
