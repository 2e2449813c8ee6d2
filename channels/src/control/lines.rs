//! Words as lines: one JSON value and a line feed each.
//!
//! Owns the limit of a line and the reading of lines from a socket that may send anything.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read};

/// Bytes of a line; a longer one ends the connection.
pub const LONGEST_LINE: usize = 16 << 20;

/// A word as a line.
///
/// # Errors
/// It is longer than [`LONGEST_LINE`], or cannot be written as JSON.
pub fn encode<T: Serialize>(word: &T) -> Result<Vec<u8>, String> {
    let mut line = serde_json::to_vec(word).map_err(|error| error.to_string())?;
    if line.len() >= LONGEST_LINE {
        return Err(format!(
            "it takes {} bytes, and a line of the control channel has at most {LONGEST_LINE}",
            line.len()
        ));
    }
    line.push(b'\n');
    Ok(line)
}

/// The word of a line.
///
/// # Errors
/// It is none of these words.
pub fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| error.to_string())
}

/// Takes lines from a stream of bytes.
#[derive(Debug)]
pub(super) struct LineReader<R> {
    from: R,
    inbox: Vec<u8>,
    /// So much of it has been looked through for a line feed.
    looked: usize,
}

impl<R: Read> LineReader<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            inbox: Vec::new(),
            looked: 0,
        }
    }

    /// The next line; none where the stream has ended. A time-out of the stream is an error after
    /// which it may be called again.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut piece = [0; 16 << 10];
        loop {
            let found = self.inbox[self.looked..].iter().position(|&b| b == b'\n');
            if let Some(at) = found {
                let rest = self.inbox.split_off(self.looked + at + 1);
                let line = std::mem::replace(&mut self.inbox, rest);
                self.looked = 0;
                return Ok(Some(line));
            }
            self.looked = self.inbox.len();
            if self.inbox.len() > LONGEST_LINE {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a line is too long",
                ));
            }
            match self.from.read(&mut piece) {
                Ok(0) => return Ok(None),
                Ok(n) => self.inbox.extend_from_slice(&piece[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        struct Cut(Vec<u8>);
        impl Read for Cut {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                let n = self.0.len().min(3);
                to[..n].copy_from_slice(&self.0[..n]);
                self.0.drain(..n);
                Ok(n)
            }
        }
        let mut lines = LineReader::new(Cut(b"[1,2]\n\"three\"\n4".to_vec()));
        assert_eq!(lines.next().unwrap().unwrap(), b"[1,2]\n");
        assert_eq!(lines.next().unwrap().unwrap(), b"\"three\"\n");
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let mut lines = LineReader::new(io::repeat(b'x'));
        assert!(lines.next().is_err());
        assert!(lines.inbox.len() < LONGEST_LINE + (1 << 20));
    }

    #[test]
    fn what_is_too_long_is_not_sent() {
        let said = encode(&"x".repeat(LONGEST_LINE)).unwrap_err();
        assert!(said.contains("at most"), "{said}");
    }
}
