//! From bytes to bytes: fewer channels, planes, curves.

use super::floats::SHIFTS;
use super::pixels::{BLOCK, unpack};

/// What becomes of a channel's values; `None`: nothing.
pub(super) type ToByte = Option<Box<[u8; 256]>>;

/// Channels first: a plane for each of `to`.
#[inline(always)]
pub(super) fn planes(source: &[u8], channels: usize, to: &[ToByte], out: &mut [&mut [u8]]) {
    let mut words = [0; BLOCK];
    for (number, bytes) in source.chunks(BLOCK * channels).enumerate() {
        let (start, words) = (number * BLOCK, unpack(bytes, channels, &mut words));
        for ((to, plane), shift) in to.iter().zip(&mut *out).zip(SHIFTS) {
            let plane = &mut plane[start..start + words.len()];
            for (byte, word) in plane.iter_mut().zip(words) {
                *byte = (word >> shift & 0xff) as u8;
            }
            if let Some(table) = to {
                for byte in plane {
                    *byte = table[usize::from(*byte)];
                }
            }
        }
    }
}

/// Channels last, as they came: the first of each pixel, one for each of `to`.
#[inline(always)]
pub(super) fn interleaved(source: &[u8], channels: usize, to: &[ToByte], out: &mut [u8]) {
    let kept = to.len();
    if kept == channels {
        out.copy_from_slice(source);
    } else if kept == 3 {
        rgb(source, out);
    } else {
        for (to, from) in out
            .chunks_exact_mut(kept)
            .zip(source.chunks_exact(channels))
        {
            to.copy_from_slice(&from[..kept]);
        }
    }
    for (channel, to) in to.iter().enumerate() {
        if let Some(table) = to {
            for byte in out[channel..].iter_mut().step_by(kept) {
                *byte = table[usize::from(*byte)];
            }
        }
    }
}

/// Three of four channels: four pixels become three words.
#[inline(always)]
fn rgb(source: &[u8], out: &mut [u8]) {
    let (sixteens, rest) = source.as_chunks::<16>();
    let (twelves, rest_out) = out.as_chunks_mut::<12>();
    for (twelve, sixteen) in twelves.iter_mut().zip(sixteens) {
        let word = |at: usize| {
            u32::from_le_bytes([
                sixteen[at],
                sixteen[at + 1],
                sixteen[at + 2],
                sixteen[at + 3],
            ])
        };
        let (a, b, c, d) = (word(0), word(4), word(8), word(12));
        twelve[..4].copy_from_slice(&(a & 0x00ff_ffff | b << 24).to_le_bytes());
        twelve[4..8].copy_from_slice(&(b >> 8 & 0xffff | c << 16).to_le_bytes());
        twelve[8..].copy_from_slice(&(c >> 16 & 0xff | d << 8).to_le_bytes());
    }
    for (to, from) in rest_out
        .as_chunks_mut::<3>()
        .0
        .iter_mut()
        .zip(rest.as_chunks::<4>().0)
    {
        to.copy_from_slice(&from[..3]);
    }
}
