//! The answering side of request and reply: one thread, askers of this host directly and all others
//! through ZeroMQ.

use crate::direct::{Listener, Spin, Stream};
use crate::message::frames;
use crate::process::OwnProcess;
use crate::socket::{self, Socket};
use crate::waiting::{Bell, after, wait};
use crate::{Address, Error, Outgoing};
use bytes::Bytes;
use omq_tokio::Context;
use omq_tokio::blocking::RecvWakerRegistration;
use rustix::event::{PollFd, PollFlags};
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// How a [`Replier`] listens.
#[derive(Clone, Debug)]
pub struct ReplierOptions {
    /// Bytes of a question; 64 MiB.
    pub max_message_bytes: usize,
    /// Listen for askers of this host directly, too; true.
    pub direct: bool,
}

impl Default for ReplierOptions {
    fn default() -> Self {
        Self {
            max_message_bytes: 64 << 20,
            direct: true,
        }
    }
}

/// Answers questions, one after another: each [`recv`](Self::recv) that brings one is followed by
/// one [`reply`](Self::reply).
#[derive(Debug)]
pub struct Replier {
    address: Address,
    inner: OwnProcess<Inner>,
}

#[derive(Debug)]
struct Inner {
    listener: Option<Listener>,
    /// Who is connected directly; who asked last is the first.
    askers: Vec<Stream>,
    /// Whom the answer that is due goes to.
    due: Option<Way>,
    /// How many questions in a row were taken without a look at the others.
    in_a_row: u32,
    spin: Spin,
    /// Rung by the library's threads when a message has come.
    bell: Arc<Bell>,
    _waker: RecvWakerRegistration,
    socket: Socket,
    // Last: the socket's driver runs on the context's threads.
    _context: Context,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    /// To the first of the askers.
    Direct,
    Socket,
}

/// More than this are not waited for at once; a trainer is one.
const MAX_ASKERS: usize = 64;
/// An answer that is not taken for so long goes to nobody.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);
/// What is not read of a direct answer for so long is sent later, beside what comes next.
const READ_AT_ONCE: Duration = Duration::from_millis(20);
/// After so many questions in a row from one asker the others are looked at first.
const IN_A_ROW: u32 = 16;

impl Replier {
    /// Binds `address`, and the direct way beside it where only this host can reach it.
    ///
    /// # Errors
    /// [`Error::AddressInUse`] or [`Error::Bind`].
    pub fn bind(address: &Address, options: &ReplierOptions) -> Result<Self, Error> {
        let bell = Arc::new(Bell::new().map_err(|error| Error::Bind {
            address: address.clone(),
            reason: error.to_string(),
        })?);
        let context = socket::context();
        let socket = Socket::reply(&context, options.max_message_bytes);
        let waker = socket.wakes(Waker::from(bell.clone()));
        let address = socket.bind(address)?;
        let listener = options.direct.then(|| {
            // Later than the public address: an asker that came in between takes that one.
            Listener::beside(&address, options.max_message_bytes)
        });
        Ok(Self {
            address,
            inner: OwnProcess::new(Inner {
                listener: listener.flatten(),
                askers: Vec::new(),
                due: None,
                in_a_row: 0,
                spin: Spin::default(),
                bell,
                _waker: waker,
                socket,
                _context: context,
            }),
        })
    }

    /// The bound address, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The next question, or `None` when none came within `timeout`. An answer that is still due is
    /// given up.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn recv(&mut self, timeout: Duration) -> Result<Option<Vec<Bytes>>, Error> {
        let inner = self.inner.get_mut()?;
        inner.due = None;
        let deadline = after(timeout);
        // The next question most likely comes from whom the last one came from, and soon.
        if !inner.askers.is_empty() && inner.in_a_row < IN_A_ROW {
            let mut spin = std::mem::take(&mut inner.spin);
            let found = spin.look(deadline, || inner.ask_directly(0));
            inner.spin = spin;
            if found.is_some() {
                inner.in_a_row += 1;
                return Ok(found);
            }
        }
        // Who asks directly is there the sooner, and would always come first.
        let mut socket_first = std::mem::take(&mut inner.in_a_row) >= IN_A_ROW;
        loop {
            if std::mem::take(&mut socket_first)
                && let Some(question) = inner.ask_by_socket()?
            {
                return Ok(Some(question));
            }
            if let Some(question) = inner.look()? {
                return Ok(Some(question));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            inner.wait(deadline);
        }
    }

    /// Answers the last question. False if who asked has left.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn reply(&mut self, answer: &Outgoing) -> Result<bool, Error> {
        let inner = self.inner.get_mut()?;
        match inner.due.take() {
            None => Ok(false),
            Some(Way::Direct) => {
                let deadline = Instant::now() + READ_AT_ONCE;
                let frames = answer.frames();
                let taken = match inner.askers.first_mut() {
                    Some(asker) => asker.send_or_keep(frames, deadline).is_ok(),
                    None => return Ok(false),
                };
                if !taken {
                    inner.askers.remove(0);
                }
                Ok(taken)
            }
            Some(Way::Socket) => inner.socket.send_timeout(answer.message(), REPLY_TIMEOUT),
        }
    }

    /// Closes, after what was answered has gone out or `linger` is over.
    pub fn close(&mut self, linger: Duration) {
        if let Some(mut inner) = self.inner.take() {
            // What nobody takes in time is nobody's.
            let deadline = after(linger);
            for asker in &mut inner.askers {
                let _ = asker.flush(deadline);
            }
            inner.socket.close(linger);
        }
    }
}

impl Drop for Replier {
    fn drop(&mut self) {
        self.close(Duration::from_millis(200));
    }
}

impl Inner {
    /// A question from the asker at `index`, who becomes the first; who has left is forgotten.
    fn ask_directly(&mut self, index: usize) -> Option<Vec<Bytes>> {
        let asker = self.askers.get_mut(index)?;
        let asked = match asker.has_unsent() {
            false => asker.try_recv(),
            // Who has not read the last answer has no other question.
            true => asker.flush(Instant::now()).map(|()| None),
        };
        match asked {
            Ok(Some(question)) => {
                self.askers[..=index].rotate_right(1);
                self.due = Some(Way::Direct);
                Some(question)
            }
            Ok(None) => None,
            Err(_) => {
                self.askers.remove(index);
                None
            }
        }
    }

    /// Looks everywhere once, first at those who have waited longest.
    fn look(&mut self) -> Result<Option<Vec<Bytes>>, Error> {
        while self.askers.len() < MAX_ASKERS
            && let Some(asker) = self.listener.as_ref().and_then(Listener::accept)
        {
            self.askers.push(asker);
        }
        for index in (0..self.askers.len()).rev() {
            if let Some(question) = self.ask_directly(index) {
                return Ok(Some(question));
            }
        }
        self.ask_by_socket()
    }

    /// The question of somebody who asks through the socket.
    fn ask_by_socket(&mut self) -> Result<Option<Vec<Bytes>>, Error> {
        let Some(message) = self.socket.try_recv()? else {
            return Ok(None);
        };
        self.due = Some(Way::Socket);
        Ok(Some(frames(message)))
    }

    fn wait(&self, deadline: Instant) {
        // Silenced first: who rings after this look is heard by the wait.
        let rung = self.bell.silence();
        if rung {
            return;
        }
        let mut fds = vec![PollFd::new(&*self.bell, PollFlags::IN)];
        let listener = self
            .listener
            .as_ref()
            .filter(|_| self.askers.len() < MAX_ASKERS);
        fds.extend(listener.map(|l| PollFd::from_borrowed_fd(l.fd(), PollFlags::IN)));
        fds.extend(self.askers.iter().map(|asker| {
            let flags = match asker.has_unsent() {
                true => PollFlags::OUT,
                false => PollFlags::IN,
            };
            PollFd::from_borrowed_fd(asker.fd(), flags)
        }));
        wait(&mut fds, deadline);
    }
}
