//! Publishers that are killed and started again at the same address, at the worst moments.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use blendtorch_transport::{Path, Sender, SenderOptions};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use support::{
    Child, LONG, OF_A_LIFE, PART, Place, SHORT, Way, once_in_a_few, recv, send, try_send,
    wait_for_consumers, wait_for_life,
};

/// Small, and still large enough for shared memory.
const SMALL: usize = 20_000;

/// What a process of this program does that was given a part; as a test it does nothing.
#[test]
fn role() {
    let Ok(part) = std::env::var(PART) else {
        return;
    };
    let words: Vec<&str> = part.split_whitespace().collect();
    let options = SenderOptions {
        shm_bytes: if words[1] == "shm" { 64 << 20 } else { 0 },
        ..SenderOptions::default()
    };
    let sender = Sender::bind(&words[0].parse().unwrap(), &options).unwrap();
    println!("says: bound");
    let life: u32 = words[2].parse().unwrap();
    if life == 0 {
        // It sends nothing: that somebody is connected is all it says.
        wait_for_consumers(&sender, 1);
        println!("says: met");
        std::thread::sleep(LONG);
        return;
    }
    let mut number = life * OF_A_LIFE;
    loop {
        number += u32::from(try_send(&sender, number, SMALL, SHORT));
    }
}

fn publishing(place: &Place, life: u32) -> Child {
    let shm = if place.shm() { "shm" } else { "inline" };
    let mut child = Child::play(&format!("{} {shm} {life}", place.address));
    assert_eq!(child.says(), ["bound"]);
    child
}

/// Regression: its connection was never seen, and so not seen to go: it was waited for, three seconds
/// after it was dialled, and then frames came inline for half a minute.
#[test]
fn a_publisher_that_connects_and_dies_between_two_looks_is_seen_to_have_gone() {
    let path_of_the_next = |way| {
        let place = Place::held(way);
        let mut first = publishing(&place, 0);
        let mut receiver = place.receiver();
        // That has dialled, and looks again when it is asked for a message.
        assert_eq!(first.says(), ["met"]);
        first.kill();
        let _second = publishing(&place, 1);
        wait_for_life(&mut receiver, 1);
        let peer = &receiver.peers().unwrap()[0];
        (peer.connections, peer.path)
    };
    for way in [Way::Tcp, Way::Ipc] {
        assert_eq!(path_of_the_next(way), (2, Some(Path::Inline)), "{way:?}");
    }
    for way in [Way::TcpShm, Way::IpcShm] {
        let shared = once_in_a_few(|| path_of_the_next(way) == (2, Some(Path::Shm)));
        assert!(shared, "{way:?}");
    }
}

/// Regression: a handshake that its publisher did not survive was waited for likewise, and shared
/// memory was given up for half a minute.
#[test]
fn a_publisher_that_is_killed_right_after_accepting_costs_no_shared_memory() {
    let path_of_the_next = || {
        let place = Place::held(Way::TcpShm);
        let address = place.address.to_string();
        let (_, port) = address.rsplit_once(':').unwrap();
        let user = rustix::process::geteuid().as_raw();
        let name = SocketAddr::from_abstract_name(format!("blendtorch-{user}-{port}")).unwrap();
        let public = std::net::TcpListener::bind(address.strip_prefix("tcp://").unwrap()).unwrap();
        let shm = UnixListener::bind_addr(&name).unwrap();
        // It knocks at both, and then dials.
        let mut receiver = place.receiver();
        drop(shm.accept().unwrap());
        let (dialled, _) = shm.accept().unwrap();
        drop((dialled, shm, public));
        let sender = publishing(&place, 1);
        wait_for_life(&mut receiver, 1);
        drop(sender);
        receiver.peers().unwrap()[0].path
    };
    assert!(once_in_a_few(|| path_of_the_next() == Some(Path::Shm)));
}

/// Somebody else who has the name, and hangs up on everybody: frames come inline, and not never.
#[test]
fn who_hangs_up_on_every_handshake_over_shared_memory_is_left_alone() {
    let (port, _held) = support::held_port();
    let user = rustix::process::geteuid().as_raw();
    let name = SocketAddr::from_abstract_name(format!("blendtorch-{user}-{port}")).unwrap();
    let squatter = UnixListener::bind_addr(&name).unwrap();
    // It ends with the test's process.
    std::thread::spawn(move || squatter.incoming().for_each(drop));
    let address = format!("tcp://127.0.0.1:{port}").parse().unwrap();
    let sender = Sender::bind(&address, &SenderOptions::default()).unwrap();
    let mut receiver = support::receiver(&[address]);
    std::thread::scope(|scope| {
        scope.spawn(|| send(&sender, 9, 300_000));
        assert_eq!(support::number(&recv(&mut receiver)), 9);
    });
    assert_eq!(receiver.peers().unwrap()[0].path, Some(Path::Inline));
}
