//! Huffman codes of symbols that are counted.
//!
//! Code lengths are those of minimum redundancy (Moffat and Katajainen, 1995), shortened to a limit as
//! zlib and miniz do.

/// A code, turned so that its first bit is the lowest.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Code {
    pub(super) bits: u32,
    pub(super) length: u32,
}

/// The lengths of the codes of symbols that occur so often, none longer than `limit`.
pub(super) fn lengths_of(counts: &[u32], limit: usize) -> Vec<u8> {
    let mut lengths = vec![0; counts.len()];
    let mut used: Vec<(u32, usize)> = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(symbol, count)| (*count, symbol))
        .collect();
    match used.as_slice() {
        [] => return lengths,
        [(_, only)] => {
            lengths[*only] = 1;
            return lengths;
        }
        _ => {}
    }
    used.sort_unstable();
    let mut weights: Vec<u32> = used.iter().map(|(count, _)| *count).collect();
    minimum_redundancy(&mut weights);
    let mut of_length = [0u32; 33];
    for &length in &weights {
        of_length[(length as usize).min(32)] += 1;
    }
    shorten(&mut of_length, limit);
    // The rarest have the longest.
    let mut symbols = used.iter().map(|(_, symbol)| *symbol);
    for length in (1..=limit).rev() {
        for symbol in symbols.by_ref().take(of_length[length] as usize) {
            lengths[symbol] = length as u8;
        }
    }
    lengths
}

/// Turns weights, ascending, at least two, into the lengths of their codes, in place.
fn minimum_redundancy(a: &mut [u32]) {
    let n = a.len();
    a[0] += a[1];
    let (mut root, mut leaf) = (0, 2);
    for next in 1..n - 1 {
        if leaf >= n || a[root] < a[leaf] {
            a[next] = a[root];
            a[root] = next as u32;
            root += 1;
        } else {
            a[next] = a[leaf];
            leaf += 1;
        }
        if leaf >= n || (root < next && a[root] < a[leaf]) {
            a[next] += a[root];
            a[root] = next as u32;
            root += 1;
        } else {
            a[next] += a[leaf];
            leaf += 1;
        }
    }
    a[n - 2] = 0;
    for next in (0..n - 2).rev() {
        a[next] = a[a[next] as usize] + 1;
    }
    let (mut available, mut used, mut depth) = (1usize, 0usize, 0u32);
    let mut root = n as isize - 2;
    let mut next = n as isize - 1;
    while available > 0 {
        while root >= 0 && a[root as usize] == depth {
            used += 1;
            root -= 1;
        }
        while available > used {
            a[next as usize] = depth;
            next -= 1;
            available -= 1;
        }
        available = 2 * used;
        depth += 1;
        used = 0;
    }
}

/// Makes codes that are too long as long as the limit, and others longer until all fit.
fn shorten(of_length: &mut [u32; 33], limit: usize) {
    let over: u32 = of_length[limit + 1..].iter().sum();
    of_length[limit] += over;
    of_length[limit + 1..].fill(0);
    let mut total: u64 = (1..=limit)
        .map(|length| u64::from(of_length[length]) << (limit - length))
        .sum();
    while total > 1 << limit {
        of_length[limit] -= 1;
        if let Some(length) = (1..limit).rev().find(|&length| of_length[length] > 0) {
            of_length[length] -= 1;
            of_length[length + 1] += 2;
        }
        total -= 1;
    }
}

/// Canonical codes of lengths (RFC 1951, 3.2.2).
pub(super) fn give_codes(lengths: &[u8], codes: &mut [Code]) {
    let mut next = [0u32; 16];
    let mut of_length = [0u32; 16];
    for &length in lengths {
        of_length[usize::from(length)] += 1;
    }
    of_length[0] = 0;
    let mut code = 0;
    for length in 1..16 {
        code = (code + of_length[length - 1]) << 1;
        next[length] = code;
    }
    for (&length, place) in lengths.iter().zip(codes) {
        let length = u32::from(length);
        *place = Code::default();
        if length > 0 {
            let code = &mut next[length as usize];
            place.bits = code.reverse_bits() >> (32 - length);
            place.length = length;
            *code += 1;
        }
    }
}
