//! What a renderer needs after it has read its pixels back: flip, drop alpha, to bytes, to sRGB.
//!
//! Owns conversion from one caller's buffer into another's. It must never allocate, and never
//! know where the pixels came from.
//!
//! Images are C-order arrays of height × width × channels, RGBA in, RGB or RGBA out. Graphics
//! libraries hand out the lowest row first; `flip` turns that into the order of arrays.

mod halve;
mod srgb;

use thiserror::Error;

pub use self::halve::halve;
use self::srgb::SRGB;

/// What is wrong with the buffers of a conversion.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PixelError {
    /// A buffer does not hold the image.
    #[error(
        "the {which} has {found} values; an image of {height} × {width} × {channels} has {expected}"
    )]
    Size {
        /// `source` or `destination`.
        which: &'static str,
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Values a pixel.
        channels: usize,
        /// How many values the buffer should have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// The bytes of an image are not so many rows.
    #[error("{bytes} bytes are no image of {height} rows")]
    Rows {
        /// Bytes that were given.
        bytes: usize,
        /// Rows that were asked for.
        height: usize,
    },
    /// The size of the image overflows.
    #[error("an image of {height} × {width} × {channels} is larger than memory")]
    TooLarge {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Values a pixel.
        channels: usize,
    },
}

/// The channels of a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, alpha.
    Rgba,
}

impl Mode {
    /// Values a pixel: 3 or 4.
    #[must_use]
    pub const fn channels(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// How colours are encoded in a destination. Alpha is always linear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Proportional to light: 0 → 0, 1 → 255.
    #[default]
    Linear,
    /// By the transfer function of IEC 61966-2-1, for displays and image files.
    Srgb,
}

/// What a conversion does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels of the destination.
    pub mode: Mode,
    /// Encoding of the destination.
    pub encoding: Encoding,
    /// Whether the first row of the source is the last of the destination.
    pub flip: bool,
}

impl Conversion {
    /// Converts linear RGBA bytes. With [`Encoding::Srgb`] dark tones lose steps, which bytes do
    /// not have: convert from floats where that matters.
    ///
    /// # Errors
    /// [`PixelError`] when a buffer does not have the image's size; nothing is written then.
    pub fn from_u8(&self, source: &[u8], destination: &mut [u8]) -> Result<(), PixelError> {
        let table = &SRGB.of_byte;
        match (self.encoding, self.mode) {
            (Encoding::Linear, Mode::Rgba) => {
                self.rows(source, destination, |from, to| to.copy_from_slice(from))
            }
            (Encoding::Linear, Mode::Rgb) => {
                self.pixels(source, destination, |[r, g, b, _]| [r, g, b])
            }
            (Encoding::Srgb, Mode::Rgba) => self.pixels(source, destination, |[r, g, b, a]| {
                [table[r as usize], table[g as usize], table[b as usize], a]
            }),
            (Encoding::Srgb, Mode::Rgb) => self.pixels(source, destination, |[r, g, b, _]| {
                [table[r as usize], table[g as usize], table[b as usize]]
            }),
        }
    }

    /// Converts linear RGBA floats, cut to [0, 1] and rounded to the nearest byte; NaN becomes 0.
    ///
    /// # Errors
    /// [`PixelError`] when a buffer does not have the image's size; nothing is written then.
    pub fn from_f32(&self, source: &[f32], destination: &mut [u8]) -> Result<(), PixelError> {
        let srgb = &*SRGB;
        match (self.encoding, self.mode) {
            (Encoding::Linear, Mode::Rgba) => self.rows(source, destination, |from, to| {
                for (to, from) in to.iter_mut().zip(from) {
                    *to = byte(*from);
                }
            }),
            (Encoding::Linear, Mode::Rgb) => self.pixels(source, destination, |[r, g, b, _]| {
                [byte(r), byte(g), byte(b)]
            }),
            (Encoding::Srgb, Mode::Rgba) => self.pixels(source, destination, |[r, g, b, a]| {
                [srgb.encode(r), srgb.encode(g), srgb.encode(b), byte(a)]
            }),
            (Encoding::Srgb, Mode::Rgb) => self.pixels(source, destination, |[r, g, b, _]| {
                [srgb.encode(r), srgb.encode(g), srgb.encode(b)]
            }),
        }
    }

    /// Runs `convert` over each pixel; the plain loop over chunks of fixed size vectorises.
    fn pixels<T: Copy, const C: usize>(
        &self,
        source: &[T],
        destination: &mut [u8],
        convert: impl Fn([T; 4]) -> [u8; C],
    ) -> Result<(), PixelError> {
        self.rows(source, destination, |from, to| {
            let (from, _) = from.as_chunks::<4>();
            let (to, _) = to.as_chunks_mut::<C>();
            for (to, from) in to.iter_mut().zip(from) {
                *to = convert(*from);
            }
        })
    }

    /// Pairs the rows of both buffers and runs `convert` over each pair.
    fn rows<T>(
        &self,
        source: &[T],
        destination: &mut [u8],
        convert: impl Fn(&[T], &mut [u8]),
    ) -> Result<(), PixelError> {
        let Self { height, width, .. } = *self;
        let from_row = check("source", (height, width, 4), source.len())?;
        let channels = self.mode.channels();
        let to_row = check("destination", (height, width, channels), destination.len())?;
        if from_row == 0 {
            return Ok(());
        }
        let from = source.chunks_exact(from_row);
        let to = destination.chunks_exact_mut(to_row);
        if self.flip {
            from.rev().zip(to).for_each(|(from, to)| convert(from, to));
        } else {
            from.zip(to).for_each(|(from, to)| convert(from, to));
        }
        Ok(())
    }
}

/// The length of a row, once the buffer is known to hold the whole image.
fn check(
    which: &'static str,
    (height, width, channels): (usize, usize, usize),
    found: usize,
) -> Result<usize, PixelError> {
    let row = width.checked_mul(channels);
    let (row, expected) = row
        .and_then(|row| Some((row, row.checked_mul(height)?)))
        .ok_or(PixelError::TooLarge {
            height,
            width,
            channels,
        })?;
    if expected != found {
        return Err(PixelError::Size {
            which,
            height,
            width,
            channels,
            expected,
            found,
        });
    }
    Ok(row)
}

/// Turns an image of `height` rows upside down, where it lies.
///
/// # Errors
/// [`PixelError::Rows`] when the bytes are not so many rows.
pub fn flip_rows(image: &mut [u8], height: usize) -> Result<(), PixelError> {
    if image.is_empty() {
        return Ok(());
    }
    if height == 0 || !image.len().is_multiple_of(height) {
        return Err(PixelError::Rows {
            bytes: image.len(),
            height,
        });
    }
    let row = image.len() / height;
    // Of an odd number of rows the one in the middle stays.
    let (above, below) = image.split_at_mut(height / 2 * row);
    let below = below.rchunks_exact_mut(row);
    for (upper, lower) in above.chunks_exact_mut(row).zip(below) {
        upper.swap_with_slice(lower);
    }
    Ok(())
}

/// The byte nearest to `255 · value`; the cast sends NaN to 0.
#[inline]
fn byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversion(mode: Mode, encoding: Encoding, flip: bool) -> Conversion {
        Conversion {
            height: 2,
            width: 2,
            mode,
            encoding,
            flip,
        }
    }

    #[test]
    fn flipping_reverses_rows_and_only_rows() {
        let source: Vec<u8> = (0..16).collect();
        let mut out = [0; 16];
        conversion(Mode::Rgba, Encoding::Linear, true)
            .from_u8(&source, &mut out)
            .unwrap();
        assert_eq!(out[..8], source[8..]);
        assert_eq!(out[8..], source[..8]);
    }

    #[test]
    fn rgb_drops_alpha() {
        let source: Vec<u8> = (0..16).collect();
        let mut out = [0; 12];
        conversion(Mode::Rgb, Encoding::Linear, false)
            .from_u8(&source, &mut out)
            .unwrap();
        assert_eq!(out, [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14]);
    }

    #[test]
    fn floats_are_cut_and_rounded() {
        let mut source = [0.5_f32; 16];
        source[..6].copy_from_slice(&[
            -1.0,
            2.0,
            f32::NAN,
            f32::INFINITY,
            1.0 / 255.0,
            0.499 / 255.,
        ]);
        let mut out = [7; 16];
        conversion(Mode::Rgba, Encoding::Linear, false)
            .from_f32(&source, &mut out)
            .unwrap();
        assert_eq!(out[..7], [0, 255, 0, 255, 1, 0, 128]);
    }

    /// Points of the published curve: mid grey 0.5 is 188, 18 % grey is 118.
    #[test]
    fn srgb_has_known_points_and_leaves_alpha() {
        let mut source = [0.0_f32; 16];
        source[..8].copy_from_slice(&[0.5, 0.18, 1.0, 0.5, 0.0, 0.002, 0.0031, 1.0]);
        let mut out = [0; 16];
        conversion(Mode::Rgba, Encoding::Srgb, false)
            .from_f32(&source, &mut out)
            .unwrap();
        assert_eq!(out[..8], [188, 118, 255, 128, 0, 7, 10, 255]);
    }

    #[test]
    fn rows_are_turned_where_they_lie() {
        for height in 1..5_u8 {
            let mut image: Vec<u8> = (0..height).flat_map(|row| [row; 7]).collect();
            flip_rows(&mut image, usize::from(height)).unwrap();
            let turned: Vec<u8> = (0..height).rev().flat_map(|row| [row; 7]).collect();
            assert_eq!(image, turned);
        }
        assert_eq!(flip_rows(&mut [], 0), Ok(()));
        for height in [0, 2] {
            let error = flip_rows(&mut [0; 7], height).unwrap_err();
            assert_eq!(error, PixelError::Rows { bytes: 7, height });
        }
    }

    #[test]
    fn wrong_sizes_are_errors() {
        let c = conversion(Mode::Rgb, Encoding::Linear, true);
        let size = |which, channels, expected, found| PixelError::Size {
            which,
            height: 2,
            width: 2,
            channels,
            expected,
            found,
        };
        assert_eq!(
            c.from_u8(&[0; 15], &mut [0; 12]),
            Err(size("source", 4, 16, 15))
        );
        assert_eq!(
            c.from_f32(&[0.; 16], &mut [0; 16]),
            Err(size("destination", 3, 12, 16))
        );
        let huge = Conversion {
            height: usize::MAX,
            ..c
        };
        assert!(matches!(
            huge.from_u8(&[], &mut []),
            Err(PixelError::TooLarge { .. })
        ));
        let empty = Conversion { width: 0, ..c };
        assert_eq!(empty.from_u8(&[], &mut []), Ok(()));
    }
}
