//! Copying past the caches, on x86-64; elsewhere an ordinary copy.
//!
//! Four pages at a time, a line of each in turn: one page after the other leaves the memory's banks
//! waiting for each other (12 instead of 15 GB/s). Owns the `unsafe` of it.

#![cfg_attr(
    target_arch = "x86_64",
    allow(
        unsafe_code,
        reason = "the processor's own instructions for it have no safe form"
    )
)]

/// Copies `source` to `out`, which is as long.
pub(super) fn copy(source: &[u8], out: &mut [u8]) {
    assert_eq!(source.len(), out.len(), "of one length");
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: all that it needs is a processor with AVX-512, which this one is.
            return unsafe { x86::copy_avx512(source, out) };
        }
        if std::arch::is_x86_feature_detected!("avx") {
            // SAFETY: all that it needs is a processor with AVX, which this one is.
            return unsafe { x86::copy_avx(source, out) };
        }
    }
    out.copy_from_slice(source);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _mm_sfence, _mm256_loadu_si256, _mm256_stream_si256, _mm512_loadu_si512,
        _mm512_stream_si512,
    };

    /// What is written at once: a line of the cache.
    const LINE: usize = 64;
    const PAGE: usize = 4096;
    const PAGES: usize = 4;

    /// The bytes of `out` before its first line, and those that whole groups of pages take.
    fn parts(out: &[u8]) -> (usize, usize) {
        let head = out.as_ptr().align_offset(LINE).min(out.len());
        let groups = (out.len() - head) / (PAGES * PAGE);
        (head, groups * PAGES * PAGE)
    }

    /// A function that copies one line at a time as `$line` does between two addresses.
    macro_rules! copy_with {
        ($name:ident, $feature:literal, |$from:ident, $to:ident| $line:block) => {
            #[target_feature(enable = $feature)]
            pub(super) fn $name(source: &[u8], out: &mut [u8]) {
                let (head, body) = parts(out);
                let (source_head, source) = source.split_at(head);
                let (out_head, out) = out.split_at_mut(head);
                out_head.copy_from_slice(source_head);
                let (source_body, source_tail) = source.split_at(body);
                let (out_body, out_tail) = out.split_at_mut(body);
                let groups = source_body.chunks_exact(PAGES * PAGE);
                for (from, to) in groups.zip(out_body.chunks_exact_mut(PAGES * PAGE)) {
                    let (from, to) = (from.as_ptr(), to.as_mut_ptr());
                    for line in (0..PAGE).step_by(LINE) {
                        for page in 0..PAGES {
                            let at = page * PAGE + line;
                            // SAFETY: `at + LINE` is at most the length of both groups, and `to` is
                            // at a multiple of LINE, since `head` was left out before it.
                            unsafe {
                                let ($from, $to) = (from.add(at), to.add(at));
                                $line
                            }
                        }
                    }
                }
                // What was written past the caches is seen by others before what is written next.
                _mm_sfence();
                out_tail.copy_from_slice(source_tail);
            }
        };
    }

    copy_with!(copy_avx512, "avx512f", |from, to| {
        _mm512_stream_si512(to.cast(), _mm512_loadu_si512(from.cast()));
    });
    copy_with!(copy_avx, "avx", |from, to| {
        _mm256_stream_si256(to.cast(), _mm256_loadu_si256(from.cast()));
        _mm256_stream_si256(to.add(32).cast(), _mm256_loadu_si256(from.add(32).cast()));
    });
}
