//! A message: who sent it, which one it is, and what was published.

use crate::{End, Value};
use indexmap::IndexMap;

/// The fields of a message by name, in the order of publication.
pub type Fields = IndexMap<String, Value>;

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sample.
    Data,
    /// The publisher's last word: nothing follows. Its `sequence` is the number of samples sent.
    End,
}

/// The identity of a message. (`publisher`, `sequence`) names a sample in all the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the message is for.
    pub kind: Kind,
    /// Random 64 bits, new for each life (incarnation) of a publisher.
    pub publisher: u64,
    /// The Blender instance, as the launcher numbered it.
    pub btid: Option<i64>,
    /// Counts this publisher's samples from 0, without gaps.
    pub sequence: u64,
    /// The episode the sample belongs to, if the scene has episodes.
    pub episode: Option<u64>,
    /// The sample's index in its episode.
    pub sample: Option<u64>,
    /// When it was sent: nanoseconds since the Unix epoch, by the sender's clock.
    pub time_ns: u64,
    /// Of an end: how it came about. Older publishers do not say. Of a sample it does not
    /// travel.
    pub end: Option<End>,
}

/// A header and its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who sent it and which one it is.
    pub header: Header,
    /// What was published.
    pub fields: Fields,
}

impl Message {
    /// An empty data message.
    #[must_use]
    pub fn data(publisher: u64, sequence: u64) -> Self {
        Self::of(Kind::Data, publisher, sequence)
    }

    /// The message that ends a publisher's stream after `sequence` samples; how that came about is
    /// `header.end`.
    #[must_use]
    pub fn end(publisher: u64, sequence: u64) -> Self {
        Self::of(Kind::End, publisher, sequence)
    }

    fn of(kind: Kind, publisher: u64, sequence: u64) -> Self {
        Self {
            header: Header {
                kind,
                publisher,
                btid: None,
                sequence,
                episode: None,
                sample: None,
                time_ns: 0,
                end: None,
            },
            fields: Fields::new(),
        }
    }

    /// The message with one more field.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }
}
