//! Each pair with one probability.
//!
//! Owns how pairs are passed over: the number of pairs to the next edge is drawn, not each pair.

use super::random::Random;
use super::{Ends, Pairs, RuleError};

/// Connects each source to each target with probability `p`, which is clamped to [0, 1].
///
/// # Errors
/// [`RuleError`] where there are too many nodes, or not as many ids as nodes.
pub fn probability(ends: Ends<'_>, p: f64, seed: u64) -> Result<Pairs, RuleError> {
    ends.check()?;
    let mut pairs = Pairs::default();
    if p.is_nan() || p <= 0.0 {
        return Ok(pairs);
    }
    let passed = (-p.min(1.0)).ln_1p();
    for source in 0..ends.sources {
        let mut random = Random::of(seed, source);
        let mut target = 0;
        loop {
            if passed.is_finite() {
                // Geometric: P(k pairs are passed over) = (1 − p)ᵏ·p. A cast of a large float saturates.
                let skip = ((-random.uniform()).ln_1p() / passed) as usize;
                target = skip.saturating_add(target);
            }
            if target >= ends.targets {
                break;
            }
            if !ends.same(source, target) {
                pairs.push(source, target);
            }
            target += 1;
        }
    }
    Ok(pairs)
}
