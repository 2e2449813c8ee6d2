//! The work of a block, compiled for the widest vectors that the processor has.
//!
//! All versions do the same operations on the same numbers: a lane of a vector rounds as a number
//! alone does, and none of them contracts a product and a sum. So the bits are the same.
#![allow(
    unsafe_code,
    reason = "a function for a processor that has a feature may be called where it is known to have it"
)]

use super::block::{Arrival, Block};

/// [`Block::work`].
pub(crate) fn work(block: &mut Block, arrivals: &[Arrival], from: u64, to: u64) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
            // SAFETY: the processor has both features, as was just asked.
            return unsafe { work_avx512(block, arrivals, from, to) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the feature, as was just asked.
            return unsafe { work_avx2(block, arrivals, from, to) };
        }
    }
    block.work(arrivals, from, to);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl")]
fn work_avx512(block: &mut Block, arrivals: &[Arrival], from: u64, to: u64) {
    block.work(arrivals, from, to);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn work_avx2(block: &mut Block, arrivals: &[Arrival], from: u64, to: u64) {
    block.work(arrivals, from, to);
}
