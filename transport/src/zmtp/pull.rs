//! A PULL that connects: hands are shaken by a thread of their own, and what comes is read by whoever
//! asks for it.

use super::inbox::Inbox;
use super::stream::Stream;
use super::wire::{self, GREETING, Kind};
use super::{HANDSHAKE_TIMEOUT, Lost};
use crate::{Address, waiting};
use bytes::Bytes;
use rustix::event::{PollFd, PollFlags};
use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

/// How long another host may take to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to a publisher, or the attempt at one.
#[derive(Debug)]
pub(crate) struct Pull {
    dial: Arc<Dial>,
    inbox: Option<Inbox>,
    max_bytes: usize,
    /// What the last look has told: whether it is, and whether it ever was.
    told: (bool, bool),
}

/// What the thread that dials and whoever wants the connection have in common.
#[derive(Debug)]
struct Dial(Mutex<Slot>);

#[derive(Debug)]
enum Slot {
    /// Perhaps over this stream.
    Dialling(Option<Arc<Stream>>),
    /// Hands are shaken; what was read behind that.
    Made(Arc<Stream>, Vec<u8>),
    Failed,
    /// It is made, or nobody wants it any more.
    Over,
}

impl Pull {
    /// Dials once, saying whether it would rather take shared memory. `waker` is woken when that has
    /// come to something.
    pub(crate) fn dial(address: &Address, max_bytes: usize, shares: bool, waker: Waker) -> Self {
        let dial = Arc::new(Dial(Mutex::new(Slot::Dialling(None))));
        let (theirs, address) = (dial.clone(), address.clone());
        let thread = std::thread::Builder::new().name("blendtorch-dial".into());
        let spawned = thread.spawn(move || {
            theirs.run(&address, shares);
            waker.wake();
        });
        if spawned.is_err() {
            *dial.lock() = Slot::Failed;
        }
        Self {
            dial,
            inbox: None,
            max_bytes,
            told: (false, false),
        }
    }

    /// Whether it is connected now, where that is otherwise than at the last look.
    pub(crate) fn look(&mut self) -> Option<bool> {
        let connected = self.inbox().is_some_and(|inbox| !inbox.is_lost());
        let now = (connected, self.inbox.is_some());
        (std::mem::replace(&mut self.told, now) != now).then_some(connected)
    }

    /// Whether it was ever connected, as far as a look has told.
    pub(crate) fn was_connected(&self) -> bool {
        self.told.1
    }

    /// Whether it is told to move to shared memory, and all that came before has been taken.
    pub(crate) fn moves(&self) -> bool {
        self.inbox.as_ref().is_some_and(Inbox::moves)
    }

    /// Whether it has failed to come about.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(*self.dial.lock(), Slot::Failed)
    }

    /// The next message, if one has come.
    pub(crate) fn try_recv(&mut self) -> Option<Vec<Bytes>> {
        self.inbox()?.try_recv()
    }

    /// Reads until so many messages wait, or nothing more is there.
    pub(crate) fn prefetch(&mut self, messages: usize) {
        if let Some(inbox) = self.inbox() {
            inbox.prefetch(messages);
        }
    }

    /// What to wait for where nothing has come; `None` while something waits here, or nothing will
    /// come over it.
    pub(crate) fn stream(&mut self) -> Option<Arc<Stream>> {
        self.inbox()?.awaits()
    }

    /// There may be something to read again.
    pub(crate) fn is_readable(&mut self) {
        if let Some(inbox) = &mut self.inbox {
            inbox.readable = true;
        }
    }

    fn inbox(&mut self) -> Option<&mut Inbox> {
        if self.inbox.is_none() {
            let mut slot = self.dial.lock();
            let Slot::Made(stream, come) = &*slot else {
                return None;
            };
            self.inbox = Some(Inbox::new(stream.clone(), self.max_bytes, come));
            *slot = Slot::Over;
        }
        self.inbox.as_mut()
    }
}

impl Drop for Pull {
    fn drop(&mut self) {
        let slot = std::mem::replace(&mut *self.dial.lock(), Slot::Over);
        if let Slot::Dialling(Some(stream)) | Slot::Made(stream, _) = slot {
            stream.shut_down();
        }
        if let Some(inbox) = &self.inbox {
            inbox.stream.shut_down();
        }
    }
}

impl Dial {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, address: &Address, shares: bool) {
        let connected = Stream::connect(address, CONNECT_TIMEOUT).map(Arc::new);
        let made = connected.map_err(|_| Lost).and_then(|stream| {
            match &mut *self.lock() {
                Slot::Dialling(place) => *place = Some(stream.clone()),
                _ => return Err(Lost),
            }
            Ok((shake_hands(&stream, shares)?, stream))
        });
        let mut slot = self.lock();
        if matches!(*slot, Slot::Dialling(_)) {
            *slot = match made {
                Ok((come, stream)) => Slot::Made(stream, come),
                Err(_) => Slot::Failed,
            };
        }
    }
}

/// Shakes hands with a PUSH; what was read behind that.
fn shake_hands(stream: &Stream, shares: bool) -> Result<Vec<u8>, Lost> {
    let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
    write_all(stream, &wire::greeting(), deadline)?;
    let mut come = Vec::new();
    while come.len() < GREETING {
        read(stream, &mut come, deadline)?;
        wire::check_greeting(&come)?;
    }
    write_all(stream, &wire::ready(Kind::Pull, shares), deadline)?;
    come.drain(..GREETING);
    loop {
        if let Some((body, end)) = wire::read_command(&come)? {
            wire::read_ready(body, Kind::Push).ok_or(Lost)?;
            come.drain(..end);
            return Ok(come);
        }
        read(stream, &mut come, deadline)?;
    }
}

fn write_all(stream: &Stream, mut bytes: &[u8], deadline: Instant) -> Result<(), Lost> {
    while !bytes.is_empty() {
        match stream.write(&[IoSlice::new(bytes)])? {
            0 => wait(stream, PollFlags::OUT, deadline)?,
            written => bytes = &bytes[written..],
        }
    }
    Ok(())
}

/// Reads some more.
fn read(stream: &Stream, come: &mut Vec<u8>, deadline: Instant) -> Result<(), Lost> {
    let mut chunk = [0; 1024];
    loop {
        match stream.read(&mut [IoSliceMut::new(&mut chunk)])? {
            Some(read) => {
                come.extend_from_slice(&chunk[..read]);
                return Ok(());
            }
            None => wait(stream, PollFlags::IN, deadline)?,
        }
    }
}

fn wait(stream: &Stream, ready: PollFlags, deadline: Instant) -> Result<(), Lost> {
    if Instant::now() >= deadline {
        return Err(Lost);
    }
    waiting::wait(&mut [PollFd::new(stream, ready)], deadline);
    Ok(())
}
