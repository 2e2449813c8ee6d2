//! What a conversion means for arrays of one dtype and shape.

use super::bytes::ToByte;
use super::curve::Curve;
use super::error::ConvertError;
use super::floats::ToFloat;
use super::from_floats::FromFloat;
use super::image::Convert;
use super::wide;
use blendtorch_wire::DType;

/// A [`Convert`] made ready for items of one shape; see [`Convert::plan`].
#[derive(Clone, Debug)]
pub struct ConvertPlan {
    field: String,
    /// Dtype and channels of what is converted.
    from: DType,
    channels: usize,
    kept: usize,
    pixels: usize,
    shape: Vec<usize>,
    planes: bool,
    to: To,
}

/// One for each channel that is kept.
#[derive(Clone, Debug)]
enum To {
    Floats(Vec<ToFloat>),
    Bytes(Vec<ToByte>),
    FromFloats(Vec<FromFloat>),
}

impl Convert {
    /// What becomes of items of this dtype and shape.
    ///
    /// # Errors
    /// [`ConvertError`], by which the field is named.
    pub fn plan(&self, dtype: DType, shape: &[usize]) -> Result<ConvertPlan, ConvertError> {
        ConvertPlan::new(self, dtype, shape)
    }
}

impl ConvertPlan {
    fn new(convert: &Convert, dtype: DType, shape: &[usize]) -> Result<Self, ConvertError> {
        convert.check()?;
        let field = || convert.field.clone();
        if !matches!(dtype, DType::U8 | DType::F32) {
            return Err(ConvertError::DType {
                field: field(),
                found: dtype,
            });
        }
        let &[height, width, channels @ 1..=4] = shape else {
            return Err(ConvertError::Shape {
                field: field(),
                found: shape.to_vec(),
            });
        };
        let kept = convert.channels.unwrap_or(channels);
        if kept > channels {
            return Err(ConvertError::Channels {
                field: field(),
                asked: kept,
                found: Some(channels),
            });
        }
        let curves = (0..kept).map(|channel| match (channels, channel) {
            (2, 1) | (4, 3) => Curve::None, // alpha
            _ => convert.curve,
        });
        let to = if dtype == DType::F32 {
            let curves = curves.zip(lines(convert, kept)?);
            let from_float = |(curve, (scale, offset))| FromFloat {
                curve,
                scale,
                offset,
            };
            To::FromFloats(curves.map(from_float).collect())
        } else if convert.float || convert.normalize.is_some() {
            let curves = curves.zip(lines(convert, kept)?);
            To::Floats(curves.map(|(curve, line)| to_float(curve, line)).collect())
        } else {
            To::Bytes(curves.map(to_byte).collect())
        };
        let shape = match convert.planes {
            true => vec![kept, height, width],
            false => vec![height, width, kept],
        };
        Ok(Self {
            field: field(),
            from: dtype,
            channels,
            kept,
            pixels: height * width,
            shape,
            planes: convert.planes,
            to,
        })
    }

    /// The dtype of a converted item.
    #[must_use]
    pub fn dtype(&self) -> DType {
        match self.to {
            To::Floats(_) | To::FromFloats(_) => DType::F32,
            To::Bytes(_) => DType::U8,
        }
    }

    /// The shape of a converted item.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Converts the bytes of one item, in C order, aligned or not, to those of the result.
    ///
    /// # Errors
    /// [`ConvertError::Memory`] unless both have the length of their shapes, and `out` the
    /// alignment of its dtype.
    pub fn run(&self, source: &[u8], out: &mut [u8]) -> Result<(), ConvertError> {
        let source_len = self.pixels * self.pixel_bytes();
        let len = self.pixels * self.kept * self.dtype().size();
        if source.len() != source_len || out.len() != len {
            return Err(self.wrong(format!("{} and {} bytes", source.len(), out.len())));
        }
        if out.is_empty() {
            return Ok(());
        }
        let channels = self.channels;
        match &self.to {
            To::Floats(to) => {
                let out = self.floats(out)?;
                match self.planes {
                    true => wide::float_planes(source, channels, to, &mut self.split(out)),
                    false => wide::float_pixels(source, channels, to, out),
                }
            }
            To::Bytes(to) => match self.planes {
                true => wide::byte_planes(source, channels, to, &mut self.split(out)),
                false => wide::byte_pixels(source, channels, to, out),
            },
            To::FromFloats(to) => {
                let out = self.floats(out)?;
                match self.planes {
                    true => wide::from_float_planes(source, channels, to, &mut self.split(out)),
                    false => wide::from_float_pixels(source, channels, to, out),
                }
            }
        }
        Ok(())
    }

    /// A plane of each channel.
    fn split<'a, T>(&self, out: &'a mut [T]) -> Vec<&'a mut [T]> {
        out.chunks_exact_mut(self.pixels).collect()
    }

    fn pixel_bytes(&self) -> usize {
        self.channels * self.from.size()
    }

    fn floats<'a>(&self, out: &'a mut [u8]) -> Result<&'a mut [f32], ConvertError> {
        bytemuck::try_cast_slice_mut(out)
            .map_err(|_| self.wrong("it is not aligned for float32".into()))
    }

    fn wrong(&self, reason: String) -> ConvertError {
        ConvertError::Memory {
            field: self.field.clone(),
            reason,
        }
    }
}

/// Scale and offset for the x of each channel.
fn lines(convert: &Convert, kept: usize) -> Result<Vec<(f64, f64)>, ConvertError> {
    let Some((mean, std)) = &convert.normalize else {
        return Ok(vec![(1.0, 0.0); kept]);
    };
    let number = |name: &str, numbers: &[f64], channel: usize| match numbers {
        [number] => Ok(*number),
        numbers if numbers.len() == kept => Ok(numbers[channel]),
        numbers => Err(ConvertError::Normalize {
            field: convert.field.clone(),
            reason: format!("{name} has {} numbers for {kept} channels", numbers.len()),
        }),
    };
    (0..kept)
        .map(|channel| {
            let (mean, std) = (number("mean", mean, channel)?, number("std", std, channel)?);
            Ok((1.0 / std, -mean / std))
        })
        .collect()
}

fn to_float(curve: Curve, (scale, offset): (f64, f64)) -> ToFloat {
    if curve == Curve::None {
        return ToFloat::Line {
            scale: (scale / 255.0) as f32,
            offset: offset as f32,
        };
    }
    let value = |v: usize| (curve.at(v as f64 / 255.0) * scale + offset) as f32;
    ToFloat::Table(Box::new(std::array::from_fn(value)))
}

fn to_byte(curve: Curve) -> ToByte {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 255"
    )]
    let value = |v: usize| (curve.at(v as f64 / 255.0) * 255.0).round() as u8;
    (curve != Curve::None).then(|| Box::new(std::array::from_fn(value)))
}
