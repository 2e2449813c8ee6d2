//! A quick deflate (RFC 1951, 1950) for pictures: one probe for each place, and dynamic codes.
//!
//! Owns the zlib streams of our OpenEXR and PNG files. Depth and normals are floats whose low bytes are
//! noise, beside wide areas of one value: noise is stepped over with strides that grow, areas are
//! matches of 258 bytes, and what would not become smaller is stored. The same bytes always give the
//! same stream. It must never know what the bytes mean.

mod codes;
mod emit;
mod huffman;

use codes::Codes;
use emit::Bits;

/// Bytes that share one set of codes.
const BLOCK: usize = 48 << 10;
const HASH_BITS: u32 = 13;
/// How far back a match may lie.
const WINDOW: usize = 32 << 10;
const LONGEST: usize = 258;
/// Bytes that are hashed: the shortest match that is found.
const SHORTEST: usize = 4;
/// A match this short costs more than its bytes if it is further away than [`NEAR`].
const SHORT: usize = 6;
const NEAR: usize = 1 << 10;
/// The largest step over bytes where nothing matches.
const STRIDE: usize = 12;

/// A run of bytes as they are, then a match.
#[derive(Clone, Copy, Debug)]
struct Sequence {
    literals: u32,
    /// 0 for none: the block ends.
    length: u16,
    distance: u16,
}

/// The memory of a compressor, used again for each stream.
#[derive(Debug)]
pub(crate) struct Deflate {
    /// Where each hash was seen last, plus `base`; all smaller than `base` is of a stream before.
    table: Box<[u32]>,
    base: u32,
    sequences: Vec<Sequence>,
    codes: Codes,
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            table: vec![0; 1 << HASH_BITS].into_boxed_slice(),
            base: 1,
            sequences: Vec::new(),
            codes: Codes::default(),
        }
    }
}

impl Deflate {
    /// Appends `input` to `out` as a zlib stream.
    pub(crate) fn zlib(&mut self, input: &[u8], out: &mut Vec<u8>) {
        out.extend([0x78, 0x01]);
        self.raw(input, out);
        out.extend(simd_adler32::adler32(&input).to_be_bytes());
    }

    fn raw(&mut self, input: &[u8], out: &mut Vec<u8>) {
        // Places are counted on from the stream before, so that the table needs no emptying.
        let length = u32::try_from(input.len()).unwrap_or(u32::MAX);
        match self.base.checked_add(length) {
            Some(_) => {}
            None => {
                self.table.fill(0);
                self.base = 1;
            }
        }
        let mut bits = Bits::new(out);
        let mut start = 0;
        loop {
            let end = (start + BLOCK).min(input.len());
            self.parse(input, start, end);
            let last = end == input.len();
            self.codes
                .write(&input[start..end], &self.sequences, last, &mut bits);
            start = end;
            if last {
                break;
            }
        }
        bits.finish();
        self.base = self.base.saturating_add(length);
        if self.base > u32::MAX / 2 {
            self.table.fill(0);
            self.base = 1;
        }
    }

    /// Splits a block into sequences. Matches may begin in blocks before.
    fn parse(&mut self, input: &[u8], start: usize, end: usize) {
        self.sequences.clear();
        let mut literals_from = start;
        let mut at = start;
        let mut misses = 0usize;
        while at + 8 <= end {
            let now = word(input, at);
            // The byte before, again and again: areas of one value.
            let (candidate, known) = if at > 0 && now == word(input, at - 1) {
                (at - 1, true)
            } else {
                let slot = &mut self.table[hash(now)];
                let seen = slot.wrapping_sub(self.base) as usize;
                *slot = self.base + at as u32;
                (
                    seen,
                    seen < at && at - seen <= WINDOW && word(input, seen) == now,
                )
            };
            if !known {
                misses += 1;
                at += 1 + (misses >> 5).min(STRIDE - 1);
                continue;
            }
            let distance = at - candidate;
            let length = match_length(input, candidate, at, end);
            if length < SHORT && distance > NEAR {
                misses += 1;
                at += 1;
                continue;
            }
            misses = 0;
            self.sequences.push(Sequence {
                literals: (at - literals_from) as u32,
                length: length as u16,
                distance: (distance - 1) as u16,
            });
            at += length;
            literals_from = at;
            if at + 4 <= end {
                let place = at - 2;
                self.table[hash(word(input, place))] = self.base + place as u32;
            }
        }
        self.sequences.push(Sequence {
            literals: (end - literals_from) as u32,
            length: 0,
            distance: 0,
        });
    }
}

/// Four bytes as a number. The caller sees to it that they are there.
#[inline(always)]
fn word(input: &[u8], at: usize) -> u32 {
    match input.get(at..at + SHORTEST) {
        Some(bytes) => u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
        None => 0,
    }
}

#[inline(always)]
fn hash(word: u32) -> usize {
    (word.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize
}

/// How many bytes at `old` and at `new` are the same, at most [`LONGEST`] and up to `end`.
#[inline]
fn match_length(input: &[u8], old: usize, new: usize, end: usize) -> usize {
    let most = LONGEST.min(end - new);
    let (before, after) = (&input[old..old + most], &input[new..new + most]);
    let mut length = 0;
    for (a, b) in before.chunks_exact(8).zip(after.chunks_exact(8)) {
        let (mut left, mut right) = ([0; 8], [0; 8]);
        left.copy_from_slice(a);
        right.copy_from_slice(b);
        let differ = u64::from_le_bytes(left) ^ u64::from_le_bytes(right);
        if differ != 0 {
            return length + (differ.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    let rest = before[length..].iter().zip(&after[length..]);
    length + rest.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::Deflate;
    use proptest::prelude::*;
    use std::io::Read;

    fn round(deflate: &mut Deflate, input: &[u8]) -> usize {
        let mut out = Vec::new();
        deflate.zlib(input, &mut out);
        let mut read = Vec::new();
        flate2::read::ZlibDecoder::new(&out[..])
            .read_to_end(&mut read)
            .expect("another reader takes it");
        assert!(
            read == input,
            "{} bytes came back as {}",
            input.len(),
            read.len()
        );
        out.len()
    }

    #[test]
    fn a_constant_area_takes_next_to_nothing() {
        let mut deflate = Deflate::default();
        assert!(round(&mut deflate, &vec![128; 1 << 20]) < 5000);
    }

    #[test]
    fn noise_is_stored() {
        let mut state = 1u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(200_000)
        .collect();
        let size = round(&mut Deflate::default(), &noise);
        assert!(size < noise.len() + 100, "{size}");
    }

    #[test]
    fn lengths_around_the_edges() {
        let mut deflate = Deflate::default();
        for length in (0..600).chain([(48 << 10) - 1, 48 << 10, (48 << 10) + 1, 65_535, 65_536]) {
            round(&mut deflate, &vec![7; length]);
            let counted: Vec<u8> = (0..length).map(|i| (i * i / 7) as u8).collect();
            round(&mut deflate, &counted);
        }
    }

    #[test]
    fn skewed_counts_are_limited_in_length() {
        // Fibonacci counts make the longest codes.
        let (mut a, mut b) = (1usize, 1usize);
        let mut input = Vec::new();
        for symbol in 0..22u8 {
            input.extend((0..a).map(|i| if i % 2 == 0 { symbol } else { 255 - symbol }));
            (a, b) = (b, a + b);
        }
        round(&mut Deflate::default(), &input);
    }

    proptest! {
        #[test]
        fn everything_comes_back(
            pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), 1usize..200), 0..60)
        ) {
            let mut deflate = Deflate::default();
            let input: Vec<u8> = pieces
                .iter()
                .flat_map(|(piece, times)| piece.repeat(*times))
                .collect();
            round(&mut deflate, &input);
            round(&mut deflate, &input);
        }
    }
}
