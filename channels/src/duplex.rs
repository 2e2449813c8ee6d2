//! Messages both ways between one producer and one consumer.

use crate::Error;
use crate::sending::{Numbering, decode};
use blendtorch_transport::{Address, Outgoing, Pair, PairOptions};
use blendtorch_wire::{Fields, Value};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The field that carries a message's number.
const MESSAGE_ID: &str = "btmid";

/// How a [`Duplex`] names itself and waits.
#[derive(Clone, Debug)]
pub struct DuplexOptions {
    /// The instance's number, which is sent with every message.
    pub btid: Option<i64>,
    /// How long closing, also by dropping, lets the other side take what was sent; 0.
    pub linger: Duration,
    /// How long [`Duplex::send`] waits for room; 10 s.
    pub timeout: Duration,
}

impl Default for DuplexOptions {
    fn default() -> Self {
        Self {
            btid: None,
            linger: Duration::ZERO,
            timeout: Duration::from_secs(10),
        }
    }
}

/// What was received.
#[derive(Clone, Debug, PartialEq)]
pub struct DuplexMessage {
    /// The sender's instance number.
    pub btid: Option<i64>,
    /// The message's number, as the sender's [`Duplex::send`] returned it.
    pub btmid: Option<u64>,
    /// What was sent.
    pub fields: Fields,
}

/// One end of a channel between two: the producer binds, the consumer connects. Order is kept each
/// way. When one side restarts the other is connected to it again; what was on its way then is lost.
/// One thread may send while another receives.
///
/// ```
/// use blendtorch_channels::{Duplex, DuplexOptions};
/// use blendtorch_wire::Fields;
/// use std::time::Duration;
///
/// let producer = Duplex::bind("tcp://127.0.0.1:0", DuplexOptions::default())?;
/// let consumer = Duplex::connect(&producer.address(), DuplexOptions::default())?;
/// let sent = consumer.send(Fields::from_iter([("radius".to_owned(), 2.5.into())]))?;
/// let received = producer.recv(Duration::from_secs(10))?.expect("a message");
/// assert_eq!(received.btmid, Some(sent));
/// assert_eq!(received.fields["radius"], 2.5.into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Duplex {
    pair: Pair,
    numbering: Numbering,
    /// Counts what is to be sent.
    count: AtomicU64,
    options: DuplexOptions,
}

impl Duplex {
    /// The producer's end.
    ///
    /// # Errors
    /// [`Error::Address`], or [`Error::Transport`] when the address is in use or not ours.
    pub fn bind(address: &str, options: DuplexOptions) -> Result<Self, Error> {
        let pair = Pair::bind(&address.parse()?, &PairOptions::default())?;
        Self::new(pair, options)
    }

    /// The consumer's end, whether or not the other one is there yet.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Transport`].
    pub fn connect(address: &str, options: DuplexOptions) -> Result<Self, Error> {
        let pair = Pair::connect(&address.parse()?, &PairOptions::default())?;
        Self::new(pair, options)
    }

    fn new(pair: Pair, options: DuplexOptions) -> Result<Self, Error> {
        Ok(Self {
            pair,
            numbering: Numbering::new(options.btid)?,
            count: AtomicU64::new(0),
            options,
        })
    }

    /// The address, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> String {
        self.pair.address().to_string()
    }

    /// Sends a message and returns its number, unique between the two. (A field `btmid` travels in
    /// its place.)
    ///
    /// # Errors
    /// [`Error::Encode`] for fields that no reader would take, [`Error::NotTaken`] when there was no
    /// room for the time-out. Nothing was sent.
    pub fn send(&self, fields: Fields) -> Result<u64, Error> {
        let start = Instant::now();
        let (number, message) = self.message(fields)?;
        match self.try_send(&message, self.options.timeout)? {
            true => Ok(number),
            false => Err(self.not_taken(start.elapsed())),
        }
    }

    /// A message for [`try_send`](Self::try_send), and its number.
    ///
    /// # Errors
    /// [`Error::Encode`].
    pub fn message(&self, mut fields: Fields) -> Result<(u64, Outgoing), Error> {
        let sequence = self.count.fetch_add(1, Ordering::Relaxed);
        // 31 random bits and a count: an integer that every language has.
        let number = (self.numbering.id >> 33) << 32 | (sequence & 0xffff_ffff);
        if !fields.contains_key(MESSAGE_ID) {
            fields.shift_insert(0, MESSAGE_ID.to_owned(), Value::from(number));
        }
        Ok((number, self.numbering.encode_as(sequence, fields)?))
    }

    /// Waits up to `timeout` for room; whether the message was sent.
    ///
    /// # Errors
    /// [`Error::Transport`].
    pub fn try_send(&self, message: &Outgoing, timeout: Duration) -> Result<bool, Error> {
        Ok(self.pair.send_timeout(message, timeout)?)
    }

    /// Whether the other end is connected now.
    ///
    /// # Errors
    /// [`Error::Transport`] when this end is closed.
    pub fn is_connected(&self) -> Result<bool, Error> {
        Ok(self.pair.is_connected()?)
    }

    /// The error of a send that was given up.
    #[must_use]
    pub fn not_taken(&self, waited: Duration) -> Error {
        Error::NotTaken {
            address: self.pair.address().clone(),
            waited,
        }
    }

    /// The next message, or `None` when none came within `timeout`.
    ///
    /// # Errors
    /// [`Error::Malformed`], after which the channel goes on; [`Error::Transport`].
    pub fn recv(&self, timeout: Duration) -> Result<Option<DuplexMessage>, Error> {
        let Some(frames) = self.pair.recv_timeout(timeout)? else {
            return Ok(None);
        };
        let mut message = decode(self.address_ref(), &frames)?;
        let number = match message.fields.get(MESSAGE_ID) {
            Some(Value::Int(number)) => u64::try_from(*number).ok(),
            Some(Value::UInt(number)) => Some(*number),
            _ => None,
        };
        if number.is_some() {
            message.fields.shift_remove(MESSAGE_ID);
        }
        Ok(Some(DuplexMessage {
            btid: message.header.btid,
            btmid: number,
            fields: message.fields,
        }))
    }

    fn address_ref(&self) -> &Address {
        self.pair.address()
    }

    /// Closes, after what was sent has gone out or the linger time is over.
    pub fn close(&mut self) {
        self.pair.close(self.options.linger);
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        self.close();
    }
}
