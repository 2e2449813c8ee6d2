//! The array that an activity fills, and what it holds.
//!
//! Owns when an array can be taken to be as it was left: it is the same memory, which has been kept alive,
//! and no other activity has filled it since.

#![allow(
    unsafe_code,
    reason = "a slice over memory that Python owns needs raw pointers"
)]

use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError, TryLockError};

use blendtorch_circuit::activity::{Activity, ActivityError, Kept, fill, fill_whole};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Who filled the memory at an address last. Whoever is in here keeps it alive.
static FILLED: LazyLock<Mutex<HashMap<usize, u64>>> = LazyLock::new(Mutex::default);

fn filled() -> MutexGuard<'static, HashMap<usize, u64>> {
    FILLED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An activity and the array that it filled last.
pub(super) struct Filled {
    id: u64,
    activity: Box<dyn Activity>,
    kept: Kept,
    array: Option<PyBuffer<f32>>,
}

impl Filled {
    pub(super) fn new(activity: Box<dyn Activity>) -> Mutex<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Mutex::new(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            activity,
            kept: Kept::default(),
            array: None,
        })
    }

    fn fill(
        &mut self,
        frame: f64,
        values: &mut [f32],
        again: bool,
    ) -> Result<usize, ActivityError> {
        let address = values.as_ptr() as usize;
        let mine = self.holds(values) && filled().get(&address) == Some(&self.id);
        if !(mine && again) {
            self.kept.forget();
        }
        fill(&mut *self.activity, frame, values, &mut self.kept)
    }

    fn holds(&self, values: &[f32]) -> bool {
        self.array.as_ref().is_some_and(|held| {
            std::ptr::eq(held.buf_ptr().cast(), values.as_ptr())
                && held.item_count() == values.len()
        })
    }

    /// Keeps an array, and gives the one that was kept.
    fn keep(&mut self, array: PyBuffer<f32>) -> Option<PyBuffer<f32>> {
        let address = array.buf_ptr() as usize;
        let before = self.array.replace(array);
        let mut filled = filled();
        if let Some(before) = &before {
            let before = before.buf_ptr() as usize;
            if before != address && filled.get(&before) == Some(&self.id) {
                filled.remove(&before);
            }
        }
        filled.insert(address, self.id);
        before
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        if let Some(array) = &self.array {
            let (address, mut filled) = (array.buf_ptr() as usize, filled());
            if filled.get(&address) == Some(&self.id) {
                filled.remove(&address);
            }
        }
    }
}

/// The activity of whoever has it, while nobody else is at it.
pub(super) fn with<R>(state: &Mutex<Filled>, ask: impl FnOnce(&mut dyn Activity) -> R) -> R {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    ask(&mut *state.activity)
}

/// Whether the last frame left the array as it was.
pub(super) fn still(state: &Mutex<Filled>) -> bool {
    let state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.kept.still()
}

/// Fills an array with a frame; `again`: it may be as it was left. How many cells are not at rest.
pub(super) fn fill_array(
    py: Python<'_>,
    state: &Mutex<Filled>,
    frame: f64,
    array: PyBuffer<f32>,
    again: bool,
) -> PyResult<usize> {
    let values = writable(&array)?;
    // SAFETY: `writable` says what it is; `array` keeps it exported, hence alive and in place, until it is
    // handed on below, where the slice is used no more. That no other thread is at it meanwhile is the
    // documented duty of the caller.
    let values: &mut [f32] = unsafe { &mut *values.as_ptr() };
    // The lock is waited for without the GIL, which its holder may need.
    let (number, _before) = py.detach(move || {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let number = state.fill(frame, values, again);
        (number, state.keep(array))
    });
    number.map_err(|refused| super::error(&refused))
}

/// Fills memory that is not Python's own and is kept by nobody: all of it, at once, and without letting
/// other threads of Python run meanwhile. `None` where that cannot be: the activity is being asked by
/// another thread, or reads a file. How many cells are not at rest.
pub(super) fn fill_now(
    state: &Mutex<Filled>,
    frame: f64,
    array: &PyBuffer<f32>,
) -> PyResult<Option<usize>> {
    let mut state = match state.try_lock() {
        Ok(state) => state,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return Ok(None),
    };
    if state.activity.reads() {
        return Ok(None);
    }
    let values = writable(array)?;
    // SAFETY: `writable` says what it is; the borrowed `array` keeps it exported for as long as the slice
    // lives. That the memory stays in place is the documented duty of the caller, and nothing of Python
    // runs before this returns.
    let values: &mut [f32] = unsafe { &mut *values.as_ptr() };
    let Filled { activity, kept, .. } = &mut *state;
    let number = fill_whole(&mut **activity, frame, values, kept);
    number.map(Some).map_err(|refused| super::error(&refused))
}

/// The values of an array that can be written: C-contiguous, aligned and `f32`.
fn writable(array: &PyBuffer<f32>) -> PyResult<NonNull<[f32]>> {
    let values = array
        .as_slice_ptr()
        .ok_or_else(|| PyValueError::new_err("the array must be C-contiguous"))?;
    match array.readonly() {
        true => Err(PyValueError::new_err("the array is read-only")),
        false => Ok(values),
    }
}
