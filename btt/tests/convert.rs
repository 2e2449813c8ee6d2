//! Conversions against the formula, one value at a time.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use btt::{Convert, ConvertError, DType};
use proptest::prelude::*;

/// A conversion and what it asks, in the reference's own terms.
#[derive(Clone, Debug)]
struct Asked {
    height: usize,
    width: usize,
    channels: usize,
    kept: usize,
    float: bool,
    chw: bool,
    curve: u8,
    gamma: f64,
    normalize: Option<(Vec<f64>, Vec<f64>)>,
}

impl Asked {
    fn convert(&self) -> Convert {
        let mut convert = Convert::image("image").channels(self.kept);
        if self.float {
            convert = convert.float();
        }
        if self.chw {
            convert = convert.chw();
        }
        convert = match self.curve {
            0 => convert,
            1 => convert.srgb(),
            2 => convert.to_srgb(),
            _ => convert.gamma(self.gamma),
        };
        match self.normalize.clone() {
            Some((mean, std)) => convert.normalize(mean, std),
            None => convert,
        }
    }

    fn gives_floats(&self) -> bool {
        self.float || self.normalize.is_some()
    }

    /// The value at a place of the result, and how far the product may be from it.
    fn value(&self, source: &[u8], row: usize, column: usize, channel: usize) -> (f64, f64) {
        let byte = source[(row * self.width + column) * self.channels + channel];
        let x = f64::from(byte) / 255.0;
        let alpha = self.channels.is_multiple_of(2) && channel == self.channels - 1;
        let x = match self.curve {
            _ if alpha => x,
            0 => x,
            1 if x <= 0.04045 => x / 12.92,
            1 => ((x + 0.055) / 1.055).powf(2.4),
            2 if x <= 0.0031308 => 12.92 * x,
            2 => 1.055 * x.powf(1.0 / 2.4) - 0.055,
            _ => x.powf(self.gamma),
        };
        if !self.gives_floats() {
            return ((x * 255.0).round(), 0.0);
        }
        let Some((mean, std)) = &self.normalize else {
            return (x, 1e-6);
        };
        let of = |numbers: &[f64]| numbers[channel.min(numbers.len() - 1)];
        let largest = (of(mean).abs() / of(std)).max(((1.0 - of(mean)) / of(std)).abs());
        ((x - of(mean)) / of(std), 1e-6 * largest)
    }

    fn shape(&self) -> [usize; 3] {
        match self.chw {
            true => [self.kept, self.height, self.width],
            false => [self.height, self.width, self.kept],
        }
    }

    fn check(&self, source: &[u8]) {
        let plan = self
            .convert()
            .plan(DType::U8, &[self.height, self.width, self.channels])
            .unwrap();
        assert_eq!(plan.shape(), self.shape());
        let values = self.height * self.width * self.kept;
        // Nothing of what the memory held before may remain.
        let found: Vec<f64> = if self.gives_floats() {
            assert_eq!(plan.dtype(), DType::F32);
            let mut out = vec![f32::NAN; values];
            let bytes = bytemuck::cast_slice_mut(&mut out);
            plan.run(source, bytes).unwrap();
            out.into_iter().map(f64::from).collect()
        } else {
            assert_eq!(plan.dtype(), DType::U8);
            let mut out = vec![0xa5_u8; values];
            plan.run(source, &mut out).unwrap();
            out.into_iter().map(f64::from).collect()
        };
        for row in 0..self.height {
            for column in 0..self.width {
                for channel in 0..self.kept {
                    let (expected, tolerance) = self.value(source, row, column, channel);
                    let at = match self.chw {
                        true => (channel * self.height + row) * self.width + column,
                        false => (row * self.width + column) * self.kept + channel,
                    };
                    assert!(
                        (found[at] - expected).abs() <= tolerance,
                        "{self:?}: {} instead of {expected} in row {row}, column {column}, channel \
                         {channel}",
                        found[at]
                    );
                }
            }
        }
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    let size = (0_usize..40, 0_usize..70);
    let channels = (1_usize..=4).prop_flat_map(|channels| (Just(channels), 1..=channels));
    let normalize = channels.clone().prop_flat_map(|(channels, kept)| {
        let numbers = |low: f64, high: f64| {
            prop_oneof![
                proptest::collection::vec(low..high, kept),
                proptest::collection::vec(low..high, 1),
            ]
        };
        let normalize = proptest::option::of((numbers(-2.0, 2.0), numbers(0.01, 3.0)));
        (Just(channels), Just(kept), normalize)
    });
    let flags = (any::<bool>(), any::<bool>(), 0_u8..4, 0.2_f64..3.0);
    (size, normalize, flags).prop_map(
        |((height, width), (channels, kept, normalize), (float, chw, curve, gamma))| Asked {
            height,
            width,
            channels,
            kept,
            float,
            chw,
            curve,
            gamma,
            normalize,
        },
    )
}

proptest! {
    #[test]
    fn every_conversion_is_its_formula(asked in asked(), seed in any::<u64>()) {
        asked.check(&noise(asked.height * asked.width * asked.channels, seed));
    }
}

/// Bytes without a pattern (a linear congruential generator's high ones).
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn large_images_of_odd_sizes_are_converted() {
    let (height, width) = (701, 997);
    for (channels, kept, float, chw) in [
        (4, 3, true, true),
        (4, 3, true, false),
        (4, 3, false, false),
        (3, 3, false, true),
    ] {
        let asked = Asked {
            height,
            width,
            channels,
            kept,
            float,
            chw,
            curve: 0,
            gamma: 1.0,
            normalize: None,
        };
        asked.check(&noise(height * width * channels, 7));
    }
}

#[test]
fn every_value_of_every_curve_is_its_formula() {
    for (curve, gamma) in [(0, 1.0), (1, 1.0), (2, 1.0), (3, 1.0 / 2.2), (3, 2.2)] {
        for float in [true, false] {
            let asked = Asked {
                height: 16,
                width: 16,
                channels: 1,
                kept: 1,
                float,
                chw: false,
                curve,
                gamma,
                normalize: None,
            };
            let all: Vec<u8> = (0..=255).collect();
            asked.check(&all);
        }
    }
}

#[test]
fn what_does_not_fit_is_an_error_that_names_the_field() {
    let image = || Convert::image("depth");
    let shape = [4, 4, 4];
    for (convert, dtype, shape, says) in [
        (image(), DType::F32, &shape[..], "it is float32"),
        (image(), DType::U8, &[4, 4], "its shape is [4, 4]"),
        (image(), DType::U8, &[4, 4, 5], "its shape is [4, 4, 5]"),
        (
            image(),
            DType::U8,
            &[2, 4, 4, 3],
            "its shape is [2, 4, 4, 3]",
        ),
        (image().rgb(), DType::U8, &[4, 4, 1], "it has 1"),
        (
            image().channels(0),
            DType::U8,
            &shape,
            "0 channels were asked",
        ),
        (
            image().channels(5),
            DType::U8,
            &shape,
            "1 to 4 are possible",
        ),
        (image().gamma(0.0), DType::U8, &shape, "not 0"),
        (image().gamma(f64::NAN), DType::U8, &shape, "not NaN"),
        (
            image().normalize([0.5, 0.5, 0.5], [1.0]),
            DType::U8,
            &shape,
            "mean has 3 numbers for 4 channels",
        ),
        (
            image().rgb().normalize([0.5], [1.0; 4]),
            DType::U8,
            &shape,
            "std has 4 numbers for 3 channels",
        ),
        (
            image().normalize([0.5], [0.0]),
            DType::U8,
            &shape,
            "std has 0",
        ),
        (
            image().normalize([0.5], [1e-60]),
            DType::U8,
            &shape,
            "std has 0.0000",
        ),
        (
            image().normalize([0.5], [-1.0]),
            DType::U8,
            &shape,
            "std has -1",
        ),
        (
            image().normalize([f64::INFINITY], [1.0]),
            DType::U8,
            &shape,
            "mean has inf",
        ),
        (
            image().normalize([], [1.0]),
            DType::U8,
            &shape,
            "mean has 0 numbers",
        ),
    ] {
        let error = convert.plan(dtype, shape).unwrap_err();
        let words = error.to_string();
        assert!(
            words.contains("field 'depth'") && words.contains(says),
            "{words}"
        );
        assert_eq!(error.field(), "depth");
    }
}

#[test]
fn memory_that_does_not_fit_is_refused() {
    let plan = Convert::image("image")
        .float()
        .plan(DType::U8, &[2, 2, 4])
        .unwrap();
    let mut out = [0_u64; 9];
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut out);
    for (source, range) in [(15, 0..64), (16, 0..63), (16, 0..65), (16, 1..65)] {
        let error = plan.run(&vec![0; source], &mut bytes[range]).unwrap_err();
        assert!(matches!(error, ConvertError::Memory { .. }), "{error}");
    }
    plan.run(&[0; 16], &mut bytes[4..68]).unwrap();
}
