//! Frames on the heap, whose memory is used again.
//!
//! Fresh memory for each megabyte is mapped, cleared and given back by the kernel: together a third of
//! what a producer's processor does for a frame that goes through a socket. Owns a shelf of the
//! buffers that were sent.

use crate::Error;
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Smaller ones the allocator itself keeps at hand.
const SMALLEST: usize = 16 << 10;
/// About what the queues of a consumer or two hold.
const MOST_BUFFERS: usize = 24;
const MOST_BYTES: usize = 128 << 20;

/// Buffers that wait to be used again.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Arc<Mutex<Vec<Vec<u8>>>>);

impl Shelf {
    /// Memory for a frame of `len` bytes, with old contents or zeros.
    pub(crate) fn frame(&self, len: usize) -> Result<Shelved, Error> {
        let large = len >= SMALLEST;
        let bytes = match large.then(|| self.take(len)).flatten() {
            Some(bytes) => bytes,
            None => fresh(len)?,
        };
        Ok(Shelved {
            bytes,
            len,
            shelf: match large {
                true => Arc::downgrade(&self.0),
                false => Weak::new(),
            },
        })
    }

    /// A buffer that is large enough and not much larger.
    fn take(&self, len: usize) -> Option<Vec<u8>> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The one that came last is the likeliest in the processor's cache.
        let fits = |bytes: &Vec<u8>| bytes.len() >= len && bytes.len() / 2 <= len;
        let at = shelf.iter().rposition(fits)?;
        Some(shelf.remove(at))
    }
}

/// New memory, or an error where the allocator would end the process.
fn fresh(len: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(len)
        .map_err(|_| Error::NoMemory(len))?;
    bytes.resize(len, 0);
    Ok(bytes)
}

/// A frame's memory, which goes back to the shelf behind the last reader.
#[derive(Debug)]
pub(crate) struct Shelved {
    bytes: Vec<u8>,
    len: usize,
    shelf: Weak<Mutex<Vec<Vec<u8>>>>,
}

impl Shelved {
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }

    pub(crate) fn freeze(mut self) -> Bytes {
        match self.len < SMALLEST {
            true => std::mem::take(&mut self.bytes).into(),
            false => Bytes::from_owner(self),
        }
    }
}

impl AsRef<[u8]> for Shelved {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Drop for Shelved {
    fn drop(&mut self) {
        let Some(shelf) = self.shelf.upgrade() else {
            return;
        };
        let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.push(std::mem::take(&mut self.bytes));
        // Sizes that are not asked for any more go first.
        let mut held: usize = shelf.iter().map(Vec::len).sum();
        while shelf.len() > MOST_BUFFERS || held > MOST_BYTES {
            held -= shelf.remove(0).len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(shelf: &Shelf, len: usize, byte: u8) -> Bytes {
        let mut frame = shelf.frame(len).unwrap();
        frame.bytes_mut().fill(byte);
        frame.freeze()
    }

    #[test]
    fn memory_is_used_again_and_little_is_kept() {
        let shelf = Shelf::default();
        let frames: Vec<_> = (0..40_u8).map(|i| filled(&shelf, 100_000, i)).collect();
        for (i, frame) in (0..).zip(&frames) {
            assert!(frame.len() == 100_000 && frame.iter().all(|byte| *byte == i));
        }
        let places: Vec<_> = frames.iter().map(|frame| frame.as_ptr()).collect();
        drop(frames);
        assert_eq!(shelf.0.lock().unwrap().len(), MOST_BUFFERS);
        let again = filled(&shelf, 90_000, 7);
        assert!(places.contains(&again.as_ptr()));
        assert!(again.len() == 90_000 && again.iter().all(|byte| *byte == 7));
        // A buffer of 100,000 is no place for 20,000.
        let _small = filled(&shelf, 20_000, 1);
        assert_eq!(shelf.0.lock().unwrap().len(), MOST_BUFFERS - 1);
        let large = filled(&shelf, MOST_BYTES + 1, 1);
        drop(large);
        assert!(shelf.0.lock().unwrap().iter().map(Vec::len).sum::<usize>() <= MOST_BYTES);
    }

    #[test]
    fn more_than_the_address_space_is_an_error() {
        let error = Shelf::default().frame(isize::MAX as usize).unwrap_err();
        assert!(matches!(error, Error::NoMemory(_)), "{error}");
    }

    #[test]
    fn a_frame_may_outlive_the_shelf() {
        let shelf = Shelf::default();
        let frame = filled(&shelf, 100_000, 3);
        drop(shelf);
        assert!(frame.iter().all(|byte| *byte == 3));
    }
}
