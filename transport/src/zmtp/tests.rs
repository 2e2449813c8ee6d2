//! What goes over a connection, byte by byte, and peers that are slow or wrong.

use super::inbox::Inbox;
use super::stream::Stream;
use super::wire::{self, Head, Kind};
use super::{Pull, Push};
use crate::pool::FramePool;
use crate::waiting::{after, wait};
use crate::{Address, Outgoing};
use bytes::Bytes;
use rustix::event::{PollFd, PollFlags};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(60);
const MOST: usize = 1 << 20;

/// An inbox, and the other end of its connection.
fn inbox(come: &[u8]) -> (Inbox, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    theirs.set_read_timeout(Some(LONG)).unwrap();
    let inbox = Inbox::new(Arc::new(Stream::Unix(ours)), MOST, come);
    (inbox, theirs)
}

fn message(lens: &[usize]) -> Vec<Bytes> {
    let frame = |(at, len): (usize, &usize)| Bytes::from(vec![at as u8 + 1; *len]);
    lens.iter().enumerate().map(frame).collect()
}

fn bytes_of(frames: &[Bytes]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, frame) in (1..).zip(frames) {
        Head::write(frame.len(), at < frames.len(), &mut bytes);
        bytes.extend_from_slice(frame);
    }
    bytes
}

/// The next message of an inbox to which somebody writes.
fn next(inbox: &mut Inbox) -> Option<Vec<Bytes>> {
    let deadline = Instant::now() + LONG;
    loop {
        inbox.readable = true;
        if let Some(message) = inbox.try_recv() {
            return Some(message);
        }
        if inbox.is_lost() {
            return None;
        }
        assert!(Instant::now() < deadline, "nothing comes");
        std::thread::yield_now();
    }
}

#[test]
fn messages_are_the_same_wherever_their_bytes_are_cut() {
    let messages = [message(&[3, 0, 300]), message(&[0]), message(&[20_000, 5])];
    let bytes: Vec<u8> = messages
        .iter()
        .flat_map(|frames| bytes_of(frames))
        .collect();
    for cut in [1, 2, 3, 5, 6, 11, 13, 320, 325, 5000, bytes.len() - 6] {
        // The first part comes with the handshake, the second later.
        let (mut inbox, mut theirs) = inbox(&bytes[..cut]);
        theirs.write_all(&bytes[cut..]).unwrap();
        for message in &messages {
            assert_eq!(next(&mut inbox).as_ref(), Some(message), "cut at {cut}");
        }
        drop(theirs);
        assert_eq!(next(&mut inbox), None);
    }
}

#[test]
fn large_frames_come_whole_one_behind_the_other() {
    let (mut inbox, mut theirs) = inbox(&[]);
    let messages: Vec<_> = [
        &[200, 300_000][..],
        &[200, 700_000],
        &[16_385, 16_384],
        &[1],
    ]
    .map(message)
    .into();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for message in &messages {
                theirs.write_all(&bytes_of(message)).unwrap();
            }
        });
        for message in &messages {
            assert_eq!(next(&mut inbox).as_ref(), Some(message));
        }
    });
}

#[test]
fn what_is_larger_than_asked_for_costs_the_connection_before_it_comes() {
    let head = |len: usize, more| {
        let mut head = Vec::new();
        Head::write(len, more, &mut head);
        head
    };
    for forged in [
        head(MOST + 1, false),
        [
            bytes_of(&message(&[MOST / 2, 1]))[..MOST / 2 + 9].to_vec(),
            head(MOST / 2 + 1, false),
        ]
        .concat(),
        // The memory of frames that are empty counts, too.
        head(0, true).repeat(MOST / 64 + 2000),
        [&[2][..], &u64::MAX.to_be_bytes()].concat(),
    ] {
        let (mut inbox, mut theirs) = inbox(&[]);
        std::thread::scope(|scope| {
            // It may be hung up on before the end of this.
            scope.spawn(|| theirs.write_all(&forged).is_ok());
            assert_eq!(next(&mut inbox), None);
        });
    }
}

#[test]
fn a_publisher_that_leaves_in_the_middle_leaves_the_whole_messages() {
    let whole = message(&[5, 20_000]);
    let bytes = bytes_of(&whole);
    for end in [1, 100, 19_000] {
        let (mut inbox, mut theirs) = inbox(&[]);
        theirs
            .write_all(&[&bytes[..], &bytes[..end]].concat())
            .unwrap();
        drop(theirs);
        assert_eq!(next(&mut inbox).as_ref(), Some(&whole));
        assert_eq!(next(&mut inbox), None, "{end}");
    }
}

fn bind(high_water_mark: u32) -> (Push, Address) {
    let address: Address = "tcp://127.0.0.1:0".parse().unwrap();
    Push::bind(&address, high_water_mark).unwrap()
}

fn connect(address: &Address) -> TcpStream {
    let text = address.to_string();
    let stream = TcpStream::connect(text.strip_prefix("tcp://").unwrap()).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream
}

/// A consumer that says its words one by one.
fn shaken(push: &Push, address: &Address) -> TcpStream {
    let generation = push.generation();
    let mut stream = connect(address);
    for byte in wire::greeting() {
        stream.write_all(&[byte]).unwrap();
    }
    stream.read_exact(&mut [0; wire::GREETING]).unwrap();
    for byte in wire::ready(Kind::Pull, false) {
        stream.write_all(&[byte]).unwrap();
    }
    let mut ready = vec![0; wire::ready(Kind::Push, false).len()];
    stream.read_exact(&mut ready).unwrap();
    assert_eq!(ready, wire::ready(Kind::Push, false));
    push.wait_for_change(generation, LONG);
    assert_eq!(push.counts(), (1, 1));
    stream
}

fn send(push: &Push, message: &Outgoing) {
    let deadline = Instant::now() + LONG;
    while !push.try_send(message).unwrap() {
        assert!(Instant::now() < deadline, "nobody takes it");
        push.wait_for_room(LONG);
    }
}

#[test]
fn a_ping_is_answered_between_two_messages() {
    let (push, address) = bind(4);
    let mut stream = shaken(&push, &address);
    // More than the system holds: the answer falls in the middle of a message.
    let large = Outgoing::new(message(&[8 << 20]));
    let small = Outgoing::new(message(&[3]));
    send(&push, &large);
    send(&push, &small);
    stream.write_all(b"\x04\x0a\x04PING\0\0abc").unwrap();
    let mut expected = bytes_of(large.frames());
    let mut come = vec![0; expected.len()];
    stream.read_exact(&mut come).unwrap();
    assert!(come == expected, "a message is not interrupted");
    let pong = b"\x04\x08\x04PONGabc";
    expected = bytes_of(small.frames());
    let mut rest = vec![0; pong.len() + expected.len()];
    stream.read_exact(&mut rest).unwrap();
    let first = [pong, &expected[..]].concat();
    assert!(
        rest == first || rest == [&expected[..], pong].concat(),
        "{rest:?}"
    );
}

#[test]
fn who_is_no_pull_is_told_so() {
    let (push, address) = bind(4);
    let mut stream = connect(&address);
    stream.write_all(&wire::greeting()).unwrap();
    stream.write_all(&wire::ready(Kind::Push, false)).unwrap();
    let mut said = Vec::new();
    // A reset hangs up, too, behind what was said.
    let _ = stream.read_to_end(&mut said);
    let error = wire::error("not a PULL");
    assert!(said.ends_with(&error), "{said:?}");
    assert_eq!(push.counts(), (0, 0));
}

#[test]
fn a_burst_is_held_back_for_a_moment_only() {
    let (push, address) = bind(100);
    let mut stream = shaken(&push, &address);
    let message = Outgoing::new(message(&[10]));
    // Some of them are written together; the last one has nobody behind it.
    for _ in 0..50 {
        send(&push, &message);
    }
    let mut come = vec![0; 50 * 12];
    stream.read_exact(&mut come).unwrap();
    assert_eq!(come, bytes_of(message.frames()).repeat(50));
}

#[test]
fn a_stream_of_bursts_and_pauses_keeps_its_order() {
    let (push, address) = bind(10);
    let mut pull = Pull::dial(&address, MOST, false, Waker::noop().clone());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..2000_u32 {
                let len = if number % 100 == 99 { 200_000 } else { 50 };
                let body = Bytes::from(vec![number as u8; len]);
                send(
                    &push,
                    &Outgoing::new(vec![Bytes::copy_from_slice(&number.to_le_bytes()), body]),
                );
            }
        });
        let deadline = Instant::now() + LONG;
        for number in 0..2000_u32 {
            let message = loop {
                pull.is_readable();
                if let Some(message) = pull.try_recv() {
                    break message;
                }
                assert!(Instant::now() < deadline, "{number} does not come");
                std::thread::yield_now();
            };
            assert_eq!(message[0][..], number.to_le_bytes());
            assert!(message[1].iter().all(|byte| *byte == number as u8));
        }
    });
}

/// Regression: where its messages were taken in before it was looked at, it was never seen.
#[test]
fn a_publisher_that_came_and_went_before_the_first_look_is_told_of() {
    let (push, address) = bind(4);
    let mut pull = Pull::dial(&address, MOST, false, Waker::noop().clone());
    send(&push, &Outgoing::new(message(&[5])));
    push.close(LONG);
    let deadline = Instant::now() + LONG;
    while pull.try_recv().is_none() {
        assert!(Instant::now() < deadline, "nothing comes");
        pull.is_readable();
    }
    pull.prefetch(10);
    assert!(!pull.was_connected(), "nobody has looked");
    assert_eq!(pull.look(), Some(false));
    assert!(pull.was_connected());
    assert_eq!(pull.look(), None);
}

#[test]
fn strangers_take_no_place_for_ever() {
    let (push, address) = bind(4);
    let strangers: Vec<_> = (0..200).map(|_| connect(&address)).collect();
    // However many there are, a consumer that comes behind them is let in.
    let _consumer = shaken(&push, &address);
    drop(strangers);
}

/// A message whose last frame is lent, with all bytes alike, and who looks whether it still is.
fn lent(byte: u8, len: usize, pool: &Arc<FramePool>) -> (Outgoing, Weak<()>) {
    struct Owner(Vec<u8>, #[allow(dead_code, reason = "counted")] Arc<()>);
    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    let alive = Arc::new(());
    let held = Arc::downgrade(&alive);
    let frame = Bytes::from_owner(Owner(vec![byte; len], alive));
    let frames = vec![Bytes::from(vec![byte; 30]), frame];
    (Outgoing::new(frames).lend(pool.clone()), held)
}

fn pool() -> Arc<FramePool> {
    Arc::new(FramePool::new(0, 1))
}

#[test]
fn what_is_lent_is_given_back_whether_or_not_somebody_reads() {
    let (push, address) = bind(4);
    let mut stream = shaken(&push, &address);
    let pool = pool();
    // More than the system holds, and a small one, which waits in a burst.
    let lens = [20_000, 3 << 20, 8 << 20, 100];
    let mut expected = Vec::new();
    for (byte, len) in (1..).zip(lens) {
        let (message, held) = lent(byte, len, &pool);
        expected.extend(bytes_of(message.frames()));
        send(&push, &message);
        drop(message);
        assert_eq!(held.strong_count(), 0, "{len} bytes are kept");
    }
    assert!(pool.counts().heap > 0, "what waits is copied");
    let mut come = vec![0; expected.len()];
    stream.read_exact(&mut come).unwrap();
    assert!(come == expected, "other bytes came");
}

#[test]
fn what_goes_out_at_once_is_not_copied() {
    let (push, address) = bind(4);
    let mut stream = shaken(&push, &address);
    let pool = pool();
    for byte in 1..100 {
        let (message, held) = lent(byte, 30_000, &pool);
        let mut come = vec![0; bytes_of(message.frames()).len()];
        send(&push, &message);
        stream.read_exact(&mut come).unwrap();
        assert!(come == bytes_of(message.frames()));
        drop(message);
        assert_eq!(held.strong_count(), 0);
    }
    assert_eq!(pool.counts().heap, 0);
}

/// What a wait for the other end of a connection over tcp says.
fn wakes(inbox: &mut Inbox, timeout: Duration) -> bool {
    let stream = inbox.awaits().expect("nothing to wait for");
    wait(&mut [PollFd::new(&*stream, PollFlags::IN)], after(timeout))
}

#[test]
fn a_wait_ends_with_the_rest_of_a_large_frame_or_with_its_publisher() {
    for dies in [false, true] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        theirs.set_nodelay(true).unwrap();
        let ours = listener.accept().unwrap().0;
        ours.set_nonblocking(true).unwrap();
        let mut inbox = Inbox::new(Arc::new(Stream::Tcp(ours)), MOST, &[]);
        let large = message(&[40_000]);
        let bytes = bytes_of(&large);
        assert!(inbox.try_recv().is_none() && inbox.awaits().is_some());
        theirs.write_all(&bytes[..20_000]).unwrap();
        assert!(wakes(&mut inbox, LONG), "of a frame nothing is known");
        // All of it that has come.
        let deadline = Instant::now() + LONG;
        while inbox.to_come() != Some(bytes.len() - 20_000) {
            assert!(Instant::now() < deadline);
            inbox.readable = true;
            assert!(inbox.try_recv().is_none());
        }
        theirs.write_all(&bytes[20_000..25_000]).unwrap();
        let early = wakes(&mut inbox, Duration::from_millis(50));
        assert!(!early, "not at each piece");
        if dies {
            drop(theirs);
            assert!(wakes(&mut inbox, LONG), "nothing more will come");
            assert!(next(&mut inbox).is_none());
            continue;
        }
        theirs.write_all(&bytes[25_000..]).unwrap();
        assert!(wakes(&mut inbox, LONG));
        inbox.readable = true;
        assert_eq!(inbox.try_recv(), Some(large));
        // Of the next one anything counts.
        assert!(inbox.try_recv().is_none() && inbox.awaits().is_some());
        theirs.write_all(&bytes_of(&message(&[1]))).unwrap();
        assert!(wakes(&mut inbox, LONG), "a small one is waited for");
    }
}
