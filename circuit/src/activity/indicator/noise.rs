//! Noise of each cell in each frame, by random access.
//!
//! Owns that it is the same whenever it is asked for: a number is the hash of seed, frame and cell.

/// So many values there are, each as likely as the others.
const VALUES: usize = 1 << 16;

/// Normal noise.
#[derive(Debug)]
pub(super) struct Noise {
    /// Quantiles of the normal distribution at even distances, so wide as is wanted.
    table: Vec<f32>,
    seed: u64,
}

impl Noise {
    /// Noise with this standard deviation.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "single precision is what is shown; the table is short"
    )]
    pub(super) fn new(deviation: f64, seed: u64) -> Self {
        let quantiles =
            (0..VALUES).map(|at| quantile((at as f64 + 0.5) / VALUES as f64) * deviation);
        Self {
            table: quantiles.map(|value| value as f32).collect(),
            seed,
        }
    }

    /// Adds that of a frame; of a fraction of frames, that of the frame before.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "any number of a frame will do; the top bits choose a value"
    )]
    pub(super) fn add(&self, frame: f64, out: &mut [f32]) {
        let frame = mixed((frame.floor() as i64 as u64).wrapping_add(mixed(self.seed)));
        for (cell, value) in (0_u64..).zip(out) {
            let bits = mixed(frame.wrapping_add(cell.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            let at = (bits >> 48) as usize;
            *value += self.table.get(at).copied().unwrap_or_default();
        }
    }
}

/// Mixes all bits: the finish of splitmix64 (Steele, Lea, Flood 2014).
fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The quantile of the normal distribution, to 1e-9.
///
/// Source: P. J. Acklam, "An algorithm for computing the inverse normal cumulative distribution function"
/// (2003).
fn quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    let at = |factors: &[f64], x: f64| factors.iter().fold(0.0, |sum, one| sum * x + one);
    if p > 0.5 {
        return -quantile(1.0 - p);
    }
    if p < 0.024_25 {
        let q = (-2.0 * p.ln()).sqrt();
        return at(&C, q) / at(&D, q);
    }
    let q = p - 0.5;
    q * at(&A, q * q) / at(&B, q * q)
}

#[cfg(test)]
mod tests {
    use super::{Noise, quantile};

    #[test]
    fn quantiles_are_those_of_tables() {
        for (p, z) in [
            (0.5, 0.0),
            (0.841_344_746, 1.0),
            (0.975, 1.959_963_985),
            (0.001, -3.090_232_306),
            (0.02, -2.053_748_911),
        ] {
            assert!((quantile(p) - z).abs() < 1e-7, "{p}: {}", quantile(p));
        }
    }

    #[test]
    fn noise_has_its_deviation_in_cells_and_in_frames_and_no_memory() {
        let noise = Noise::new(0.1, 7);
        let deviation = |values: &[f32]| {
            let n = values.len() as f32;
            let mean = values.iter().sum::<f32>() / n;
            assert!(mean.abs() < 0.004, "{mean}");
            (values.iter().map(|one| (one - mean).powi(2)).sum::<f32>() / n).sqrt()
        };
        let mut cells = vec![0.0; 20_000];
        noise.add(3.0, &mut cells);
        assert!((deviation(&cells) - 0.1).abs() < 0.002);
        let mut frames = Vec::new();
        for frame in 0..20_000 {
            let mut one = [0.0; 3];
            noise.add(f64::from(frame), &mut one);
            frames.push(one[2]);
        }
        assert!((deviation(&frames) - 0.1).abs() < 0.002);
        // Neighbours in cells, and in frames, have nothing to do with each other.
        let together = |values: &[f32]| {
            let pairs = values.windows(2).map(|two| two[0] * two[1]);
            pairs.sum::<f32>() / values.len() as f32 / 0.01
        };
        assert!(together(&cells).abs() < 0.03 && together(&frames).abs() < 0.03);
        let mut again = vec![0.0; 20_000];
        noise.add(3.4, &mut again);
        assert_eq!(cells, again);
        Noise::new(0.1, 8).add(3.0, &mut again);
        assert_ne!(cells[..10], again[..10]);
    }
}
