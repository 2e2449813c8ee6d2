//! An instance's line to its launcher, served by a thread of its own.
//!
//! Owns the thread and the socket. It must never make the main thread wait: what that says is laid on
//! the desk, and a bell rung; and it must never end the work because the launcher says nonsense or is
//! gone.

use super::desk::Desk;
use super::error::Refusal;
use super::lines::{LineReader, decode, encode};
use super::words::{Answer, FromInstance, ToInstance};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use serde_json::Value;
use std::io::{self, ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The variable with the path of the socket.
pub const CONTROL: &str = "BLENDTORCH_CONTROL";
/// The variable with the path of the page of memory.
pub const PAGE: &str = "BLENDTORCH_PAGE";
/// The variable with the number of this life, from 1.
pub const LIFE: &str = "BLENDTORCH_LIFE";

/// Bytes that may wait for a launcher that does not read; beyond it the line is given up.
const MOST_UNSENT: usize = 16 << 20;

/// The line. It ends with the process.
#[derive(Debug)]
pub struct Link {
    outbox: Arc<Outbox>,
    bell: Arc<OwnedFd>,
}

/// What the main thread says, and how far that has gone.
#[derive(Debug, Default)]
struct Outbox {
    said: Mutex<Said>,
    /// Rung when all has been sent.
    sent: Condvar,
}

#[derive(Debug, Default)]
struct Said {
    words: Vec<FromInstance>,
    /// All that was taken from here is with the kernel.
    sent: bool,
    /// Nobody will take anything any more.
    over: bool,
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    /// Connects, and serves `desk` from now on.
    ///
    /// # Errors
    /// Nobody listens there, or there is no thread to be had.
    pub fn open(socket: &Path, desk: Arc<Desk>) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_nonblocking(true)?;
        let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let outbox = Arc::<Outbox>::default();
        let line = Line {
            reader: LineReader::new(stream.try_clone()?),
            stream,
            unsent: Vec::new(),
            desk,
            outbox: Arc::clone(&outbox),
            bell: Arc::clone(&bell),
        };
        std::thread::Builder::new()
            .name("blendtorch-line".into())
            .spawn(move || line.serve())?;
        Ok(Self { outbox, bell })
    }

    /// Answers what was asked under that number.
    pub fn answer(&self, id: u64, outcome: Result<Value, Refusal>) {
        self.say(FromInstance::Answer(Answer { id, outcome }));
    }

    /// Says that the script was left by an error.
    pub fn script_error(&self, traceback: &str) {
        let traceback = traceback.to_owned();
        self.say(FromInstance::ScriptError { traceback });
    }

    /// Says something that nobody has asked for; `topic` tells listeners whether it is for them.
    pub fn tell(&self, topic: &str, value: Value) {
        let topic = topic.to_owned();
        self.say(FromInstance::Said { topic, value });
    }

    /// Something on the desk is to be told.
    pub fn ring(&self) {
        // It fails only when it has rung without being heard.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    /// Waits, at most `timeout`, until all that was said is sent, or nobody hears it any more: the
    /// process is about to end.
    pub fn flush(&self, timeout: Duration) {
        self.ring();
        let waiting = |said: &mut Said| !(said.over || (said.sent && said.words.is_empty()));
        let said = self.outbox.lock();
        drop(self.outbox.sent.wait_timeout_while(said, timeout, waiting));
    }

    fn say(&self, word: FromInstance) {
        self.outbox.lock().words.push(word);
        self.ring();
    }
}

/// What the thread owns.
struct Line {
    stream: UnixStream,
    reader: LineReader<UnixStream>,
    unsent: Vec<u8>,
    desk: Arc<Desk>,
    outbox: Arc<Outbox>,
    bell: Arc<OwnedFd>,
}

impl Line {
    fn serve(mut self) {
        // Whatever ends the line, the work goes on: the launcher sees the process.
        while self.turn().is_ok() {}
        self.outbox.lock().over = true;
        self.outbox.sent.notify_all();
    }

    /// Waits for something to read, to say or to send, and does it.
    fn turn(&mut self) -> io::Result<()> {
        self.say_news();
        self.send()?;
        self.outbox.lock().sent = self.unsent.is_empty();
        self.outbox.sent.notify_all();
        let mut events = PollFlags::IN;
        if !self.unsent.is_empty() {
            events |= PollFlags::OUT;
        }
        let mut fds = [
            PollFd::new(&self.stream, events),
            PollFd::new(&self.bell, PollFlags::IN),
        ];
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        // Silenced before the desk is looked at: who rings after that is heard.
        let _ = rustix::io::read(&self.bell, &mut [0; 8]);
        loop {
            match self.reader.next() {
                Ok(Some(line)) => self.hear(&line),
                Ok(None) => return Err(ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn hear(&mut self, line: &[u8]) {
        // What is not understood has no number to answer to; the launcher's wait comes to an end.
        let Ok(ToInstance { id, wanted }) = decode(line) else {
            return;
        };
        if let Some(outcome) = self.desk.hear(id, wanted) {
            self.lay(&FromInstance::Answer(Answer { id, outcome }));
        }
    }

    fn say_news(&mut self) {
        if let Some(about) = self.desk.news() {
            self.lay(&FromInstance::Hello(Box::new(about)));
        }
        let mut said = self.outbox.lock();
        let words = std::mem::take(&mut said.words);
        said.sent = false;
        drop(said);
        words.iter().for_each(|word| self.lay(word));
    }

    fn lay(&mut self, word: &FromInstance) {
        match (encode(word), word) {
            (Ok(line), _) => self.unsent.extend(line),
            (Err(reason), FromInstance::Answer(answer)) => {
                let refusal =
                    Refusal::new(super::RefusalKind::Failed, format!("the answer: {reason}"));
                let answer = FromInstance::Answer(Answer {
                    id: answer.id,
                    outcome: Err(refusal),
                });
                self.unsent.extend(encode(&answer).unwrap_or_default());
            }
            (Err(_), _) => {}
        }
    }

    fn send(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => drop(self.unsent.drain(..n)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        match self.unsent.len() > MOST_UNSENT {
            true => Err(ErrorKind::OutOfMemory.into()),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::Wanted;
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::os::unix::net::UnixListener;

    fn ask(to: &mut UnixStream, id: u64, wanted: Wanted) {
        to.write_all(&encode(&ToInstance { id, wanted }).unwrap())
            .unwrap();
    }

    #[test]
    fn a_thread_answers_while_the_main_thread_does_something_else() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let desk = Arc::new(Desk::default());
        desk.tell(|about| {
            about.life = 2;
            about.services.insert("scene".into(), vec!["save".into()]);
        });
        let link = Link::open(&socket, Arc::clone(&desk)).unwrap();
        let (mut theirs, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(theirs.try_clone().unwrap()).lines();
        let mut next =
            || decode::<FromInstance>(lines.next().unwrap().unwrap().as_bytes()).unwrap();
        assert!(matches!(next(), FromInstance::Hello(about) if about.life == 2));
        theirs.write_all(b"nonsense\n{\"id\": 1}\n").unwrap();
        ask(&mut theirs, 5, Wanted::Status);
        let FromInstance::Answer(Answer {
            id: 5,
            outcome: Ok(_),
        }) = next()
        else {
            panic!("no counters");
        };
        let call = Wanted::Call {
            service: "scene".into(),
            name: "save".into(),
            arguments: Value::Null,
        };
        ask(&mut theirs, 6, call);
        assert!(desk.wait(Duration::from_secs(60)));
        assert_eq!(desk.take().len(), 1);
        link.answer(6, Ok(Value::from(7)));
        assert!(matches!(
            next(),
            FromInstance::Answer(Answer {
                id: 6,
                outcome: Ok(_)
            })
        ));
        link.script_error("ValueError");
        link.flush(Duration::from_secs(60));
        theirs.set_nonblocking(true).unwrap();
        assert!(matches!(next(), FromInstance::ScriptError { .. }));
        theirs.set_nonblocking(false).unwrap();
        desk.tell(|about| about.engine = Some("CYCLES".into()));
        link.ring();
        assert!(matches!(next(), FromInstance::Hello(about) if about.engine.is_some()));
    }
}
