//! Frames in shared memory: where large payloads are written once, and read by the consumer.
//!
//! Owns the slots of a sender by frame size: how many there are, when there are more, when a frame is
//! put on the heap instead. Slots are memory files without a name (memfd): neither the size of
//! `/dev/shm` nor what somebody left there matters, and nothing is left behind by a crash.

mod class;
mod frame;
mod heap;
mod room;

use crate::Error;
use class::Class;
pub use frame::FrameMut;
use frame::Memory;
pub(crate) use heap::{Shelf, Shelved};
use omq_tokio::PayloadBuffer;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Smaller frames cost less copied than leased.
pub(crate) const SMALLEST_POOLED: usize = 16 << 10;
/// Few slots stay in the processor's cache: 6 to 8 are nearly twice as fast as 32.
const SLOTS: usize = 8;
const FEWEST_SLOTS: usize = 3;
/// So much of the processor's cache a size begins with, for the same reason: 5 slots of 8 MB bring
/// 1.15 times what 8 of them do.
const FIRST_BYTES: usize = 40 << 20;
/// Frame sizes that have slots of their own; a stream has a few.
const MAX_CLASSES: usize = 16;
/// How long a full pool is waited for before it grows: a consumer that is merely slower than us should
/// cost neither a second copy of every frame nor more memory.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long one is waited for that may not grow, before a frame is put on the heap: a consumer that
/// keeps its slots must never stall the stream, and one that trains meanwhile gives them back.
const LAST_PATIENCE: Duration = Duration::from_millis(100);
/// After the system refused memory it is not asked again for so long.
const PAUSE: Duration = Duration::from_secs(1);

/// Slots of shared memory by frame size, made as sizes appear, within a limit in bytes.
#[derive(Debug)]
pub(crate) struct FramePool {
    state: Mutex<State>,
    max_bytes: usize,
    /// Slots that a size begins with, and may grow to where its frames stay away for long.
    slots: (usize, usize),
    heap: Shelf,
    in_shared: AtomicU64,
    on_heap: AtomicU64,
    waited_ns: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// The one used last is the last.
    classes: Vec<Arc<Class>>,
    /// When the system refused memory.
    refused: Option<Instant>,
    shortage: Shortage,
}

/// Why frames that should lie in shared memory do not: told once.
#[derive(Debug, Default)]
enum Shortage {
    #[default]
    None,
    ToTell(String),
    Told,
}

/// Where a sender's large frames have been put: those of 16 KiB and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameCounts {
    /// In shared memory: a consumer on this host reads them where they were written.
    pub shared: u64,
    /// On the heap, from where each is copied once more. What was lent counts where it had to wait.
    pub heap: u64,
    /// How long it was waited for memory that consumers had.
    pub waited: Duration,
}

impl FramePool {
    /// A pool of at most `max_bytes` for a sender that queues `high_water_mark` messages.
    pub(crate) fn new(max_bytes: usize, high_water_mark: u32) -> Self {
        let queued = usize::try_from(high_water_mark).unwrap_or(usize::MAX);
        // One that is being written, one that is being read, one between.
        let first = queued.saturating_add(3).clamp(FEWEST_SLOTS, SLOTS);
        // One that is being written, while as many as were asked for wait for a slow consumer. Each
        // that it has read counts in its resident set too.
        let most = queued.clamp(1, 64) + 1;
        Self {
            state: Mutex::default(),
            max_bytes,
            slots: (first, most),
            heap: Shelf::default(),
            in_shared: AtomicU64::new(0),
            on_heap: AtomicU64::new(0),
            waited_ns: AtomicU64::new(0),
        }
    }

    /// A frame of `len` bytes that `fill` has written: in shared memory if there is room, else on
    /// the heap, from where the transport copies it once more.
    pub(crate) fn frame(
        &self,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<bytes::Bytes, Error> {
        let mut memory = self.memory(len)?;
        fill(memory.bytes_mut());
        Ok(memory.freeze())
    }

    /// The same, to be written by its owner.
    pub(crate) fn frame_mut(&self, len: usize) -> Result<FrameMut, Error> {
        Ok(FrameMut::new(self.memory(len)?))
    }

    pub(crate) fn counts(&self) -> FrameCounts {
        FrameCounts {
            shared: self.in_shared.load(Ordering::Relaxed),
            heap: self.on_heap.load(Ordering::Relaxed),
            waited: Duration::from_nanos(self.waited_ns.load(Ordering::Relaxed)),
        }
    }

    /// The first time that frames go on the heap for want of memory: why, once.
    pub(crate) fn shortage(&self) -> Option<String> {
        let mut state = self.lock();
        match std::mem::take(&mut state.shortage) {
            Shortage::None => None,
            Shortage::ToTell(text) => {
                state.shortage = Shortage::Told;
                Some(text)
            }
            Shortage::Told => {
                state.shortage = Shortage::Told;
                None
            }
        }
    }

    fn memory(&self, len: usize) -> Result<Memory, Error> {
        if len < SMALLEST_POOLED {
            return self.heap.frame(len).map(Memory::Heap);
        }
        if let Some(mut slot) = self.slot(len)
            && slot.set_len(len).is_ok()
        {
            self.in_shared.fetch_add(1, Ordering::Relaxed);
            return Ok(Memory::Slot(slot));
        }
        self.on_heap.fetch_add(1, Ordering::Relaxed);
        self.heap.frame(len).map(Memory::Heap)
    }

    fn slot(&self, len: usize) -> Option<PayloadBuffer> {
        let class = self.class(len)?;
        if let Some(slot) = class.take(len) {
            return Some(slot);
        }
        let start = Instant::now();
        let slot = class.wait(len, PATIENCE).or_else(|| {
            if self.grow(&class) {
                class.wait_again();
                return class.take(len);
            }
            let slot = class.wait(len, LAST_PATIENCE);
            if slot.is_none() {
                class.wait_no_more();
            }
            slot
        });
        let waited = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.waited_ns.fetch_add(waited, Ordering::Relaxed);
        slot
    }

    /// The slots for frames of `len` bytes, made if there are none and there is room.
    fn class(&self, len: usize) -> Option<Arc<Class>> {
        let mut state = self.lock();
        // A somewhat larger slot does too: frames whose size varies share a few sizes.
        let fits = |class: &&Arc<Class>| class.size >= len && class.size - class.size / 4 <= len;
        let best = state.classes.iter().filter(fits).min_by_key(|c| c.size);
        if let Some(class) = best.cloned() {
            state.classes.retain(|other| !Arc::ptr_eq(other, &class));
            state.classes.push(class.clone());
            return Some(class);
        }
        let size = len.checked_next_multiple_of(4096)?;
        let fewest = size.saturating_mul(FEWEST_SLOTS);
        if fewest > self.max_bytes {
            state.fall_short(|| {
                format!(
                    "{FEWEST_SLOTS} frames of {len} bytes are more than the {} bytes of shared \
                     memory that this sender may take: set shm_bytes higher",
                    self.max_bytes
                )
            });
            return None;
        }
        // Sizes that are not in use make room, the one used longest ago first.
        while state.bytes() + fewest > self.max_bytes || state.classes.len() >= MAX_CLASSES {
            let idle = state.classes.iter().position(|class| class.idle())?;
            state.classes.remove(idle);
        }
        let first = (FIRST_BYTES / size).clamp(FEWEST_SLOTS, self.slots.0);
        let slots = ((self.max_bytes - state.bytes()) / size).min(first);
        let class = Arc::new(Class::new(size));
        state.add_slots(&class, slots).then(|| {
            state.classes.push(class.clone());
            class
        })
    }

    /// More slots of a size whose frames stay away longer than is waited for: whether there are.
    fn grow(&self, class: &Class) -> bool {
        let mut state = self.lock();
        let room = (self.max_bytes.saturating_sub(state.bytes())) / class.size;
        let slots = room
            .min(self.slots.1.saturating_sub(class.slots()))
            .min(self.slots.0);
        slots > 0 && state.add_slots(class, slots)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn bytes(&self) -> usize {
        let bytes = self.classes.iter().map(|class| class.size * class.slots());
        bytes.sum()
    }

    /// Whether the system gave so many slots more.
    fn add_slots(&mut self, class: &Class, slots: usize) -> bool {
        if self.refused.is_some_and(|since| since.elapsed() < PAUSE) {
            return false;
        }
        let bytes = class.size * slots;
        let added = match room::for_bytes(bytes) {
            Ok(()) => class.add(slots),
            Err(available) => Err(format!("only {available} bytes of memory are free")),
        };
        if let Err(reason) = added {
            self.refused = Some(Instant::now());
            self.fall_short(|| format!("{bytes} bytes of shared memory cannot be had: {reason}"));
            return false;
        }
        self.refused = None;
        true
    }

    fn fall_short(&mut self, why: impl FnOnce() -> String) {
        if matches!(self.shortage, Shortage::None) {
            self.shortage = Shortage::ToTell(why());
        }
    }
}

#[cfg(test)]
mod tests;
