//! From `float32` to `float32`: fewer channels, planes, lines, curves.

use super::curve::Curve;
use super::pixels::BLOCK;

/// What becomes of a channel's values: scale · curve(v) + offset.
#[derive(Clone, Debug)]
pub(super) struct FromFloat {
    pub(super) curve: Curve,
    pub(super) scale: f64,
    pub(super) offset: f64,
}

impl FromFloat {
    #[inline(always)]
    fn convert<'a>(
        &self,
        values: impl Iterator<Item = f64>,
        out: impl Iterator<Item = &'a mut f32>,
    ) {
        if self.curve == Curve::None {
            // On its own: a loop without a curve is vectorised.
            for (out, value) in out.zip(values) {
                *out = (value * self.scale + self.offset) as f32;
            }
        } else {
            for (out, value) in out.zip(values) {
                *out = (self.curve.at(value) * self.scale + self.offset) as f32;
            }
        }
    }
}

/// One channel of these pixels of `N`, whose stride the compiler has to know. What was received need
/// not be aligned.
#[inline(always)]
fn values<const N: usize>(source: &[u8], channel: usize) -> impl Iterator<Item = f64> {
    let pixels = source.as_chunks().0.as_chunks::<N>().0;
    let channel = channel.min(N - 1);
    pixels
        .iter()
        .map(move |pixel| f32::from_le_bytes(pixel[channel]).into())
}

/// A block at a time: its channels are read one after the other.
#[inline(always)]
fn blocks(source: &[u8], channels: usize) -> impl Iterator<Item = &[u8]> {
    source.chunks(BLOCK * channels * size_of::<f32>())
}

/// Channels first: a plane for each of `to`.
#[inline(always)]
pub(super) fn planes(source: &[u8], channels: usize, to: &[FromFloat], out: &mut [&mut [f32]]) {
    match channels {
        1 => planes_n::<1>(source, to, out),
        2 => planes_n::<2>(source, to, out),
        3 => planes_n::<3>(source, to, out),
        _ => planes_n::<4>(source, to, out),
    }
}

#[inline(always)]
fn planes_n<const N: usize>(source: &[u8], to: &[FromFloat], out: &mut [&mut [f32]]) {
    for (number, block) in blocks(source, N).enumerate() {
        for (channel, (to, plane)) in to.iter().zip(&mut *out).enumerate() {
            let out = plane[number * BLOCK..].iter_mut();
            to.convert(values::<N>(block, channel), out);
        }
    }
}

/// Channels last, as they came: a value for each of `to`, pixel by pixel.
#[inline(always)]
pub(super) fn interleaved(source: &[u8], channels: usize, to: &[FromFloat], out: &mut [f32]) {
    match channels {
        1 => interleaved_n::<1>(source, to, out),
        2 => interleaved_n::<2>(source, to, out),
        3 => interleaved_n::<3>(source, to, out),
        _ => interleaved_n::<4>(source, to, out),
    }
}

#[inline(always)]
fn interleaved_n<const N: usize>(source: &[u8], to: &[FromFloat], out: &mut [f32]) {
    let kept = to.len();
    for (block, out) in blocks(source, N).zip(out.chunks_mut(BLOCK * kept)) {
        for (channel, to) in to.iter().enumerate() {
            let out = out[channel..].iter_mut().step_by(kept);
            to.convert(values::<N>(block, channel), out);
        }
    }
}
