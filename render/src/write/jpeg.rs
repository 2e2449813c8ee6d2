//! JPEG of a picture, as good as Blender's default of 90.

use super::failure::Failure;
use jpeg_encoder::{ColorType, Encoder};

const QUALITY: u8 = 90;

/// Appends a picture, the top row first, of 1 or 3 channels, or 4 of which the last is left out.
pub(super) fn encode(
    pixels: &[u8],
    height: usize,
    width: usize,
    channels: usize,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    let (Ok(height), Ok(width)) = (u16::try_from(height), u16::try_from(width)) else {
        return Err(Failure::encode(format!(
            "a JPEG has at most 65535 pixels a side, not {width} × {height}: use png"
        )));
    };
    let color = match channels {
        1 => ColorType::Luma,
        3 => ColorType::Rgb,
        _ => ColorType::Rgba,
    };
    Encoder::new(out, QUALITY)
        .encode(pixels, width, height, color)
        .map_err(|error| Failure::encode(format!("the picture cannot be written as JPEG: {error}")))
}
