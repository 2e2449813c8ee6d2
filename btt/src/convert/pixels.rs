//! Pixels of 1 to 4 bytes as words, a block at a time.
//!
//! A word for each pixel is what every loop behind this one can be vectorised over, also without
//! byte shuffles, which the oldest x86-64 lacks. A block stays in the first-level cache.
//!
//! All of it is inlined, and without closures: only then it is compiled for what its caller is.

/// Pixels of a block.
pub(super) const BLOCK: usize = 1024;

/// The words of a block's pixels, in `words`: the first channel lowest.
#[inline(always)]
pub(super) fn unpack<'a>(bytes: &[u8], channels: usize, words: &'a mut [u32; BLOCK]) -> &'a [u32] {
    let words = &mut words[..bytes.len() / channels];
    match channels {
        1 => unpack_1(bytes, words),
        2 => unpack_2(bytes, words),
        3 => unpack_3(bytes, words),
        _ => unpack_4(bytes, words),
    }
    words
}

#[inline(always)]
fn unpack_1(bytes: &[u8], words: &mut [u32]) {
    for (word, byte) in words.iter_mut().zip(bytes) {
        *word = u32::from(*byte);
    }
}

#[inline(always)]
fn unpack_2(bytes: &[u8], words: &mut [u32]) {
    for (word, pixel) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from(u16::from_le_bytes(*pixel));
    }
}

/// Four pixels are three words.
#[inline(always)]
fn unpack_3(bytes: &[u8], words: &mut [u32]) {
    let (fours, rest) = words.as_chunks_mut::<4>();
    let (twelves, rest_bytes) = bytes.as_chunks::<12>();
    for (four, twelve) in fours.iter_mut().zip(twelves) {
        let word = |at: usize| {
            u32::from_le_bytes([twelve[at], twelve[at + 1], twelve[at + 2], twelve[at + 3]])
        };
        let (first, second, third) = (word(0), word(4), word(8));
        *four = [
            first,
            first >> 24 | second << 8,
            second >> 16 | third << 16,
            third >> 8,
        ];
    }
    for (word, pixel) in rest.iter_mut().zip(rest_bytes.as_chunks::<3>().0) {
        *word = u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0]);
    }
}

#[inline(always)]
fn unpack_4(bytes: &[u8], words: &mut [u32]) {
    for (word, pixel) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_le_bytes(*pixel);
    }
}
