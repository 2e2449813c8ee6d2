//! Asking the memory for edges before they are needed.
#![allow(
    unsafe_code,
    reason = "the instruction takes an address; it changes nothing that can be observed"
)]

use super::edges::Synapse;

/// Asks the memory for the edges of a source before they are needed; the first lines, the processor
/// sees by itself that more are read.
#[inline(always)]
pub(crate) fn fetch(synapses: &[Synapse]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        const A_LINE: usize = 64 / size_of::<Synapse>();
        for synapse in synapses.iter().step_by(A_LINE).take(4) {
            // SAFETY: the address is a reference's. Fetching changes nothing that can be observed.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(synapse).cast()) };
        }
    }
    let _ = synapses;
}
