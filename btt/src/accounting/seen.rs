//! A set of sequence numbers in bounded memory.
//!
//! Owns a bit for each number, in chunks; a chunk whose numbers have all come is kept as part of a
//! range. One consumer of an unbroken stream holds one range, one of three that share a stream one
//! bit for each of its samples.

use std::collections::BTreeMap;

/// Numbers in a chunk.
const CHUNK: u64 = 4096;
const WORDS: usize = (CHUNK / 64) as usize;

/// What a number was to the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    New,
    Known,
}

#[derive(Debug)]
struct Chunk {
    bits: [u64; WORDS],
    count: u64,
}

/// The set. Chunks are numbered from 0.
#[derive(Debug, Default)]
pub(super) struct Seen {
    partial: BTreeMap<u64, Box<Chunk>>,
    /// First chunk → one behind the last, of chunks that are whole.
    whole: BTreeMap<u64, u64>,
    /// Chunks below this that are not whole are not known any more.
    forgotten: u64,
}

impl Seen {
    /// Enters a number; `New` the first time.
    pub(super) fn insert(&mut self, number: u64) -> Entry {
        let (index, bit) = (number / CHUNK, number % CHUNK);
        if self.is_whole(index) || (index < self.forgotten && !self.partial.contains_key(&index)) {
            return Entry::Known;
        }
        let chunk = self.partial.entry(index).or_insert_with(|| {
            Box::new(Chunk {
                bits: [0; WORDS],
                count: 0,
            })
        });
        let (word, mask) = ((bit / 64) as usize, 1 << (bit % 64));
        if chunk.bits[word] & mask != 0 {
            return Entry::Known;
        }
        chunk.bits[word] |= mask;
        chunk.count += 1;
        if chunk.count == CHUNK {
            self.partial.remove(&index);
            self.add_whole(index);
        }
        Entry::New
    }

    /// Chunks that take memory.
    pub(super) fn chunks(&self) -> usize {
        self.partial.len()
    }

    /// Whether entering `number` would take another chunk.
    pub(super) fn needs_chunk(&self, number: u64) -> bool {
        let index = number / CHUNK;
        !self.partial.contains_key(&index) && !self.is_whole(index) && index >= self.forgotten
    }

    /// Forgets the lowest chunk that takes memory: its numbers count as known from now on.
    pub(super) fn forget(&mut self) {
        if let Some((index, _)) = self.partial.pop_first() {
            self.forgotten = self.forgotten.max(index.saturating_add(1));
        }
    }

    /// Whether numbers were forgotten.
    pub(super) fn has_forgotten(&self) -> bool {
        self.forgotten > 0
    }

    /// The numbers as ranges, start and one behind the end, in order.
    pub(super) fn ranges(&self) -> Vec<(u64, u64)> {
        let mut ranges = Ranges(Vec::new());
        let mut whole = self.whole.iter().peekable();
        for (&index, chunk) in &self.partial {
            while let Some((&from, &to)) = whole.next_if(|(from, _)| **from < index) {
                ranges.add(from * CHUNK, to.saturating_mul(CHUNK));
            }
            for (word, &bits) in (0..).zip(&chunk.bits) {
                let mut bits = bits;
                while bits != 0 {
                    let from = bits.trailing_zeros();
                    let length = (bits >> from).trailing_ones();
                    let start = index * CHUNK + word * 64 + u64::from(from);
                    ranges.add(start, start.saturating_add(length.into()));
                    // A shift by 64 has no meaning; then nothing is left.
                    bits = bits.checked_shr(from + length).unwrap_or(0);
                    bits = bits.checked_shl(from + length).unwrap_or(0);
                }
            }
        }
        for (&from, &to) in whole {
            ranges.add(from * CHUNK, to.saturating_mul(CHUNK));
        }
        ranges.0
    }

    fn is_whole(&self, index: u64) -> bool {
        let before = self.whole.range(..=index).next_back();
        before.is_some_and(|(_, &to)| index < to)
    }

    fn add_whole(&mut self, index: u64) {
        let (mut from, mut to) = (index, index + 1);
        if let Some((&start, &end)) = self.whole.range(..index).next_back()
            && end == index
        {
            from = start;
        }
        if let Some(end) = self.whole.remove(&to) {
            to = end;
        }
        self.whole.insert(from, to);
    }
}

/// Ranges in order, joined where they touch.
struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    fn add(&mut self, start: u64, end: u64) {
        match self.0.last_mut() {
            Some((_, last)) if *last == start => *last = end,
            _ => self.0.push((start, end)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: impl IntoIterator<Item = u64>) -> Seen {
        let mut seen = Seen::default();
        for number in numbers {
            assert_eq!(seen.insert(number), Entry::New, "{number}");
        }
        seen
    }

    #[test]
    fn an_unbroken_sequence_is_one_range_and_takes_one_chunk() {
        let seen = of(0..3 * CHUNK + 5);
        assert_eq!(seen.ranges(), [(0, 3 * CHUNK + 5)]);
        assert_eq!((seen.chunks(), seen.whole.len()), (1, 1));
    }

    #[test]
    fn chunks_that_become_whole_out_of_order_join() {
        let late = of((0..CHUNK)
            .chain(2 * CHUNK..3 * CHUNK)
            .chain(CHUNK..2 * CHUNK));
        assert_eq!(late.whole.len(), 1);
        assert_eq!(late.ranges(), [(0, 3 * CHUNK)]);
    }

    #[test]
    fn ranges_cross_words_and_chunks() {
        let seen = of([1, 2, 63, 64, 65, 127, CHUNK - 1, CHUNK, u64::MAX - 1]);
        let wanted = [
            (1, 3),
            (63, 66),
            (127, 128),
            (CHUNK - 1, CHUNK + 1),
            (u64::MAX - 1, u64::MAX),
        ];
        assert_eq!(seen.ranges(), wanted);
        assert_eq!(of(64..128).ranges(), [(64, 128)]);
    }

    #[test]
    fn what_was_forgotten_counts_as_known() {
        let mut seen = of([5, CHUNK + 5]);
        seen.forget();
        assert_eq!(seen.insert(6), Entry::Known);
        assert_eq!(seen.insert(CHUNK + 6), Entry::New);
        assert!(seen.has_forgotten() && seen.ranges() == [(CHUNK + 5, CHUNK + 7)]);
    }
}
