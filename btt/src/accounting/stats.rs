//! The counters: what a dataset has seen.
//!
//! Plain data, which travels between programs. It must never know how they are counted.

use blendtorch_transport::Address;
use blendtorch_wire::End;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Counters of a dataset. A sample's identity is (publisher id, sequence number).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Samples received, each counted once.
    pub received: u64,
    /// Samples that came a second time; they are not delivered again.
    pub duplicated: u64,
    /// Samples that came after one with a higher sequence number.
    pub reordered: u64,
    /// Sequence numbers skipped so far. They are lost if this is the only consumer; otherwise
    /// another consumer may have them: [`Receipts::total`](crate::Receipts::total) of all consumers tells.
    pub missing: u64,
    /// Messages that were not blendtorch's; of recordings, items that are damaged.
    pub malformed: u64,
    /// Samples that had been received when the iteration ended, and were thrown away.
    pub discarded: u64,
    /// Bytes received, headers included.
    pub bytes: u64,
    /// Of these, bytes that came through shared memory.
    pub shm_bytes: u64,
    /// Time spent waiting for a message.
    pub blocked: Duration,
    /// Time a [`DataLoader`](crate::DataLoader) spent copying or converting samples into batches.
    pub assembling: Duration,
    /// Publishers that have said that they ended.
    pub ended: u64,
    /// Publishers that have gone without saying so: what they had sent last may be lost, and how
    /// much that is nobody knows. Among `publishers` are those of which something came.
    pub unfinished: u64,
    /// Publishers that have ended without saying so, and of which their launcher, on this host, says how
    /// much they had published: what is missing of them is exact.
    #[serde(default)]
    pub killed: u64,
    /// The publishers seen, in order of appearance. A restarted one is a new one.
    pub publishers: Vec<PublisherStats>,
}

/// What came from one publisher.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublisherStats {
    /// Its random 64 bits.
    pub publisher: u64,
    /// Its instance, as the launcher numbered it.
    pub btid: Option<i64>,
    /// Where it was heard first.
    #[serde(with = "as_text")]
    pub address: Option<Address>,
    /// Samples received, each counted once.
    pub received: u64,
    /// Samples that came a second time.
    pub duplicated: u64,
    /// Samples that came late.
    pub reordered: u64,
    /// Sequence numbers skipped so far.
    pub missing: u64,
    /// It has said that it ended.
    pub ended: bool,
    /// How it came to its end, and why, if it has said so; a publisher of an older version only ends.
    /// "killed" where its launcher said it, and not itself.
    #[serde(with = "as_words")]
    pub end: Option<End>,
    /// It has gone without saying that it ended.
    pub unfinished: bool,
}

/// An address as its text.
mod as_text {
    use blendtorch_transport::Address;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(of: &Option<Address>, to: S) -> Result<S::Ok, S::Error> {
        of.as_ref().map(ToString::to_string).serialize(to)
    }

    pub(super) fn deserialize<'de, D>(from: D) -> Result<Option<Address>, D::Error>
    where
        D: Deserializer<'de>,
    {
        let text = Option::<String>::deserialize(from)?;
        let address = text.map(|text| text.parse());
        address.transpose().map_err(D::Error::custom)
    }
}

/// An end as its word and its reason.
mod as_words {
    use blendtorch_wire::End;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(of: &Option<End>, to: S) -> Result<S::Ok, S::Error> {
        let words = of.as_ref().map(|end| (end.how().word(), end.reason()));
        words.serialize(to)
    }

    pub(super) fn deserialize<'de, D>(from: D) -> Result<Option<End>, D::Error>
    where
        D: Deserializer<'de>,
    {
        let words = Option::<(String, Option<String>)>::deserialize(from)?;
        Ok(words.map(|(word, reason)| End::told(&word, reason.as_deref())))
    }
}
