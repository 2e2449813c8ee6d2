//! PNG of pictures and of ids, quickly.

use super::arrays::Data;
use super::failure::Failure;
use ::png::{BitDepth, ColorType, Compression, Encoder};

/// A picture, the top row first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picture<'a> {
    pub(super) pixels: Data<'a>,
    pub(super) height: usize,
    pub(super) width: usize,
    /// 1, 3 or 4.
    pub(super) channels: usize,
}

/// Appends a picture of uint8 or uint16. `scratch` is memory for values turned to big endian.
pub(super) fn encode(
    picture: Picture<'_>,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    let (bytes, depth): (&[u8], _) = match picture.pixels {
        Data::U8(values) => (values, BitDepth::Eight),
        Data::U16(values) => {
            scratch.clear();
            scratch.extend(values.iter().flat_map(|value| value.to_be_bytes()));
            (scratch, BitDepth::Sixteen)
        }
        other => {
            let text = format!("a PNG holds uint8 or uint16, not {}", other.dtype());
            return Err(Failure::encode(text));
        }
    };
    let failed = |error: &dyn std::fmt::Display| {
        Failure::encode(format!("the picture cannot be written as PNG: {error}"))
    };
    let (width, height) = (picture.width.try_into(), picture.height.try_into());
    let (Ok(width), Ok(height)) = (width, height) else {
        return Err(failed(&"it is too large"));
    };
    let mut encoder = Encoder::new(out, width, height);
    encoder.set_color(match picture.channels {
        1 => ColorType::Grayscale,
        3 => ColorType::Rgb,
        _ => ColorType::Rgba,
    });
    encoder.set_depth(depth);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header().map_err(|error| failed(&error))?;
    writer
        .write_image_data(bytes)
        .map_err(|error| failed(&error))?;
    writer.finish().map_err(|error| failed(&error))
}

/// Ids as 16 bits, the top row first.
///
/// # Errors
/// An id that has no room in 16 bits.
pub(super) fn ids_16(ids: &[u32], width: usize) -> Result<Vec<u16>, Failure> {
    let mut values = Vec::with_capacity(ids.len());
    for row in ids.chunks_exact(width).rev() {
        for &id in row {
            values.push(u16::try_from(id).map_err(|_| {
                Failure::encode(format!(
                    "id {id} has no room in the 16 bits of a PNG: write ids as exr or npy"
                ))
            })?);
        }
    }
    Ok(values)
}
