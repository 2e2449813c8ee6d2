//! The slots of one frame size.

use omq_tokio::{PayloadBuffer, PayloadPool, shm_payload_pool};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_micros(50);

/// Slots of `size` bytes.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) size: usize,
    /// The first ones are used first: when all of them come back, the others are left to lie.
    regions: Mutex<Vec<PayloadPool>>,
    /// Waiting was in vain, and no slot has come back since: it is not waited again.
    pub(super) in_vain: AtomicBool,
}

impl Class {
    pub(super) fn new(size: usize) -> Self {
        Self {
            size,
            regions: Mutex::default(),
            in_vain: AtomicBool::new(false),
        }
    }

    /// Adds slots, or says in the system's words why there are none.
    pub(super) fn add(&self, slots: usize) -> Result<(), String> {
        let pool = shm_payload_pool([(self.size, slots)]).map_err(|error| error.to_string())?;
        self.regions().push(pool);
        Ok(())
    }

    pub(super) fn slots(&self) -> usize {
        self.regions().iter().map(PayloadPool::capacity).sum()
    }

    /// Whether nobody has a slot.
    pub(super) fn idle(&self) -> bool {
        let regions = self.regions();
        regions
            .iter()
            .all(|pool| pool.available() == pool.capacity())
    }

    pub(super) fn take(&self, len: usize) -> Option<PayloadBuffer> {
        let slot = self.regions().iter().find_map(|pool| pool.try_buffer(len));
        if slot.is_some() {
            self.in_vain.store(false, Ordering::Relaxed);
        }
        slot
    }

    /// A slot, if one comes back soon enough.
    pub(super) fn wait(&self, len: usize, patience: Duration) -> Option<PayloadBuffer> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(slot) = self.take(len) {
                return Some(slot);
            }
            if self.in_vain.load(Ordering::Relaxed) || Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(POLL);
        }
    }

    /// There are new slots.
    pub(super) fn wait_again(&self) {
        self.in_vain.store(false, Ordering::Relaxed);
    }

    /// Waiting was in vain.
    pub(super) fn wait_no_more(&self) {
        self.in_vain.store(true, Ordering::Relaxed);
    }

    fn regions(&self) -> MutexGuard<'_, Vec<PayloadPool>> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
