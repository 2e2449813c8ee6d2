//! Peers that lie, peers that speak something else, and names that others hold.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use blendtorch_transport::{Address, Path, Receiver, ReceiverOptions, Sender, SenderOptions};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::time::{Duration, Instant};
use support::{
    LONG, Place, WAYS, Way, held_port, number, receiver, recv, send, wait_for_consumers,
    wait_until_all_left,
};

/// ZMTP 3.1, <https://rfc.zeromq.org/spec/37/>: the greeting of an honest peer without security.
fn greeting() -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f]; // signature
    bytes.extend([3, 1]); // version
    let mut mechanism = [0; 20];
    mechanism[..4].copy_from_slice(b"NULL");
    bytes.extend(mechanism);
    bytes.push(0); // not as a server
    bytes.extend([0; 31]); // filler
    bytes
}

/// The READY command of such a peer, in which it says its socket's type.
fn ready(socket_type: &str) -> Vec<u8> {
    let mut body = vec![5]; // length of the command's name
    body.extend(b"READY");
    body.push(11);
    body.extend(b"Socket-Type");
    body.extend(u32::try_from(socket_type.len()).unwrap().to_be_bytes());
    body.extend(socket_type.as_bytes());
    let mut bytes = vec![4, u8::try_from(body.len()).unwrap()]; // a short command
    bytes.extend(body);
    bytes
}

/// What a sender takes at most of a consumer, and here a receiver of a producer.
const LIMIT: usize = 64 << 10;

/// The head of a frame that announces one byte more than is taken, and some of them.
fn forged_frame() -> Vec<u8> {
    let mut bytes = vec![2]; // a long frame, the last of its message
    bytes.extend((LIMIT as u64 + 1).to_be_bytes());
    bytes.extend([7; 100]);
    bytes
}

/// Either kind of connection.
trait Stream: Read + Write + Send {}
impl Stream for TcpStream {}
impl Stream for UnixStream {}

fn connect(address: &Address) -> Box<dyn Stream> {
    let text = address.to_string();
    match text.split_once("://").unwrap() {
        ("tcp", place) => {
            let stream = TcpStream::connect(place).unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            Box::new(stream)
        }
        (_, path) => {
            let stream = UnixStream::connect(path).unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            Box::new(stream)
        }
    }
}

/// The next connection; a panic where none comes, lest a test that fails wait for it for ever.
fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let deadline = Instant::now() + LONG;
    loop {
        match listener.accept() {
            Ok((stream, _)) => return stream,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                assert!(Instant::now() < deadline, "nobody connects");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

/// Reads until the other side hangs up; all that it said.
fn until_hung_up(stream: &mut dyn Stream) -> Vec<u8> {
    let mut said = Vec::new();
    if let Err(error) = stream.read_to_end(&mut said) {
        // A reset hangs up, too.
        let waits = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        assert!(!waits, "nobody hangs up");
    }
    said
}

/// A producer that announces more than is taken costs nothing but its connection, and others go on.
#[test]
fn a_forged_length_of_a_producer_is_not_believed() {
    for way in WAYS {
        let mut place = Place::new(way);
        let honest = place.sender();
        let liar = TcpListener::bind("127.0.0.1:0").unwrap();
        let lies_at: Address = format!("tcp://{}", liar.local_addr().unwrap())
            .parse()
            .unwrap();
        let options = ReceiverOptions {
            max_message_bytes: LIMIT,
            ..ReceiverOptions::default()
        };
        let mut receiver = Receiver::connect(&[lies_at, place.address.clone()], &options).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // The receiver may knock before it connects.
                loop {
                    let mut stream = accept(&liar);
                    stream.set_read_timeout(Some(LONG)).unwrap();
                    if stream.write_all(&greeting()).is_err() {
                        continue;
                    }
                    let mut theirs = [0; 64];
                    if stream.read_exact(&mut theirs).is_err() {
                        continue;
                    }
                    // Or be gone, if this has taken seconds.
                    if stream.write_all(&ready("PUSH")).is_err() {
                        continue;
                    }
                    let _ = stream.write_all(&forged_frame());
                    until_hung_up(&mut stream);
                    break;
                }
                // The liar was hung up on before the honest one begins.
                (0..20).for_each(|i| send(&honest, i, 5_000));
            });
            for i in 0..20 {
                let received = recv(&mut receiver);
                assert_eq!((received.peer, number(&received)), (1, i), "{way:?}");
            }
        });
    }
}

/// The same lie told to a producer.
#[test]
fn a_forged_length_of_a_consumer_is_not_believed() {
    for way in WAYS {
        let mut place = Place::new(way);
        let sender = place.sender();
        let mut liar = connect(&place.address);
        liar.write_all(&greeting()).unwrap();
        liar.read_exact(&mut [0; 64]).unwrap();
        liar.write_all(&ready("PULL")).unwrap();
        // It is a consumer like any other until it lies.
        wait_for_consumers(&sender, 1);
        liar.write_all(&forged_frame()).unwrap();
        until_hung_up(&mut *liar);
        // It may be counted for a moment longer, and what is sent go to it.
        wait_until_all_left(&sender);
        let mut receiver = place.receiver();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                wait_for_consumers(&sender, 1);
                (0..20).for_each(|i| send(&sender, i, 5_000));
            });
            for i in 0..20 {
                assert_eq!(number(&recv(&mut receiver)), i, "{way:?}");
            }
        });
    }
}

/// Whoever does not speak ZMTP is given none of the stream and takes nothing from others.
#[test]
fn a_browser_and_noise_are_given_nothing() {
    for way in WAYS {
        let mut place = Place::new(way);
        let sender = place.sender();
        let noise: Vec<u8> = (0..10_000_u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let mut strangers: Vec<_> = [&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], &noise]
            .into_iter()
            .map(|words| {
                let mut stream = connect(&place.address);
                // It may hang up before the end of this.
                let _ = stream.write_all(words);
                stream
            })
            .collect();
        let mut receiver = place.receiver();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..50).for_each(|i| send(&sender, i, 5_000)));
            for i in 0..50 {
                assert_eq!(number(&recv(&mut receiver)), i, "{way:?}");
            }
        });
        for stranger in &mut strangers {
            let said = until_hung_up(&mut **stranger);
            // At most a greeting: no command, no frame.
            assert!(said.len() <= 64, "{way:?}: {} bytes", said.len());
        }
    }
}

/// A peer that connects and says nothing holds nobody up.
#[test]
fn silent_connections_hold_nobody_up() {
    for way in WAYS {
        let mut place = Place::new(way);
        let sender = place.sender();
        let _silent: Vec<_> = (0..20).map(|_| connect(&place.address)).collect();
        let mut receiver = place.receiver();
        std::thread::scope(|scope| {
            scope.spawn(|| send(&sender, 3, 5_000));
            assert_eq!(number(&recv(&mut receiver)), 3, "{way:?}");
        });
        assert_eq!(sender.consumers().unwrap(), 1, "{way:?}");
    }
}

/// Somebody else holds the name under which shared memory would be offered: frames come inline.
#[test]
fn a_shared_memory_name_that_others_hold_costs_speed_and_nothing_else() {
    // The port must be known before the name is taken.
    let (port, _held) = held_port();
    let user = rustix::process::geteuid().as_raw();
    let name = SocketAddr::from_abstract_name(format!("blendtorch-{user}-{port}")).unwrap();
    let squatter = UnixListener::bind_addr(&name).unwrap();
    let address: Address = format!("tcp://127.0.0.1:{port}").parse().unwrap();
    let sender = Sender::bind(&address, &SenderOptions::default()).unwrap();
    let mut receiver = receiver(&[address]);
    std::thread::scope(|scope| {
        scope.spawn(|| send(&sender, 9, 300_000));
        // The squatter accepts nobody; the receiver gives up on it and takes the socket.
        assert_eq!(number(&recv(&mut receiver)), 9);
    });
    assert_eq!(receiver.peers().unwrap()[0].path, Some(Path::Inline));
    drop(squatter);
}

/// A socket file that nobody listens on is what a crash leaves; a live one is refused.
#[test]
fn a_stale_socket_file_is_replaced_and_a_live_one_is_not() {
    for way in [Way::Ipc, Way::IpcShm] {
        let mut place = Place::new(way);
        let text = place.address.to_string();
        let path = text.strip_prefix("ipc://").unwrap();
        drop(UnixListener::bind(path).unwrap());
        assert!(
            std::fs::exists(path).unwrap(),
            "the file of nobody is there"
        );
        let sender = place.sender();
        let mut receiver = place.receiver();
        std::thread::scope(|scope| {
            scope.spawn(|| send(&sender, 1, 5_000));
            assert_eq!(number(&recv(&mut receiver)), 1);
        });
        let second = Sender::bind(&place.address, &SenderOptions::default());
        assert!(second.is_err(), "{way:?}");
        // And the first one goes on.
        std::thread::scope(|scope| {
            scope.spawn(|| send(&sender, 2, 5_000));
            assert_eq!(number(&recv(&mut receiver)), 2);
        });
        let _ = receiver.recv_timeout(Duration::ZERO);
    }
}
