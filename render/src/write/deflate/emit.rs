//! Bits, the lowest first, into bytes.

/// Writes bits behind what a vector holds already.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    out: &'a mut Vec<u8>,
    /// Bytes written; the vector is longer meanwhile.
    length: usize,
    buffer: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        let length = out.len();
        Self {
            out,
            length,
            buffer: 0,
            count: 0,
        }
    }

    /// Makes room for so many bytes, so that [`flush`](Self::flush) need not.
    pub(super) fn reserve(&mut self, bytes: usize) {
        let needed = self.length + bytes + 16;
        if self.out.len() < needed {
            self.out.resize(needed, 0);
        }
    }

    /// Adds bits; between two flushes at most 56 of them.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.buffer |= bits << self.count;
        self.count += count;
    }

    /// Writes all whole bytes; fewer than 8 bits stay.
    #[inline(always)]
    pub(super) fn flush(&mut self) {
        if let Some(place) = self.out.get_mut(self.length..self.length + 8) {
            place.copy_from_slice(&self.buffer.to_le_bytes());
        }
        let bytes = self.count / 8;
        self.length += bytes as usize;
        self.buffer = self.buffer.checked_shr(bytes * 8).unwrap_or(0);
        self.count &= 7;
    }

    /// Fills the last byte with zeros.
    pub(super) fn align(&mut self) {
        self.count = self.count.next_multiple_of(8);
        self.flush();
    }

    /// Adds whole bytes; the bits before must be aligned.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.out[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// Ends the stream.
    pub(super) fn finish(mut self) {
        self.reserve(8);
        self.align();
        self.out.truncate(self.length);
    }
}
