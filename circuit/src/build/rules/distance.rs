//! Each pair with a probability that falls with its distance.
//!
//! Owns the fall-offs and the distance in a box whose opposite sides are one.

use super::random::Random;
use super::{Ends, Pairs, RuleError};

/// How the probability falls with the distance d.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FallOff {
    /// 1 up to the scale, 0 beyond.
    Step,
    /// 1 − d/scale, 0 beyond the scale.
    Linear,
    /// exp(−d/scale).
    Exponential,
    /// exp(−d²/(2·scale²)).
    Gaussian,
}

/// A rule by distance.
#[derive(Debug, Clone, Copy)]
pub struct Distance {
    /// The probability at distance 0.
    pub p: f64,
    /// Of the fall-off, in the unit of the positions; above 0.
    pub scale: f64,
    /// Its form.
    pub fall_off: FallOff,
    /// Pairs farther apart are not connected.
    pub cutoff: f64,
    /// The edges of a box whose opposite sides are one; 0 where an axis is not wrapped.
    pub wrapped: [f64; 3],
}

impl Distance {
    fn probability(&self, squared: f64) -> f64 {
        if squared > self.cutoff * self.cutoff {
            return 0.0;
        }
        let falls = match self.fall_off {
            FallOff::Step => f64::from(squared <= self.scale * self.scale),
            FallOff::Linear => (1.0 - squared.sqrt() / self.scale).max(0.0),
            FallOff::Exponential => (-squared.sqrt() / self.scale).exp(),
            FallOff::Gaussian => (-squared / (2.0 * self.scale * self.scale)).exp(),
        };
        self.p * falls
    }

    fn squared(&self, one: &[f64; 3], other: &[f64; 3]) -> f64 {
        let axes = one.iter().zip(other).zip(&self.wrapped);
        axes.map(|((one, other), edge)| {
            let mut apart = one - other;
            if *edge > 0.0 {
                apart -= edge * (apart / edge).round();
            }
            apart * apart
        })
        .sum()
    }
}

/// Connects each source to each target with the probability of their distance; `sources` and `targets`
/// are their positions.
///
/// # Errors
/// [`RuleError`] where there are too many nodes, or not as many ids or positions as nodes.
pub fn distance(
    ends: Ends<'_>,
    sources: &[[f64; 3]],
    targets: &[[f64; 3]],
    rule: &Distance,
    seed: u64,
) -> Result<Pairs, RuleError> {
    ends.check()?;
    for (what, there, wanted) in [
        ("positions of sources", sources.len(), ends.sources),
        ("positions of targets", targets.len(), ends.targets),
    ] {
        if there != wanted {
            return Err(RuleError::Length {
                what,
                there,
                wanted,
            });
        }
    }
    let mut pairs = Pairs::default();
    for (source, at) in sources.iter().enumerate() {
        let mut random = Random::of(seed, source);
        for (target, to) in targets.iter().enumerate() {
            // Drawn for each pair, so that the rule's numbers do not move those of other pairs.
            let drawn = random.uniform();
            if drawn < rule.p
                && drawn < rule.probability(rule.squared(at, to))
                && !ends.same(source, target)
            {
                pairs.push(source, target);
            }
        }
    }
    Ok(pairs)
}
