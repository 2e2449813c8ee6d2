//! A render that is asked to end after what is in work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends a render after the frames that workers have, from any thread. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Ending(Arc<AtomicBool>);

impl Ending {
    /// No more frames are given out: those that workers have are finished and entered, and the render
    /// returns.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody has asked for it.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
