//! Messages over one connection.

use super::Stream;
use bytes::Bytes;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(60);

fn soon() -> Instant {
    Instant::now() + LONG
}

fn streams() -> (Stream, Stream) {
    let (a, b) = UnixStream::pair().unwrap();
    let stream = |socket| Stream::new(socket, 1 << 20).unwrap();
    (stream(a), stream(b))
}

#[test]
fn messages_arrive_whole_whatever_their_size() {
    let (mut a, mut b) = streams();
    let messages: Vec<Vec<Bytes>> = [&[0][..], &[], &[5, 0, 70_000], &[900_000, 1], &[200; 256]]
        .iter()
        .map(|lens| lens.iter().map(|len| vec![7_u8; *len].into()).collect())
        .collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for message in &messages {
                a.send(message, soon()).unwrap();
            }
        });
        for message in &messages {
            assert_eq!(&b.recv(soon()).unwrap().unwrap(), message);
        }
    });
    assert_eq!(b.recv(Instant::now()).unwrap(), None);
}

#[test]
fn two_messages_in_one_piece_are_two() {
    let (mut a, mut b) = streams();
    let message = vec![Bytes::from_static(b"question")];
    a.send(&message, soon()).unwrap();
    a.send(&message, soon()).unwrap();
    assert_eq!(b.recv(soon()).unwrap().unwrap(), message);
    assert_eq!(b.recv(soon()).unwrap().unwrap(), message);
}

#[test]
fn a_peer_that_leaves_is_noticed_at_once_also_in_the_middle_of_a_message() {
    let (a, mut b) = streams();
    drop(a);
    assert!(b.recv(soon()).is_err());
    let (mut raw, b) = UnixStream::pair().unwrap();
    let mut b = Stream::new(b, 1 << 20).unwrap();
    raw.write_all(&[1, 0, 0, 0, 9]).unwrap();
    assert_eq!(b.recv(Instant::now()).unwrap(), None);
    drop(raw);
    assert!(b.recv(soon()).is_err());
}

#[test]
fn forged_lengths_are_refused_before_anything_is_allocated() {
    const MOST: u64 = 1 << 20;
    for forged in [
        [&257_u32.to_le_bytes()[..], &[0; 8]].concat(),
        [&1_u32.to_le_bytes()[..], &(MOST + 1).to_le_bytes()].concat(),
        [
            &2_u32.to_le_bytes()[..],
            &(MOST / 2).to_le_bytes(),
            &(MOST / 2 + 1).to_le_bytes(),
        ]
        .concat(),
    ] {
        let (mut raw, b) = UnixStream::pair().unwrap();
        let mut b = Stream::new(b, 1 << 20).unwrap();
        raw.write_all(&forged).unwrap();
        assert!(b.recv(soon()).is_err());
    }
}

#[test]
fn a_peer_that_does_not_read_is_waited_for_no_longer_than_asked() {
    let (mut a, _b) = streams();
    let message = vec![Bytes::from(vec![0; 900_000])];
    let sent = (0..100).all(|_| {
        let deadline = Instant::now() + Duration::from_millis(50);
        a.send(&message, deadline).is_ok()
    });
    assert!(!sent);
}
