//! A picture that was drawn twice as fine, in its own size: each pixel is the mean of four.
//!
//! Owns only that. Bytes are averaged as they are: those of a screen, as plots are smoothed.

use super::{Mode, PixelError, check};

/// Halves a picture of RGBA bytes, 2H × 2W × 4, whose first row is the lowest, into H × W × 3 or
/// 4, whose first row is the highest. Means are rounded to the nearest byte, halves up.
///
/// # Errors
/// [`PixelError`] when a buffer does not have the picture's size; nothing is written then.
pub fn halve(
    source: &[u8],
    destination: &mut [u8],
    (height, width): (usize, usize),
    mode: Mode,
) -> Result<(), PixelError> {
    check("source", (2 * height, 2 * width, 4), source.len())?;
    let channels = mode.channels();
    check("destination", (height, width, channels), destination.len())?;
    if height == 0 || width == 0 {
        return Ok(());
    }
    let rows = source.chunks_exact(16 * width).rev();
    let out = destination.chunks_exact_mut(width * channels);
    for (pair, to) in rows.zip(out) {
        let (lower, upper) = pair.split_at(8 * width);
        let (lower, _) = lower.as_chunks::<8>();
        let (upper, _) = upper.as_chunks::<8>();
        match mode {
            Mode::Rgb => row::<3>(lower, upper, to),
            Mode::Rgba => row::<4>(lower, upper, to),
        }
    }
    Ok(())
}

/// One row of the picture, of two of the fine one.
fn row<const C: usize>(lower: &[[u8; 8]], upper: &[[u8; 8]], to: &mut [u8]) {
    let (to, _) = to.as_chunks_mut::<C>();
    for ((low, up), to) in lower.iter().zip(upper).zip(to) {
        for (channel, to) in to.iter_mut().enumerate() {
            let sum = u16::from(low[channel])
                + u16::from(low[channel + 4])
                + u16::from(up[channel])
                + u16::from(up[channel + 4]);
            *to = ((sum + 2) / 4) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows of one pixel each: the lower half of the source is the lower pixel.
    #[test]
    fn four_pixels_become_their_mean_and_the_lowest_row_the_last() {
        let mut source = [0_u8; 4 * 2 * 4];
        source[..4].copy_from_slice(&[1, 200, 0, 255]);
        source[4..8].copy_from_slice(&[2, 100, 0, 255]);
        source[8..12].copy_from_slice(&[3, 50, 0, 255]);
        source[12..16].copy_from_slice(&[4, 51, 1, 255]);
        source[16..].fill(9);
        let mut rgba = [0; 8];
        halve(&source, &mut rgba, (2, 1), Mode::Rgba).unwrap();
        assert_eq!(rgba, [9, 9, 9, 9, 3, 100, 0, 255]);
        let mut rgb = [0; 6];
        halve(&source, &mut rgb, (2, 1), Mode::Rgb).unwrap();
        assert_eq!(rgb, [9, 9, 9, 3, 100, 0]);
    }

    #[test]
    fn wrong_sizes_are_errors() {
        let error = halve(&[0; 31], &mut [0; 8], (2, 1), Mode::Rgba).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the source has 31 values; an image of 4 × 2 × 4 has 32"
        );
        let error = halve(&[0; 32], &mut [0; 8], (2, 1), Mode::Rgb).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the destination has 8 values; an image of 2 × 1 × 3 has 6"
        );
        assert_eq!(halve(&[], &mut [], (0, 5), Mode::Rgb), Ok(()));
    }
}
