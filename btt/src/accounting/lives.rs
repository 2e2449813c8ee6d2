//! Which publishers have gone without saying their end: killed, or cut off.
//!
//! One has gone when nobody is connected at its address, or when another one has come there over a
//! later connection. A connection that was lost and made again is no end: who is heard again is back.

use super::stats::Stats;
use blendtorch_transport::Address;

/// Where a message came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The address.
    pub(crate) address: &'a Address,
    /// Its number among the dataset's.
    pub(crate) peer: usize,
    /// Which of the connections to it.
    pub(crate) connection: u64,
}

/// What is known of each publisher's connection, in the order of the books.
#[derive(Debug, Default)]
pub(super) struct Lives {
    lives: Vec<Life>,
    /// Addresses whose publisher has gone before anything of it came.
    unheard: u64,
}

#[derive(Debug)]
struct Life {
    peer: usize,
    /// The connection it was first heard over.
    connection: u64,
    /// Another one has come after it, and it has been silent since.
    followed: bool,
}

impl Lives {
    /// One more publisher.
    pub(super) fn begin(&mut self, origin: Origin<'_>) {
        for life in &mut self.lives {
            // Over one connection several may come, through a proxy: those live side by side.
            life.followed |= life.peer == origin.peer && life.connection < origin.connection;
        }
        self.lives.push(Life {
            peer: origin.peer,
            connection: origin.connection,
            followed: false,
        });
    }

    /// Something came from it.
    pub(super) fn heard(&mut self, index: usize) {
        self.lives[index].followed = false;
    }

    /// Says of each publisher whether it has gone; `present` are the addresses that have somebody,
    /// or that were left when they had said their end, `unheard` how many others had somebody of whom
    /// nothing came.
    pub(super) fn note(&mut self, present: &[bool], unheard: u64, stats: &mut Stats) {
        self.unheard = unheard;
        for (life, publisher) in self.lives.iter().zip(&mut stats.publishers) {
            let there = present.get(life.peer).copied().unwrap_or_default();
            // Of one whose launcher has told of it nothing is unknown.
            let told = publisher.ended || publisher.end.is_some();
            publisher.unfinished = !told && (life.followed || !there);
        }
        self.count(stats);
    }

    /// Adds up what is said of each.
    pub(super) fn count(&self, stats: &mut Stats) {
        let unfinished = stats.publishers.iter().filter(|one| one.unfinished);
        stats.unfinished = unfinished.count() as u64 + self.unheard;
    }
}
