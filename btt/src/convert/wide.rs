//! The loops once more, for processors with AVX2: the same code, compiled to wider vectors.
//!
//! A program for every x86-64 may use 16 bytes at a time; with 32 planes of bytes take three quarters
//! of the time (`float32` is bound by the memory). Owns the choice, made when the program runs.

#![cfg_attr(
    target_arch = "x86_64",
    allow(
        unsafe_code,
        reason = "calls functions compiled for a processor that was asked for"
    )
)]

use super::bytes::{self, ToByte};
use super::floats::{self, ToFloat};
use super::from_floats::{self, FromFloat};

/// Two functions of each loop: `$name` chooses, `$wide` is the loop compiled for AVX2.
macro_rules! wide {
    ($name:ident, $wide:ident, $loop:path, $to:ty, $out:ty) => {
        pub(super) fn $name(source: &[u8], channels: usize, to: &[$to], out: &mut $out) {
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                // SAFETY: all that the function needs is a processor with AVX2, which this one is.
                return unsafe { $wide(source, channels, to, out) };
            }
            $loop(source, channels, to, out);
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn $wide(source: &[u8], channels: usize, to: &[$to], out: &mut $out) {
            $loop(source, channels, to, out);
        }
    };
}

wide!(
    float_planes,
    float_planes_avx2,
    floats::planes,
    ToFloat,
    [&mut [f32]]
);
wide!(
    float_pixels,
    float_pixels_avx2,
    floats::interleaved,
    ToFloat,
    [f32]
);
wide!(
    byte_planes,
    byte_planes_avx2,
    bytes::planes,
    ToByte,
    [&mut [u8]]
);
wide!(
    byte_pixels,
    byte_pixels_avx2,
    bytes::interleaved,
    ToByte,
    [u8]
);
wide!(
    from_float_planes,
    from_float_planes_avx2,
    from_floats::planes,
    FromFloat,
    [&mut [f32]]
);
wide!(
    from_float_pixels,
    from_float_pixels_avx2,
    from_floats::interleaved,
    FromFloat,
    [f32]
);
