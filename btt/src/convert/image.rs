//! What may be asked of a field of images.
//!
//! Owns the words and what no image fits; it does not know the loops that do it.

use super::curve::Curve;
use super::error::ConvertError;

/// How one field of images, height×width×channels with 1 to 4 channels of `uint8` or `float32`, is
/// converted.
///
/// Each value, x = v / 255 of a `uint8` and x = v of a `float32`, becomes in channel c, in this order
/// and where it was asked for:
///
/// | asked | gives |
/// |---|---|
/// | [`channels`](Self::channels), [`rgb`](Self::rgb) | the first channels alone |
/// | [`float`](Self::float) | x, `float32` |
/// | [`srgb`](Self::srgb), [`to_srgb`](Self::to_srgb), [`gamma`](Self::gamma) | curve(x) |
/// | [`normalize`](Self::normalize) | (x − `mean[c]`) / `std[c]`, `float32` |
/// | [`chw`](Self::chw) | channels×height×width |
///
/// A curve leaves alpha alone, which is the last of 2 or 4 published channels; a power makes 0 of what is
/// below. Without `float` and `normalize` a `uint8` stays one, rounded to the nearest; else it
/// differs from the formula by at most 1e-6 of the largest value that the formula can give. A
/// `float32` is computed in `float64` and rounded once.
///
/// ```
/// use btt::{Convert, DType};
///
/// let convert = Convert::image("image").rgb().float().chw();
/// let plan = convert.plan(DType::U8, &[480, 640, 4])?;
/// assert_eq!((plan.dtype(), plan.shape()), (DType::F32, &[3, 480, 640][..]));
/// # Ok::<(), btt::ConvertError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Convert {
    pub(super) field: String,
    pub(super) channels: Option<usize>,
    pub(super) float: bool,
    pub(super) planes: bool,
    pub(super) curve: Curve,
    /// Mean and standard deviation, one for each channel, or one for all.
    pub(super) normalize: Option<(Vec<f64>, Vec<f64>)>,
}

impl Convert {
    /// The images of a field, as they are until more is asked.
    #[must_use]
    pub fn image(field: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            channels: None,
            float: false,
            planes: false,
            curve: Curve::None,
            normalize: None,
        }
    }

    /// The first `count` channels alone, 1 to 4.
    #[must_use]
    pub fn channels(mut self, count: usize) -> Self {
        self.channels = Some(count);
        self
    }

    /// The first three channels alone.
    #[must_use]
    pub fn rgb(self) -> Self {
        self.channels(3)
    }

    /// `uint8` becomes `float32` from 0 to 1.
    #[must_use]
    pub fn float(mut self) -> Self {
        self.float = true;
        self
    }

    /// Channels first: channels×height×width.
    #[must_use]
    pub fn chw(mut self) -> Self {
        self.planes = true;
        self
    }

    /// Colours published in sRGB become linear light (IEC 61966-2-1).
    #[must_use]
    pub fn srgb(mut self) -> Self {
        self.curve = Curve::FromSrgb;
        self
    }

    /// Colours published as linear light become sRGB, the inverse of [`srgb`](Self::srgb).
    #[must_use]
    pub fn to_srgb(mut self) -> Self {
        self.curve = Curve::ToSrgb;
        self
    }

    /// Colours are raised to this power: 1/2.2 for linear ones that are to be looked at.
    #[must_use]
    pub fn gamma(mut self, exponent: f64) -> Self {
        self.curve = Curve::Power(exponent);
        self
    }

    /// `float32` less `mean`, by `std`: one number for each channel that is kept, or one for all.
    #[must_use]
    pub fn normalize(mut self, mean: impl Into<Vec<f64>>, std: impl Into<Vec<f64>>) -> Self {
        self.normalize = Some((mean.into(), std.into()));
        self
    }

    /// The name of the field.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Refuses numbers that no image fits.
    ///
    /// # Errors
    /// [`ConvertError::Channels`], [`ConvertError::Normalize`], [`ConvertError::Gamma`].
    pub(crate) fn check(&self) -> Result<(), ConvertError> {
        let field = || self.field.clone();
        if let Some(asked) = self.channels.filter(|count| !(1..=4).contains(count)) {
            return Err(ConvertError::Channels {
                field: field(),
                asked,
                found: None,
            });
        }
        if let Curve::Power(exponent) = self.curve
            && !(exponent.is_finite() && exponent > 0.0)
        {
            return Err(ConvertError::Gamma {
                field: field(),
                found: exponent.to_string(),
            });
        }
        let Some((mean, std)) = &self.normalize else {
            return Ok(());
        };
        let wrong = |reason| {
            Err(ConvertError::Normalize {
                field: field(),
                reason,
            })
        };
        for (name, numbers) in [("mean", mean), ("std", std)] {
            let count = numbers.len();
            match self.channels {
                _ if count == 1 => {}
                Some(channels) if count != channels => {
                    return wrong(format!(
                        "{name} has {count} numbers for {channels} channels"
                    ));
                }
                None if !(1..=4).contains(&count) => {
                    return wrong(format!("{name} has {count} numbers"));
                }
                _ => {}
            }
            if let Some(bad) = numbers.iter().find(|number| !number.is_finite()) {
                return wrong(format!("{name} has {bad}"));
            }
        }
        // One of 1e-60 is 0 as float32.
        match std.iter().find(|&&std| std as f32 <= 0.0) {
            Some(bad) => wrong(format!("std has {bad}")),
            None => Ok(()),
        }
    }
}
