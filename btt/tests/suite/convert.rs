//! Conversions against the formula, one value at a time.

use btt::{Convert, ConvertError, DType};
use proptest::prelude::*;

/// A conversion and what it asks, in the reference's own terms.
#[derive(Clone, Debug)]
struct Asked {
    from: DType,
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
    /// All channels of an image, as they are.
    fn unchanged(from: DType, height: usize, width: usize, channels: usize) -> Self {
        Self {
            from,
            height,
            width,
            channels,
            kept: channels,
            float: false,
            chw: false,
            curve: 0,
            gamma: 1.0,
            normalize: None,
        }
    }

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
        self.from == DType::F32 || self.float || self.normalize.is_some()
    }

    /// The value at a place of the result, and how far the product may be from it.
    fn value(&self, source: &[u8], row: usize, column: usize, channel: usize) -> (f64, f64) {
        let at = (row * self.width + column) * self.channels + channel;
        let x = match self.from {
            DType::U8 => f64::from(source[at]) / 255.0,
            _ => f32::from_le_bytes(source[4 * at..][..4].try_into().unwrap()).into(),
        };
        let alpha = self.channels.is_multiple_of(2) && channel == self.channels - 1;
        let x = match self.curve {
            _ if alpha => x,
            0 => x,
            1 if x <= 0.04045 => x / 12.92,
            1 => ((x + 0.055) / 1.055).powf(2.4),
            2 if x <= 0.0031308 => 12.92 * x,
            2 => 1.055 * x.powf(1.0 / 2.4) - 0.055,
            _ => x.max(0.0).powf(self.gamma),
        };
        if !self.gives_floats() {
            return ((x * 255.0).round(), 0.0);
        }
        let of = |numbers: &[f64]| numbers[channel.min(numbers.len() - 1)];
        let (mean, std) = match &self.normalize {
            Some((mean, std)) => (of(mean), of(std)),
            None => (0.0, 1.0),
        };
        let value = (x - mean) / std;
        let largest = (mean.abs() / std).max(((1.0 - mean) / std).abs());
        match self.from {
            DType::U8 => (value, 1e-6 * largest),
            _ => (value, f64::from(f32::EPSILON) * value.abs() + 1e-12),
        }
    }

    /// An image without a pattern; of `float32` from -1 to 3.
    fn noise(&self, seed: u64) -> Vec<u8> {
        let bytes = noise(self.height * self.width * self.channels, seed);
        if self.from == DType::U8 {
            return bytes;
        }
        let value = |byte: u8| f32::from(byte) / 63.75 - 1.0;
        let values = bytes.into_iter().map(value);
        values.flat_map(f32::to_le_bytes).collect()
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
            .plan(self.from, &[self.height, self.width, self.channels])
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
    let from = prop_oneof![Just(DType::U8), Just(DType::F32)];
    (from, size, normalize, flags).prop_map(
        |(from, (height, width), (channels, kept, normalize), (float, chw, curve, gamma))| Asked {
            from,
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
        asked.check(&asked.noise(seed));
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
    for (from, channels, kept, float, chw) in [
        (DType::U8, 4, 3, true, true),
        (DType::U8, 4, 3, true, false),
        (DType::U8, 4, 3, false, false),
        (DType::U8, 3, 3, false, true),
        (DType::F32, 4, 3, false, false),
        (DType::F32, 3, 3, false, true),
    ] {
        let asked = Asked {
            kept,
            float,
            chw,
            ..Asked::unchanged(from, height, width, channels)
        };
        asked.check(&asked.noise(7));
    }
}

#[test]
fn every_value_of_every_curve_is_its_formula() {
    for (curve, gamma) in [(0, 1.0), (1, 1.0), (2, 1.0), (3, 1.0 / 2.2), (3, 2.2)] {
        for float in [true, false] {
            let asked = Asked {
                float,
                curve,
                gamma,
                ..Asked::unchanged(DType::U8, 16, 16, 1)
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
        (image(), DType::F64, &shape[..], "it is float64"),
        (image(), DType::F32, &[4, 4], "its shape is [4, 4]"),
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

#[test]
fn floats_are_kept_as_they_are_wherever_they_lie() {
    let values = [0.25, -3.5, 1e30, f32::INFINITY, f32::MIN_POSITIVE, 7.0];
    let mut source = vec![0];
    source.extend(values.iter().copied().flat_map(f32::to_le_bytes));
    let plan = Convert::image("linear")
        .channels(2)
        .plan(DType::F32, &[1, 2, 3])
        .unwrap();
    let mut out = [f32::NAN; 4];
    plan.run(&source[1..], bytemuck::cast_slice_mut(&mut out))
        .unwrap();
    assert_eq!(out, [0.25, -3.5, f32::INFINITY, f32::MIN_POSITIVE]);

    let plan = Convert::image("linear").gamma(0.5);
    let plan = plan.plan(DType::F32, &[1, 1, 3]).unwrap();
    let source: Vec<u8> = [4.0, -4.0, f32::NAN].map(f32::to_le_bytes).concat();
    let mut out = [1.0_f32; 3];
    plan.run(&source, bytemuck::cast_slice_mut(&mut out))
        .unwrap();
    assert_eq!(out[..2], [2.0, 0.0]);
    assert!(out[2].is_nan());
}
