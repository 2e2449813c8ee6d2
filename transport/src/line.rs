//! One attempt at a connection to a publisher, and what comes of it: over shared memory or inline.

use crate::dial::{Dialled, Failure, Path};
use crate::socket::Socket;
use crate::zmtp::{Pull, Stream};
use crate::{Address, Error};
use bytes::Bytes;
use omq_tokio::blocking::RecvWakerRegistration;
use omq_tokio::{Context, Message};
use std::sync::{Arc, OnceLock};
use std::task::Waker;

/// What every line of a receiver shares.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The library's, made when shared memory is first taken.
    pub(crate) context: OnceLock<Context>,
    pub(crate) waker: Waker,
    pub(crate) high_water_mark: u32,
    pub(crate) max_message_bytes: usize,
    pub(crate) shm: bool,
}

/// A message that was taken.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) frames: Vec<Bytes>,
    /// Whether a frame lies in the sender's memory.
    pub(crate) leased: bool,
}

/// A line.
#[derive(Debug)]
pub(crate) enum Line {
    Shm {
        dialled: Dialled,
        _waker: RecvWakerRegistration,
    },
    Inline(Pull),
}

impl Line {
    /// Connects to `address` by this way; `endpoint` is the library's name for it, and with `shares`
    /// the other side is told that shared memory would be liked better.
    pub(crate) fn dial(
        shared: &Shared,
        address: &Address,
        path: Path,
        endpoint: String,
        shares: bool,
    ) -> Result<Self, Error> {
        let bytes = shared.max_message_bytes;
        if path == Path::Inline {
            if matches!(address, Address::Tcp { host, .. } if host == "*") {
                return Err(Error::Connect {
                    address: address.clone(),
                    reason: "every interface is an address to bind, and none to connect to".into(),
                });
            }
            let waker = shared.waker.clone();
            return Ok(Self::Inline(Pull::dial(address, bytes, shares, waker)));
        }
        let context = shared.context.get_or_init(crate::socket::context);
        let socket = Socket::pull(context, shared.high_water_mark, bytes);
        let waker = socket.wakes(shared.waker.clone());
        Ok(Self::Shm {
            dialled: Dialled::new(socket, address, endpoint)?,
            _waker: waker,
        })
    }

    pub(crate) fn path(&self) -> Path {
        match self {
            Self::Shm { .. } => Path::Shm,
            Self::Inline(_) => Path::Inline,
        }
    }

    /// Whether it is connected now, where that may be otherwise than at the last look.
    pub(crate) fn look(&mut self) -> Result<Option<bool>, Error> {
        match self {
            Self::Shm { dialled, .. } => dialled.look(),
            Self::Inline(pull) => Ok(pull.look()),
        }
    }

    /// Whether it was seen connected, now or earlier.
    pub(crate) fn was_connected(&self) -> bool {
        match self {
            Self::Shm { dialled, .. } => dialled.was_connected(),
            Self::Inline(pull) => pull.was_connected(),
        }
    }

    /// Whether it has failed, as far as is known, to come about.
    pub(crate) fn failure(&mut self) -> Result<Option<Failure>, Error> {
        match self {
            Self::Shm { dialled, .. } => dialled.failure(),
            Self::Inline(pull) => Ok(pull.has_failed().then_some(Failure::Unreached)),
        }
    }

    /// Whether it is told to move to shared memory, and all that came before has been taken.
    pub(crate) fn moves(&self) -> bool {
        matches!(self, Self::Inline(pull) if pull.moves())
    }

    /// The next message, if one has come.
    pub(crate) fn try_recv(&mut self) -> Result<Option<Taken>, Error> {
        match self {
            Self::Shm { dialled, .. } => Ok(dialled.socket.try_recv()?.map(taken)),
            Self::Inline(pull) => Ok(pull.try_recv().map(|frames| Taken {
                frames,
                leased: false,
            })),
        }
    }

    /// Takes in what has come, while nobody asks for it.
    pub(crate) fn prefetch(&mut self, messages: u32) {
        if let Self::Inline(pull) = self {
            pull.prefetch(usize::try_from(messages.max(1)).unwrap_or(usize::MAX));
        }
    }

    /// What to wait for where nothing has come.
    pub(crate) fn stream(&mut self) -> Option<Arc<Stream>> {
        match self {
            Self::Shm { .. } => None,
            Self::Inline(pull) => pull.stream(),
        }
    }

    /// There may be something to read again.
    pub(crate) fn is_readable(&mut self) {
        if let Self::Inline(pull) = self {
            pull.is_readable();
        }
    }
}

/// Shared memory carries no smaller payload in place.
const CARRIER_BYTES: usize = 55;

fn taken(mut message: Message) -> Taken {
    let mut frames = Vec::with_capacity(message.len());
    let mut leased = false;
    while let Some(payload) = message.pop_front_payload() {
        // A view of the sender's mapping is no chunk of bytes. Nor is a payload that the message
        // holds itself, which is small and copied by the conversion.
        leased |= payload.as_chunk().is_none() && payload.len() > CARRIER_BYTES;
        frames.push(payload.into_bytes());
    }
    Taken { frames, leased }
}
