//! `btt.ImageTransform`, as the loader's conversion.

use btt::Convert;
use pyo3::prelude::*;

/// The attributes of `btt.ImageTransform`, which has checked its words.
#[derive(FromPyObject)]
pub(super) struct ImageTransform {
    channels: Option<usize>,
    dtype: String,
    layout: String,
    mean: Option<Vec<f64>>,
    std: Option<Vec<f64>>,
    srgb: bool,
    gamma: Option<f64>,
}

/// Field by field.
pub(super) fn conversions(transform: Vec<(String, ImageTransform)>) -> Vec<Convert> {
    let convert = |(field, asked): (String, ImageTransform)| {
        let mut convert = Convert::image(field);
        if let Some(channels) = asked.channels {
            convert = convert.channels(channels);
        }
        if asked.dtype == "float32" {
            convert = convert.float();
        }
        if asked.layout == "CHW" {
            convert = convert.chw();
        }
        if asked.srgb {
            convert = convert.srgb();
        }
        if let Some(exponent) = asked.gamma {
            convert = convert.gamma(exponent);
        }
        if asked.mean.is_some() || asked.std.is_some() {
            let mean = asked.mean.unwrap_or_else(|| vec![0.0]);
            let std = asked.std.unwrap_or_else(|| vec![1.0]);
            convert = convert.normalize(mean, std);
        }
        convert
    };
    transform.into_iter().map(convert).collect()
}
