//! The sRGB encoding by table.
//!
//! Owns the transfer function and its tables; it must never know of images.

use std::sync::LazyLock;

/// Linear value to sRGB signal, both in [0, 1] (IEC 61966-2-1:1999, section 5.2).
fn srgb_transfer(linear: f64) -> f64 {
    if linear <= 0.003_130_8 {
        12.92 * linear
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    }
}

/// Signal to linear value, the inverse of [`srgb_transfer`].
fn srgb_inverse(signal: f64) -> f64 {
    if signal <= 0.040_45 {
        signal / 12.92
    } else {
        ((signal + 0.055) / 1.055).powf(2.4)
    }
}

/// Buckets of [`Srgb::of_bucket`]. The curve is steepest at 0 with 12.92 · 255 = 3295 steps a unit,
/// so a bucket of 1/4096 never holds more than one border between two bytes.
const BUCKETS: usize = 4096;

/// Tables that encode without a power function, and round exactly.
pub(super) struct Srgb {
    /// The code of the lower end of each bucket.
    of_bucket: Box<[u8; BUCKETS + 1]>,
    /// The smallest linear value that rounds to a code above this one; none is above 255.
    border: [f32; 256],
    /// The code of each linear byte.
    pub(super) of_byte: [u8; 256],
}

/// The tables, made at first use.
pub(super) static SRGB: LazyLock<Srgb> = LazyLock::new(|| {
    let code = |linear: f64| (srgb_transfer(linear) * 255.0 + 0.5) as u8;
    let mut border = [f32::INFINITY; 256];
    for (below, border) in border.iter_mut().enumerate().take(255) {
        *border = srgb_inverse((below as f64 + 0.5) / 255.0) as f32;
    }
    let mut of_bucket = Box::new([0; BUCKETS + 1]);
    for (bucket, value) in of_bucket.iter_mut().enumerate() {
        *value = code(bucket as f64 / BUCKETS as f64);
    }
    let mut of_byte = [0; 256];
    for (byte, value) in of_byte.iter_mut().enumerate() {
        *value = code(byte as f64 / 255.0);
    }
    Srgb {
        of_bucket,
        border,
        of_byte,
    }
});

impl Srgb {
    /// The code of a linear value; below 0 and NaN give 0, above 1 gives 255.
    #[inline]
    pub(super) fn encode(&self, linear: f32) -> u8 {
        let linear = linear.clamp(0.0, 1.0);
        let lower = self.of_bucket[(linear * BUCKETS as f32) as usize];
        lower + u8::from(linear >= self.border[lower as usize])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The tables must agree with the formula to the last byte (to within the float's own
        /// precision at a border between two bytes).
        #[test]
        fn tables_equal_the_formula(linear in 0.0..1.0_f32) {
            let exact = srgb_transfer(f64::from(linear)) * 255.0;
            let code = f64::from(SRGB.encode(linear));
            prop_assert!((code - exact).abs() <= 0.5 + 1e-4, "{linear}: {code} for {exact}");
        }
    }
}
