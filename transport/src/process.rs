//! Sockets do not survive a fork: every handle knows the process that made it.

use crate::Error;
use std::mem::ManuallyDrop;

/// A value that is used and dropped only in the process that made it. A forked child that drops
/// its copy must not touch the parent's sockets.
#[derive(Debug)]
pub(crate) struct OwnProcess<T> {
    process: u32,
    value: ManuallyDrop<Option<T>>,
}

impl<T> OwnProcess<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            process: std::process::id(),
            value: ManuallyDrop::new(Some(value)),
        }
    }

    fn check(&self) -> Result<(), Error> {
        match self.process == std::process::id() {
            true => Ok(()),
            false => Err(Error::Forked),
        }
    }

    /// The value, unless this is a child or it was taken.
    pub(crate) fn get(&self) -> Result<&T, Error> {
        self.check()?;
        self.value.as_ref().ok_or(Error::Closed)
    }

    /// The value, unless it was taken, in a child too: for what disturbs nobody there. To ask for the
    /// process costs a call to the system, which small messages feel.
    pub(crate) fn peek(&self) -> Result<&T, Error> {
        self.value.as_ref().ok_or(Error::Closed)
    }

    /// The value, unless this is a child or it was taken.
    pub(crate) fn get_mut(&mut self) -> Result<&mut T, Error> {
        self.check()?;
        self.value.as_mut().ok_or(Error::Closed)
    }

    /// Takes the value out, once, and only in the process that made it.
    pub(crate) fn take(&mut self) -> Option<T> {
        self.check().ok().and_then(|()| self.value.take())
    }
}

impl<T> Drop for OwnProcess<T> {
    fn drop(&mut self) {
        // In a child the value is forgotten: its memory is the only thing the child owns of it.
        drop(self.take());
    }
}
