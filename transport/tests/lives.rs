//! What many short lives leave behind, and what a stopped consumer does: nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use blendtorch_transport::{Sender, SenderOptions};
use rustix::process::{Pid, Signal, kill_process};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use support::{
    Child, LONG, OF_A_LIFE, PART, Place, SHORT, WAYS, Way, end, number, receiver, recv, try_send,
    wait_for_life,
};

/// What a process has is counted: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const MEGABYTE: usize = 1 << 20;

/// What a process of this program does that was given a part; as a test it does nothing.
#[test]
fn role() {
    let Ok(part) = std::env::var(PART) else {
        return;
    };
    let words: Vec<&str> = part.split_whitespace().collect();
    let way = || WAYS[words[1].parse::<usize>().unwrap()];
    if words[0] == "start-and-kill" {
        start_and_kill(way(), words[2].parse().unwrap());
        println!("says: done");
        return;
    }
    if words[0] == "stop" {
        stop_and_go_on(way());
        println!("says: done");
        return;
    }
    let address = words[1].parse().unwrap();
    if words[0] == "consume" {
        let mut receiver = receiver(&[address]);
        let mut got = 0;
        loop {
            let received = recv(&mut receiver);
            if received.frames[0][..] == b"end"[..] {
                println!("says: end {got}");
                return;
            }
            assert_eq!(number(&received), got);
            got += 1;
            println!("says: {got}");
        }
    }
    let options = SenderOptions {
        shm_bytes: if words[0] == "shm" { 64 << 20 } else { 0 },
        ..SenderOptions::default()
    };
    let sender = Sender::bind(&address, &options).unwrap();
    println!("says: {}", sender.address());
    let mut number = words[2].parse::<u32>().unwrap() * OF_A_LIFE;
    loop {
        number += u32::from(try_send(&sender, number, MEGABYTE, SHORT));
    }
}

/// Descriptors that this process has open, and the bytes that it has in memory.
fn resources() -> (usize, usize) {
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap().count();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    (
        descriptors,
        kilobytes.unwrap().parse::<usize>().unwrap() * 1024,
    )
}

/// Whether somebody listens on a name beside this address.
fn is_offered(place: &Place) -> bool {
    let port = place.address.to_string();
    let port = port.rsplit([':', '/']).next().unwrap().to_owned();
    let names = std::fs::read_to_string("/proc/net/unix").unwrap();
    names
        .lines()
        .any(|line| line.contains("@blendtorch-") && line.ends_with(&format!("-{port}")))
}

fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// So many producers are started, send a few megabytes, and are killed while they send more.
fn start_and_kill(way: Way, cycles: usize) {
    let place = Place::held(way);
    let mut consumer = None;
    let kind = if place.shm() { "shm" } else { "inline" };
    let mut settled = (0, 0);
    for life in 0..u32::try_from(cycles).unwrap() + 5 {
        let mut producer = Child::play(&format!("{kind} {} {life}", place.address));
        producer.says();
        let consumer = consumer.get_or_insert_with(|| place.receiver());
        wait_for_life(consumer, life);
        if matches!(way, Way::TcpShm) {
            assert!(is_offered(&place));
        }
        producer.kill();
        if life == 4 {
            settled = resources();
        }
    }
    if matches!(way, Way::TcpShm) {
        eventually("a name stays", || !is_offered(&place));
    }
    // The last life's connection may still be about to go.
    eventually("descriptors stay", || resources().0 <= settled.0 + 2);
    // A life has 8 MB of slots: one in ten that stays would be seen.
    let bound = settled.1 + (24 << 20).max(cycles / 10 * 8 * MEGABYTE);
    eventually("memory stays", || resources().1 < bound);
    drop(consumer);
}

/// Plays a part with each way, in processes of their own, whose resources are counted: most of the
/// time they wait, so that all of them together take as long as one.
fn each_way_by_itself(part: &str, more: &str) {
    let _alone = alone();
    std::thread::scope(|scope| {
        for way in 0..WAYS.len() {
            scope.spawn(move || {
                let mut process = Child::play(&format!("{part} {way} {more}"));
                // Each wait in it has its own limit.
                assert_eq!(process.says_within(30 * LONG), ["done"]);
            });
        }
    });
}

/// 60 lives of each way, or as many as `BLENDTORCH_LIVES` says (`make soak` says 250, a thousand in
/// all): what one in ten leaves is seen.
#[test]
fn producers_that_were_killed_leave_nothing_behind() {
    let lives = std::env::var("BLENDTORCH_LIVES").unwrap_or_else(|_| "60".into());
    each_way_by_itself("start-and-kill", &lives);
}

/// In one process: sockets, slots, threads and names go with the sender and the receiver.
#[test]
fn lives_that_end_well_leave_nothing_behind() {
    let _alone = alone();
    for way in WAYS {
        let life = || {
            let mut place = Place::new(way);
            let mut sender = place.sender();
            let mut receiver = place.receiver();
            let producer = std::thread::spawn(move || {
                for i in 0..5 {
                    assert!(try_send(&sender, i, MEGABYTE, LONG));
                }
                sender.close(&end(), LONG)
            });
            for i in 0..5 {
                assert_eq!(number(&recv(&mut receiver)), i);
            }
            let last = recv(&mut receiver);
            receiver.disconnect(last.peer).unwrap();
            assert!(producer.join().unwrap(), "{way:?}");
            if matches!(way, Way::TcpShm) {
                eventually("a name stays", || !is_offered(&place));
            }
        };
        (0..5).for_each(|_| life());
        let settled = resources();
        (0..40).for_each(|_| life());
        eventually("descriptors stay", || resources().0 <= settled.0 + 2);
        // Slots of forty lives would be 320 MB.
        let bound = settled.1 + (48 << 20);
        eventually("memory stays", || resources().1 < bound);
    }
}

/// Stopped as a debugger or a laptop's lid would stop it, for seconds; then it goes on.
#[test]
fn a_consumer_that_was_stopped_goes_on_where_it_was() {
    each_way_by_itself("stop", "");
}

fn stop_and_go_on(way: Way) {
    let mut place = Place::new(way);
    let mut sender = place.sender();
    let mut consumer = Child::play(&format!("consume {}", place.address));
    let mut sent = 0;
    let mut send = |sender: &Sender, timeout| {
        let taken = try_send(sender, sent, MEGABYTE, timeout);
        sent += u32::from(taken);
        taken
    };
    assert!(send(&sender, LONG));
    consumer.says();
    let process = Pid::from_raw(consumer.id().try_into().unwrap()).unwrap();
    kill_process(process, Signal::STOP).unwrap();
    // Until the queues are full, which one time in vain does not show where a thread that fills them
    // gets no processor for so long; and then in vain.
    let mut in_vain = 0;
    while in_vain < 3 {
        let taken = send(&sender, Duration::from_millis(500));
        in_vain = if taken { 0 } else { in_vain + 1 };
    }
    let settled = resources();
    let stopped = Instant::now();
    while stopped.elapsed() < Duration::from_secs(3) {
        assert!(!send(&sender, SHORT), "{way:?}: more than the queues hold");
    }
    assert_eq!(sender.consumers().unwrap(), 1, "{way:?}: it was given up");
    let now = resources();
    assert!(
        now.0 <= settled.0 && now.1 < settled.1 + 8 * MEGABYTE,
        "{way:?}"
    );
    kill_process(process, Signal::CONT).unwrap();
    for _ in 0..30 {
        assert!(send(&sender, LONG), "{way:?}");
    }
    assert!(sent >= 40, "{way:?}: {sent}");
    // The consumer leaves with the end, which it counts from the first message on.
    let closing = std::thread::spawn(move || sender.close(&end(), LONG));
    let count = loop {
        let words = consumer.says();
        if words[0] == "end" {
            break words[1].parse::<u32>().unwrap();
        }
    };
    assert_eq!(count, sent, "{way:?}");
    closing.join().unwrap();
}
