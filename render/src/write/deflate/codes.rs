//! A block with codes of its own, or stored where that is as small.

use super::Sequence;
use super::emit::Bits;
use super::huffman::{Code, give_codes, lengths_of};

const LITERALS: usize = 286;
const DISTANCES: usize = 30;
const END: usize = 256;
/// The longest code of a literal: four of them fit between two flushes.
const LIMIT: usize = 13;
const LIMIT_DISTANCE: usize = 15;
const LIMIT_LENGTHS: usize = 7;
/// Stored blocks are at most so long.
const STORED: usize = 65_535;
/// The order in which the lengths of the lengths' codes are written (RFC 1951, 3.2.7).
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// The codes and the counts of one block.
#[derive(Debug)]
pub(super) struct Codes {
    counts: Box<[u32; LITERALS]>,
    distance_counts: [u32; DISTANCES],
    literals: Box<[Code; LITERALS]>,
    distances: [Code; DISTANCES],
    /// For each match length: its symbol, extra bits and their number.
    lengths: Box<[(u16, u16, u8); 259]>,
}

impl Default for Codes {
    fn default() -> Self {
        let mut lengths = Box::new([(0, 0, 0); 259]);
        for (length, place) in lengths.iter_mut().enumerate().skip(3) {
            *place = length_symbol(length);
        }
        Self {
            counts: Box::new([0; LITERALS]),
            distance_counts: [0; DISTANCES],
            literals: Box::new([Code::default(); LITERALS]),
            distances: [Code::default(); DISTANCES],
            lengths,
        }
    }
}

/// Symbol, extra bits and their number of a match length (RFC 1951, 3.2.5).
fn length_symbol(length: usize) -> (u16, u16, u8) {
    match length {
        258 => (285, 0, 0),
        0..=10 => ((254 + length) as u16, 0, 0),
        _ => {
            let past = length - 3;
            let extra = past.ilog2() - 2;
            let symbol = 257 + extra as usize * 4 + (past >> extra);
            (
                symbol as u16,
                (past & ((1 << extra) - 1)) as u16,
                extra as u8,
            )
        }
    }
}

/// Symbol, extra bits and their number of a distance, given as one less than it is.
#[inline]
fn distance_symbol(past: u32) -> (usize, u32, u32) {
    if past < 4 {
        return (past as usize, 0, 0);
    }
    let extra = past.ilog2() - 1;
    let symbol = extra * 2 + (past >> extra);
    (symbol as usize, past & ((1 << extra) - 1), extra)
}

impl Codes {
    /// Writes a block: `sequences` are of `input`.
    pub(super) fn write(
        &mut self,
        input: &[u8],
        sequences: &[Sequence],
        last: bool,
        bits: &mut Bits<'_>,
    ) {
        self.count(input, sequences);
        let literal_lengths = lengths_of(&self.counts[..], LIMIT);
        let distance_lengths = lengths_of(&self.distance_counts, LIMIT_DISTANCE);
        let cost = self.cost(&literal_lengths, &distance_lengths);
        // Some hundred bits are the codes themselves; a gain of less than a 64th is not worth decoding.
        if cost / 8 + 80 >= (input.len() - input.len() / 64) as u64 {
            return stored(input, last, bits);
        }
        bits.reserve(input.len() + 512);
        bits.put(u64::from(last) | 2 << 1, 3);
        bits.flush();
        write_lengths(&literal_lengths, &distance_lengths, bits);
        give_codes(&literal_lengths, &mut self.literals[..]);
        give_codes(&distance_lengths, &mut self.distances);
        self.emit(input, sequences, bits);
    }

    fn count(&mut self, input: &[u8], sequences: &[Sequence]) {
        self.distance_counts = [0; DISTANCES];
        // Four tables: the same byte twice would otherwise wait for itself.
        let mut tables = [[0u32; 256]; 4];
        let mut later = [0u32; LITERALS - 256];
        let mut at = 0;
        for sequence in sequences {
            let (end, length) = (
                at + sequence.literals as usize,
                usize::from(sequence.length),
            );
            let mut four = input[at..end].chunks_exact(4);
            for bytes in &mut four {
                tables[0][usize::from(bytes[0])] += 1;
                tables[1][usize::from(bytes[1])] += 1;
                tables[2][usize::from(bytes[2])] += 1;
                tables[3][usize::from(bytes[3])] += 1;
            }
            for &byte in four.remainder() {
                tables[0][usize::from(byte)] += 1;
            }
            at = end + length;
            if length > 0 {
                later[usize::from(self.lengths[length].0) - 256] += 1;
                self.distance_counts[distance_symbol(sequence.distance.into()).0] += 1;
            }
        }
        later[0] = 1; // the end of the block
        for (symbol, count) in self.counts[..256].iter_mut().enumerate() {
            *count = tables.iter().map(|table| table[symbol]).sum();
        }
        self.counts[256..].copy_from_slice(&later);
    }

    /// Bits of the block without its codes.
    fn cost(&self, literals: &[u8], distances: &[u8]) -> u64 {
        let bits = |counts: &[u32], lengths: &[u8]| -> u64 {
            let each = counts.iter().zip(lengths);
            each.map(|(&count, &length)| u64::from(count) * u64::from(length))
                .sum()
        };
        let extra_of_length = |symbol: usize| match symbol {
            265..285 => (symbol as u64 - 261) / 4,
            _ => 0,
        };
        let extra: u64 =
            (END..LITERALS)
                .map(|symbol| u64::from(self.counts[symbol]) * extra_of_length(symbol))
                .chain((4..DISTANCES).map(|symbol| {
                    u64::from(self.distance_counts[symbol]) * (symbol as u64 / 2 - 1)
                }))
                .sum();
        bits(&self.counts[..], literals) + bits(&self.distance_counts, distances) + extra
    }

    fn emit(&self, input: &[u8], sequences: &[Sequence], bits: &mut Bits<'_>) {
        let literal = |byte: u8| self.literals[usize::from(byte)];
        let mut at = 0;
        for sequence in sequences {
            let end = at + sequence.literals as usize;
            let mut four = input[at..end].chunks_exact(4);
            for bytes in &mut four {
                for &byte in bytes {
                    let code = literal(byte);
                    bits.put(code.bits.into(), code.length);
                }
                bits.flush();
            }
            for &byte in four.remainder() {
                let code = literal(byte);
                bits.put(code.bits.into(), code.length);
            }
            bits.flush();
            at = end + usize::from(sequence.length);
            if sequence.length > 0 {
                let (symbol, value, extra) = self.lengths[usize::from(sequence.length)];
                let code = self.literals[usize::from(symbol)];
                bits.put(code.bits.into(), code.length);
                bits.put(value.into(), extra.into());
                let (symbol, value, extra) = distance_symbol(sequence.distance.into());
                let code = self.distances[symbol];
                bits.put(code.bits.into(), code.length);
                bits.put(value.into(), extra);
                bits.flush();
            }
        }
        let code = self.literals[END];
        bits.put(code.bits.into(), code.length);
        bits.flush();
    }
}

fn stored(input: &[u8], last: bool, bits: &mut Bits<'_>) {
    let mut parts = input.chunks(STORED).peekable();
    if input.is_empty() {
        bits.reserve(16);
        bits.put(u64::from(last), 3);
        bits.align();
        return bits.bytes(&[0, 0, 0xff, 0xff]);
    }
    while let Some(part) = parts.next() {
        bits.reserve(16);
        bits.put(u64::from(last && parts.peek().is_none()), 3);
        bits.align();
        let length = part.len() as u16;
        bits.bytes(&length.to_le_bytes());
        bits.bytes(&(!length).to_le_bytes());
        bits.bytes(part);
    }
}

/// The codes' lengths, run-length coded and with codes of their own (RFC 1951, 3.2.7).
fn write_lengths(literals: &[u8], distances: &[u8], bits: &mut Bits<'_>) {
    let used = |lengths: &[u8], least: usize| {
        let last = lengths.iter().rposition(|&length| length > 0);
        last.map_or(least, |last| (last + 1).max(least))
    };
    let (literals, distances) = (
        &literals[..used(literals, 257)],
        &distances[..used(distances, 1)],
    );
    let all: Vec<u8> = literals.iter().chain(distances).copied().collect();
    let runs = runs_of(&all);
    let mut counts = [0u32; 19];
    for &(symbol, _, _) in &runs {
        counts[usize::from(symbol)] += 1;
    }
    let lengths = lengths_of(&counts, LIMIT_LENGTHS);
    let mut codes = [Code::default(); 19];
    give_codes(&lengths, &mut codes);
    let shown = ORDER.iter().rposition(|&symbol| lengths[symbol] > 0);
    let shown = shown.map_or(4, |last| (last + 1).max(4));
    bits.put((literals.len() - 257) as u64, 5);
    bits.put((distances.len() - 1) as u64, 5);
    bits.put((shown - 4) as u64, 4);
    bits.flush();
    for &symbol in &ORDER[..shown] {
        bits.put(lengths[symbol].into(), 3);
        bits.flush();
    }
    for (symbol, value, extra) in runs {
        let code = codes[usize::from(symbol)];
        bits.put(code.bits.into(), code.length);
        bits.put(value.into(), extra);
        bits.flush();
    }
}

/// Lengths as symbols with extra bits: 16 repeats the one before, 17 and 18 are runs of zeros.
fn runs_of(lengths: &[u8]) -> Vec<(u8, u8, u32)> {
    let mut runs = Vec::new();
    for group in lengths.chunk_by(|a, b| a == b) {
        let (value, mut left) = (group[0], group.len());
        if value > 0 {
            runs.push((value, 0, 0));
            left -= 1;
        }
        while left > 0 {
            let (symbol, taken) = match (value, left) {
                (_, 1 | 2) => {
                    runs.push((value, 0, 0));
                    left -= 1;
                    continue;
                }
                (0, 3..=10) => ((17, left - 3, 3), left),
                (0, _) => {
                    let taken = left.min(138);
                    ((18, taken - 11, 7), taken)
                }
                _ => {
                    let taken = left.min(6);
                    ((16, taken - 3, 2), taken)
                }
            };
            runs.push((symbol.0, symbol.1 as u8, symbol.2));
            left -= taken;
        }
    }
    runs
}
