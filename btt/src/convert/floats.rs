//! From bytes to `float32`: by a line, which is vectorised, or by a table where there is a curve.

use super::pixels::{BLOCK, unpack};

/// What becomes of a channel's values.
#[derive(Clone, Debug)]
pub(super) enum ToFloat {
    /// scale · v + offset
    Line { scale: f32, offset: f32 },
    /// table[v]
    Table(Box<[f32; 256]>),
}

impl ToFloat {
    /// The channel in the bits from `shift` on, of every pixel.
    #[inline(always)]
    fn convert(&self, words: &[u32], shift: u32, out: &mut [f32]) {
        match self {
            Self::Line { scale, offset } => line(words, shift, *scale, *offset, out),
            Self::Table(table) => look_up(words, shift, table, out),
        }
    }
}

#[inline(always)]
fn line(words: &[u32], shift: u32, scale: f32, offset: f32, out: &mut [f32]) {
    for (out, word) in out.iter_mut().zip(words) {
        // Of 0 to 255 the signed conversion is the same, and one instruction.
        *out = (word >> shift & 0xff) as i32 as f32 * scale + offset;
    }
}

#[inline(always)]
fn look_up(words: &[u32], shift: u32, table: &[f32; 256], out: &mut [f32]) {
    for (out, word) in out.iter_mut().zip(words) {
        *out = table[(word >> shift & 0xff) as usize];
    }
}

/// Channels first: a plane for each of `to`.
#[inline(always)]
pub(super) fn planes(source: &[u8], channels: usize, to: &[ToFloat], out: &mut [&mut [f32]]) {
    let mut words = [0; BLOCK];
    for (number, bytes) in source.chunks(BLOCK * channels).enumerate() {
        let (start, words) = (number * BLOCK, unpack(bytes, channels, &mut words));
        for ((to, plane), shift) in to.iter().zip(&mut *out).zip(SHIFTS) {
            to.convert(words, shift, &mut plane[start..start + words.len()]);
        }
    }
}

/// Channels last, as they came: a value for each of `to`, pixel by pixel.
#[inline(always)]
pub(super) fn interleaved(source: &[u8], channels: usize, to: &[ToFloat], out: &mut [f32]) {
    match to {
        [to] => planes(source, channels, std::slice::from_ref(to), &mut [out]),
        [_, _] => interleaved_n::<2>(source, channels, to, out),
        [_, _, _] => interleaved_n::<3>(source, channels, to, out),
        _ => interleaved_n::<4>(source, channels, to, out),
    }
}

#[inline(always)]
fn interleaved_n<const N: usize>(source: &[u8], channels: usize, to: &[ToFloat], out: &mut [f32]) {
    let mut lines = [(0.0, 0.0); N];
    let mut straight = true;
    for (line, to) in lines.iter_mut().zip(to) {
        match to {
            ToFloat::Line { scale, offset } => *line = (*scale, *offset),
            ToFloat::Table(_) => straight = false,
        }
    }
    let pixels = out.as_chunks_mut::<N>().0;
    let mut words = [0; BLOCK];
    for (pixels, bytes) in pixels
        .chunks_mut(BLOCK)
        .zip(source.chunks(BLOCK * channels))
    {
        let words = unpack(bytes, channels, &mut words);
        if straight {
            for (pixel, word) in pixels.iter_mut().zip(words) {
                for ((value, (scale, offset)), shift) in pixel.iter_mut().zip(lines).zip(SHIFTS) {
                    *value = (word >> shift & 0xff) as i32 as f32 * scale + offset;
                }
            }
        } else {
            for ((channel, to), shift) in to.iter().enumerate().zip(SHIFTS) {
                for (pixel, word) in pixels.iter_mut().zip(words) {
                    let value = word >> shift & 0xff;
                    pixel[channel] = match to {
                        ToFloat::Line { scale, offset } => value as i32 as f32 * scale + offset,
                        ToFloat::Table(table) => table[value as usize],
                    };
                }
            }
        }
    }
}

/// Where a word has each channel.
pub(super) const SHIFTS: [u32; 4] = [0, 8, 16, 24];
