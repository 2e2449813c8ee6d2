//! The places of publishers in a page: how many samples each was about to publish, and has.
//!
//! Owns those words. It must never be believed that what they count was delivered.

use super::{MOST_PUBLISHERS, PUBLISHER_WORDS, Page, W_MESSAGES, W_PUBLISHERS};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// How many samples a publisher has published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublisherCount {
    /// The publisher's random 64 bits.
    pub publisher: u64,
    /// Samples that were to be published: `publish` was called with them.
    pub offered: u64,
    /// Of these, samples that were queued for a consumer.
    pub accepted: u64,
    /// Which of the instance's addresses it is bound to, by [`address_mark`].
    #[serde(default)]
    pub mark: u64,
    /// It has closed in order, and nobody who was there lacks its end.
    #[serde(default)]
    pub closed: bool,
}

/// What tells the addresses of one instance apart, whichever name the host has in them: the port, or
/// the path by its FNV-1a hash.
#[must_use]
pub fn address_mark(address: &str) -> u64 {
    let port = address
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse::<u16>().ok());
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    port.map_or_else(
        || address.bytes().fold(0xCBF2_9CE4_8422_2325, hash),
        u64::from,
    )
}

/// A publisher's place in a page.
#[derive(Clone, Debug)]
pub struct PublisherSlot {
    page: Arc<Page>,
    at: usize,
}

impl PublisherSlot {
    /// A place for a publisher; none where all are taken by publishers that are still open.
    #[must_use]
    pub fn take(page: &Arc<Page>, publisher: u64, address: &str) -> Option<Self> {
        for slot in 0..MOST_PUBLISHERS {
            let at = W_PUBLISHERS + slot * PUBLISHER_WORDS;
            let id = page.words.at(at);
            let before = id.load(Acquire);
            let closed = page.get(at + 3) != 0;
            // New places first: who has closed is remembered as long as there is room.
            let free = before == 0 || (closed && slot + 1 == MOST_PUBLISHERS);
            if free
                && id
                    .compare_exchange(before, publisher, Release, Relaxed)
                    .is_ok()
            {
                (1..PUBLISHER_WORDS).for_each(|word| page.set(at + word, 0));
                page.set(at + 4, address_mark(address));
                let page = Arc::clone(page);
                return Some(Self { page, at });
            }
        }
        None
    }

    /// The sample of that number is to be published.
    pub fn offer(&self, sequence: u64) {
        self.page
            .words
            .at(self.at + 1)
            .store(sequence.saturating_add(1), Release);
    }

    /// It was queued for a consumer.
    pub fn accept(&self, sequence: u64) {
        self.page
            .words
            .at(self.at + 2)
            .store(sequence.saturating_add(1), Release);
        self.page.words.at(W_MESSAGES).fetch_add(1, Relaxed);
    }

    /// It was given up: no sequence number is used up.
    pub fn take_back(&self, sequence: u64) {
        self.page.words.at(self.at + 1).store(sequence, Release);
    }

    /// It has said its end to all who were there.
    pub fn close(&self) {
        self.page.set(self.at + 3, 1);
    }
}
