//! What both ends of every channel do: name themselves, number and stamp messages.

use crate::Error;
use blendtorch_transport::{Address, Bytes, Outgoing};
use blendtorch_wire::{Fields, Header, Kind, Limits, Message};
use std::time::SystemTime;

/// One end's name and count.
#[derive(Debug)]
pub(crate) struct Numbering {
    pub(crate) id: u64,
    pub(crate) sequence: u64,
    btid: Option<i64>,
}

impl Numbering {
    pub(crate) fn new(btid: Option<i64>) -> Result<Self, Error> {
        Ok(Self {
            id: getrandom::u64().map_err(|error| Error::Random(error.to_string()))?,
            sequence: 0,
            btid,
        })
    }

    /// The fields as the next message; its number counts up with [`sent`](Self::sent).
    pub(crate) fn encode(&self, fields: Fields) -> Result<Outgoing, Error> {
        self.encode_as(self.sequence, fields)
    }

    /// The fields as the message of that number.
    pub(crate) fn encode_as(&self, sequence: u64, fields: Fields) -> Result<Outgoing, Error> {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let message = Message {
            header: Header {
                kind: Kind::Data,
                publisher: self.id,
                btid: self.btid,
                sequence,
                episode: None,
                sample: None,
                time_ns: since_epoch
                    .map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)),
                end: None,
            },
            fields,
        };
        Ok(Outgoing::new(message.encode()?))
    }

    pub(crate) fn sent(&mut self) {
        self.sequence += 1;
    }
}

/// A message from `address`.
pub(crate) fn decode(address: &Address, frames: &[Bytes]) -> Result<Message, Error> {
    Message::decode(frames, &Limits::default()).map_err(|source| Error::Malformed {
        address: address.clone(),
        btid: Message::peek_btid(frames, &Limits::default()),
        source,
    })
}
