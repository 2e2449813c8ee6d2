//! The ways of transport, and senders and receivers over them.

#![allow(dead_code, reason = "each test program uses its part")]

use blendtorch_transport::{
    Address, Bytes, Outgoing, Received, Receiver, ReceiverOptions, Sender, SenderOptions,
};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A guard against hangs, with room for a slow machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);
pub(crate) const SHORT: Duration = Duration::from_millis(100);

/// One way of transport.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Tcp,
    TcpShm,
    Ipc,
    IpcShm,
}

pub(crate) const WAYS: [Way; 4] = [Way::Tcp, Way::TcpShm, Way::Ipc, Way::IpcShm];

pub(crate) struct Place {
    pub(crate) way: Way,
    pub(crate) address: Address,
    _folder: tempfile::TempDir,
    _held: Option<OwnedFd>,
}

impl Place {
    pub(crate) fn new(way: Way) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = match way {
            Way::Tcp | Way::TcpShm => "tcp://127.0.0.1:0".to_owned(),
            Way::Ipc | Way::IpcShm => format!("ipc://{}/socket", folder.path().display()),
        };
        Self {
            way,
            address: address.parse().unwrap(),
            _folder: folder,
            _held: None,
        }
    }

    /// One where nobody else comes in between while no sender is there.
    pub(crate) fn held(way: Way) -> Self {
        let mut place = Self::new(way);
        if matches!(way, Way::Tcp | Way::TcpShm) {
            let (port, held) = held_port();
            place.address = format!("tcp://127.0.0.1:{port}").parse().unwrap();
            place._held = Some(held);
        }
        place
    }

    pub(crate) fn shm(&self) -> bool {
        matches!(self.way, Way::TcpShm | Way::IpcShm)
    }

    /// Binds; the first time on a port that the system chooses, later on the same.
    pub(crate) fn sender(&mut self) -> Sender {
        let options = SenderOptions {
            shm_bytes: if self.shm() { 64 << 20 } else { 0 },
            ..SenderOptions::default()
        };
        let sender = Sender::bind(&self.address, &options).unwrap();
        self.address = sender.address().clone();
        sender
    }

    pub(crate) fn receiver(&self) -> Receiver {
        receiver(std::slice::from_ref(&self.address))
    }
}

pub(crate) fn receiver(addresses: &[Address]) -> Receiver {
    Receiver::connect(addresses, &ReceiverOptions::default()).unwrap()
}

/// A port that the system gives to nobody who asks for a free one. Who asks for this one gets it: a
/// socket that is bound and does not listen keeps out no other that reuses addresses, as senders do.
pub(crate) fn held_port() -> (u16, OwnedFd) {
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket, sockopt};
    let held = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    sockopt::set_socket_reuseaddr(&held, true).unwrap();
    bind(&held, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address: SocketAddrV4 = getsockname(&held).unwrap().try_into().unwrap();
    (address.port(), held)
}

pub(crate) fn wait_for_consumers(sender: &Sender, wanted: usize) {
    let deadline = Instant::now() + LONG;
    while sender.consumers().unwrap() < wanted {
        assert!(Instant::now() < deadline, "no consumer came");
        std::thread::yield_now();
    }
}

pub(crate) fn wait_until_all_left(sender: &Sender) {
    let deadline = Instant::now() + LONG;
    while sender.consumers().unwrap() > 0 {
        assert!(Instant::now() < deadline, "a consumer stays");
        std::thread::yield_now();
    }
}

/// Whether one of a few attempts does it, for what is rightly otherwise where somebody gets no processor
/// for seconds: after a handshake over shared memory that takes so long a consumer takes the socket.
pub(crate) fn once_in_a_few(mut attempt: impl FnMut() -> bool) -> bool {
    (0..10).any(|_| attempt())
}

pub(crate) fn end() -> Outgoing {
    Outgoing::new(vec![Bytes::from_static(b"end")])
}

pub(crate) fn send(sender: &Sender, number: u32, len: usize) {
    assert!(
        try_send(sender, number, len, LONG),
        "message {number} was not taken"
    );
}

pub(crate) fn try_send(sender: &Sender, number: u32, len: usize, timeout: Duration) -> bool {
    let body = sender
        .frame(len, |bytes| bytes.fill(number.to_le_bytes()[0]))
        .unwrap();
    let head = Bytes::copy_from_slice(&number.to_le_bytes());
    let small = Bytes::copy_from_slice(&[7; 64]);
    sender
        .send_timeout(&Outgoing::new(vec![head, body, small]), timeout)
        .unwrap()
}

pub(crate) fn recv(receiver: &mut Receiver) -> Received {
    receiver.recv_timeout(LONG).unwrap().expect("no message")
}

/// Consumers that take until they are told the end; how many each has got.
pub(crate) fn three_consumers(place: &Place) -> Vec<JoinHandle<u32>> {
    let consumer = |mut receiver: Receiver| {
        let mut got = 0;
        loop {
            let received = recv(&mut receiver);
            if received.frames[0][..] == b"end"[..] {
                receiver.disconnect(received.peer).unwrap();
                return got;
            }
            got += 1;
        }
    };
    (0..3)
        .map(|_| place.receiver())
        .map(|receiver| std::thread::spawn(move || consumer(receiver)))
        .collect()
}

/// Messages that a life of a producer may send. Each counts from its own number of these on, since its
/// first ones may be lost with a connection that was not made in time.
pub(crate) const OF_A_LIFE: u32 = 1_000_000;

/// Takes messages until some come of a life that is counted from 0: those that the queues still held of
/// an earlier one are passed by, and what comes then is in order.
pub(crate) fn wait_for_life(receiver: &mut Receiver, life: u32) {
    let deadline = Instant::now() + LONG;
    let first = loop {
        assert!(Instant::now() < deadline, "nothing of life {life}");
        let number = number(&recv(receiver));
        if number / OF_A_LIFE == life {
            break number;
        }
    };
    for i in 1..4 {
        assert_eq!(number(&recv(receiver)), first + i, "life {life}");
    }
}

pub(crate) fn number(received: &Received) -> u32 {
    let number = u32::from_le_bytes(received.frames[0][..].try_into().unwrap());
    let body = &received.frames[1];
    assert!(body.iter().all(|&byte| byte == number.to_le_bytes()[0]));
    assert_eq!(received.frames[2][..], [7; 64]);
    number
}

/// A process of this test program that plays a part in `role()`; it ends with this value.
pub(crate) struct Child {
    process: std::process::Child,
    lines: mpsc::Receiver<String>,
}

/// The variable that gives a process its part.
pub(crate) const PART: &str = "BLENDTORCH_TEST_PART";

impl Child {
    /// Runs the test `role` of this program with a part to play.
    pub(crate) fn play(part: &str) -> Self {
        use std::io::BufRead;
        let mut process = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "role", "--nocapture", "--test-threads=1"])
            .env(PART, part)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let said = std::io::BufReader::new(process.stdout.take().unwrap()).lines();
        let (pass_on, lines) = mpsc::channel();
        // It ends with the process, or when nobody listens to it any more.
        std::thread::spawn(move || {
            said.map_while(Result::ok)
                .try_for_each(|line| pass_on.send(line))
        });
        Self { process, lines }
    }

    /// The words of the next line it says, behind "says:".
    pub(crate) fn says(&mut self) -> Vec<String> {
        self.says_within(LONG)
    }

    pub(crate) fn says_within(&mut self, limit: Duration) -> Vec<String> {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.expect("the process has ended, or says nothing");
            // The test harness begins the line.
            if let Some((_, words)) = line.split_once("says:") {
                return words.split_whitespace().map(str::to_owned).collect();
            }
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as a crash would: with nothing said.
    pub(crate) fn kill(&mut self) {
        // That it has ended is the only error.
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}
