//! Frames in shared memory: where large payloads are written once, and read by the consumer.

mod heap;

use bytes::Bytes;
use heap::Shelf;
use omq_tokio::{PayloadPool, shm_payload_pool};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Smaller frames cost less copied than leased.
const SMALLEST_POOLED: usize = 16 << 10;
/// Few slots stay in the processor's cache: 6 to 8 are nearly twice as fast as 32.
const SLOTS: usize = 8;
const FEWEST_SLOTS: usize = 3;
/// Frame sizes that have slots of their own; a stream has a few.
const MAX_CLASSES: usize = 16;
/// How long a full pool is waited for before a frame is put on the heap. A consumer that keeps
/// its slots must never stall the stream; one that is merely slower than us should not cost a
/// second copy of every frame.
const PATIENCE: Duration = Duration::from_millis(20);
const POLL: Duration = Duration::from_micros(50);

/// Slots of shared memory by frame size, made as sizes appear, within a limit in bytes.
#[derive(Debug)]
pub(crate) struct FramePool {
    classes: Mutex<Vec<(usize, PayloadPool)>>,
    max_bytes: usize,
    heap: Shelf,
}

impl FramePool {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            classes: Mutex::default(),
            max_bytes,
            heap: Shelf::default(),
        }
    }

    /// A frame of `len` bytes that `fill` has written: in shared memory if there is room, else on
    /// the heap, from where the transport copies it once more.
    pub(crate) fn frame(&self, len: usize, fill: impl FnOnce(&mut [u8])) -> Bytes {
        if let Some(pool) = self.class(len)
            && let Some(mut buffer) = wait_for_slot(&pool, len)
            && buffer.set_len(len).is_ok()
        {
            fill(&mut buffer.writable()[..len]);
            return buffer.into_payload().into_bytes();
        }
        self.heap.frame(len, fill)
    }

    fn class(&self, len: usize) -> Option<PayloadPool> {
        if len < SMALLEST_POOLED {
            return None;
        }
        let size = len.checked_next_multiple_of(4096)?;
        let mut classes = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pool)) = classes.iter().find(|(class, _)| *class == size) {
            return Some(pool.clone());
        }
        let used: usize = classes.iter().map(|(size, _)| size * SLOTS).sum();
        let slots = (self.max_bytes.saturating_sub(used) / size).min(SLOTS);
        if slots < FEWEST_SLOTS || classes.len() == MAX_CLASSES {
            return None;
        }
        let pool = shm_payload_pool([(size, slots)]).ok()?;
        classes.push((size, pool.clone()));
        Some(pool)
    }
}

fn wait_for_slot(pool: &PayloadPool, len: usize) -> Option<omq_tokio::PayloadBuffer> {
    if let Some(buffer) = pool.try_buffer(len) {
        return Some(buffer);
    }
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        std::thread::sleep(POLL);
        if let Some(buffer) = pool.try_buffer(len) {
            return Some(buffer);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_pool_gives_heap_frames_and_recovers() {
        let pool = FramePool::new(64 << 20);
        let len = 100_000;
        let frames: Vec<_> = (0..=SLOTS)
            .map(|i| pool.frame(len, |bytes| bytes.fill(i as u8)))
            .collect();
        for (i, frame) in frames.iter().enumerate() {
            assert!(frame.iter().all(|&byte| byte == i as u8), "frame {i}");
        }
        let slot = frames[0].as_ptr();
        drop(frames);
        let again: Vec<_> = (0..SLOTS).map(|_| pool.frame(len, |_| ())).collect();
        assert!(again.iter().any(|frame| frame.as_ptr() == slot));
    }

    #[test]
    fn the_limit_in_bytes_holds() {
        let pool = FramePool::new(1 << 20);
        assert!(pool.class(1 << 20).is_none());
        assert!(pool.class(100_000).is_some());
        assert!(pool.class(1000).is_none());
    }
}
