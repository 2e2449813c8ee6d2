//! Names over tiles.

use super::{BACKGROUND, Canvas};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster};

const SIZE: RasterHeight = RasterHeight::Size16;
/// Pixels that a line of text takes.
pub(crate) const HEIGHT: usize = 18;

/// Writes a text, its upper left corner at (x, y); what is wider than `width` is left out.
pub(crate) fn write(text: &str, canvas: &mut Canvas, x: usize, y: usize, width: usize) {
    let mut at = 0;
    for letter in text.chars() {
        let Some(raster) = get_raster(letter, FontWeight::Regular, SIZE) else {
            continue;
        };
        if at + raster.width() > width {
            return;
        }
        for (down, line) in raster.rows().enumerate() {
            for (right, &light) in line.iter().enumerate() {
                let place = ((y + down) * canvas.width + x + at + right) * 3;
                if let Some(pixel) = canvas.pixels.get_mut(place..place + 3) {
                    pixel.fill(light.max(BACKGROUND));
                }
            }
        }
        at += raster.width();
    }
}
