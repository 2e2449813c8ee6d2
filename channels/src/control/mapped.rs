//! Words of memory that two processes share.
//!
//! Owns the mapping and the crate's only `unsafe`. It must never know what a word means.

#![allow(
    unsafe_code,
    reason = "atomics over a shared mapping: no safe interface has them"
)]

use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io;
use std::sync::atomic::AtomicU64;

/// So many words of eight bytes.
pub(super) const WORDS: usize = 512;
/// What they take: a page.
pub(super) const BYTES: usize = WORDS * 8;

/// A page of words, each read and written as a whole by any process that has it.
#[derive(Debug)]
pub(super) struct Words(MmapRaw);

impl Words {
    /// Maps a file that is so long and, as the caller has seen to, can never become shorter.
    pub(super) fn map(file: &File) -> io::Result<Self> {
        MmapOptions::new().len(BYTES).map_raw(file).map(Self)
    }

    /// The word at `index`, of which there are [`WORDS`].
    pub(super) fn at(&self, index: usize) -> &AtomicU64 {
        let index = index.min(WORDS - 1);
        // SAFETY: the mapping is `BYTES` long, begins at a page's start, so that every word is aligned,
        // and lives as long as `self`; the file under it is sealed against becoming shorter. All who
        // have it, in this process and others, touch it by atomics of this size alone.
        unsafe { AtomicU64::from_ptr(self.0.as_mut_ptr().cast::<u64>().add(index)) }
    }
}
