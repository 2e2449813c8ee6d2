//! Random numbers that are the same everywhere.
//!
//! Owns the generator: xoshiro256++ (Blackman and Vigna, 2019), started by `SplitMix64`, a stream for each
//! pair of a seed and a row.

/// A stream of random numbers.
pub(super) struct Random([u64; 4]);

impl Random {
    /// The stream of a row.
    pub(super) fn of(seed: u64, row: usize) -> Self {
        let mut state = seed;
        let start = split_mix(&mut state) ^ (row as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        let mut state = start;
        Self(std::array::from_fn(|_| split_mix(&mut state)))
    }

    pub(super) fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let out = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        out
    }

    /// In [0, 1), in steps of 2⁻⁵³.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// In [0, below), each as likely (Lemire, 2019). `below` is not 0.
    pub(super) fn below(&mut self, below: u64) -> u64 {
        loop {
            let wide = u128::from(self.next()) * u128::from(below);
            if wide as u64 >= below.wrapping_neg() % below.max(1) {
                return (wide >> 64) as u64;
            }
        }
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut out = *state;
    out = (out ^ (out >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    out = (out ^ (out >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    out ^ (out >> 31)
}

/// So many whole numbers from `low` to `high`, both included, each as likely.
pub fn numbers(count: usize, low: u32, high: u32, seed: u64) -> Vec<u32> {
    // A row that no node has.
    let mut random = Random::of(seed, usize::MAX);
    let span = u64::from(high.saturating_sub(low)) + 1;
    (0..count)
        .map(|_| low.saturating_add(random.below(span) as u32))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the reference implementation from the state 1, 2, 3, 4.
    #[test]
    fn the_generator_is_the_one_it_says_it_is() {
        let mut random = Random([1, 2, 3, 4]);
        let expected = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
        ];
        assert_eq!(expected.map(|_| random.next()), expected);
    }

    #[test]
    fn numbers_lie_between_their_bounds_and_reach_them() {
        let drawn = numbers(1000, 3, 5, 9);
        assert!([3, 4, 5].iter().all(|one| drawn.contains(one)));
        assert!(drawn.iter().all(|one| (3..=5).contains(one)));
    }
}
