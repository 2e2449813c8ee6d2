//! The ways of transport, and senders and receivers over them.

#![allow(dead_code, reason = "each test program uses its part")]

use blendtorch_transport::{
    Address, Bytes, Outgoing, Received, Receiver, ReceiverOptions, Sender, SenderOptions,
};
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
        }
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

pub(crate) fn wait_for_consumers(sender: &Sender, wanted: usize) {
    let deadline = Instant::now() + LONG;
    while sender.consumers().unwrap() < wanted {
        assert!(Instant::now() < deadline, "no consumer came");
        std::thread::yield_now();
    }
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
    lines: std::io::Lines<std::io::BufReader<std::process::ChildStdout>>,
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
        let lines = std::io::BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// The words of the next line it says, behind "says:".
    pub(crate) fn says(&mut self) -> Vec<String> {
        loop {
            let line = self.lines.next().expect("the process has ended").unwrap();
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
