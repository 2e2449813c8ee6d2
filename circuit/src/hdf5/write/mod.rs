//! Writes HDF5 files in one pass, while the data comes.
//!
//! Owns the file: where bytes lie in it. Data is written as it comes, contiguous and uncompressed, and
//! never held in memory; what describes it (object headers, at last the superblock) follows in
//! [`Writer::finish`]. A file that was not finished has no superblock and is no HDF5 file.
//!
//! Source: HDF5 File Format Specification 3.0 (superblock 2, object headers 2; HDF5 1.8 and later
//! read them). Why not `hdf5-pure`, which reads for us: decision 31 in docs/architecture.md.

mod attribute;
mod checksum;
mod datatype;
mod group;
mod header;
mod stream;
mod strings;
mod table;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use attribute::Attribute;
pub use datatype::Element;
pub use group::{Dataset, Group};
pub use stream::Stream;
pub use table::Table;

use crate::CircuitError;

/// A number that stands for "nowhere".
const UNDEFINED: u64 = u64::MAX;
/// The superblock's length.
const SUPERBLOCK: u64 = 48;

/// The bytes of a file, and its name for errors. Several tables write into one file at once.
#[derive(Debug, Clone)]
struct Bytes {
    file: Arc<File>,
    path: Arc<PathBuf>,
}

impl Bytes {
    fn write(&self, bytes: &[u8], at: u64) -> Result<(), CircuitError> {
        self.file
            .write_all_at(bytes, at)
            .map_err(|source| CircuitError::io(&self.path, source))
    }
}

/// A file that is written.
#[derive(Debug)]
pub struct Writer {
    bytes: Bytes,
    /// Where the next bytes go.
    at: u64,
}

impl Writer {
    /// Creates a file, or empties the one that is there.
    ///
    /// # Errors
    /// [`CircuitError::Io`] where it cannot be created.
    pub fn create(path: &Path) -> Result<Self, CircuitError> {
        let file = File::create(path).map_err(|source| CircuitError::io(path, source))?;
        let bytes = Bytes {
            file: Arc::new(file),
            path: Arc::new(path.to_owned()),
        };
        Ok(Self {
            bytes,
            at: SUPERBLOCK,
        })
    }

    /// Writes values as a dataset of shape `[n]`.
    ///
    /// # Errors
    /// [`CircuitError::Io`] where they cannot be written.
    pub fn column<T: Element>(&mut self, values: &[T]) -> Result<Dataset, CircuitError> {
        self.shaped(values, &[values.len() as u64])
    }

    /// Writes values, row after row, as a dataset of this shape.
    ///
    /// # Errors
    /// [`CircuitError::File`] where there are more or fewer values than the shape has room for;
    /// [`CircuitError::Io`] where they cannot be written.
    pub fn shaped<T: Element>(
        &mut self,
        values: &[T],
        shape: &[u64],
    ) -> Result<Dataset, CircuitError> {
        let room = shape
            .iter()
            .try_fold(1_u64, |all, one| all.checked_mul(*one));
        if room != Some(values.len() as u64) {
            let text = format!("{} values do not fill the shape {shape:?}", values.len());
            return Err(CircuitError::file(&self.bytes.path, "", text));
        }
        let raw = bytemuck::cast_slice(values);
        let at = self.append(raw)?;
        Ok(Dataset::new(
            T::datatype(),
            shape.to_vec(),
            at,
            raw.len() as u64,
        ))
    }

    /// Writes strings as a dataset of shape `[n]`, of variable length, in UTF-8.
    ///
    /// # Errors
    /// [`CircuitError::Io`] where they cannot be written.
    pub fn strings<S: AsRef<str>>(&mut self, values: &[S]) -> Result<Dataset, CircuitError> {
        let references = strings::store(self, values)?;
        let at = self.append(&references)?;
        let shape = vec![values.len() as u64];
        let size = references.len() as u64;
        Ok(Dataset::new(strings::datatype(), shape, at, size))
    }

    /// Keeps room for a table of up to so many rows, which are written in any order.
    ///
    /// # Errors
    /// [`CircuitError::File`] where it is larger than a file can be.
    pub fn table<T: Element>(&mut self, rows: u64, columns: u64) -> Result<Table<T>, CircuitError> {
        let width = size_of::<T>() as u64;
        let size = rows
            .checked_mul(columns)
            .and_then(|values| values.checked_mul(width));
        let at = self.at.next_multiple_of(8);
        let end = size.and_then(|size| at.checked_add(size));
        match end.filter(|end| i64::try_from(*end).is_ok()) {
            Some(end) => {
                self.at = end;
                Ok(Table::new(self.bytes.clone(), at, rows, columns))
            }
            None => {
                let text = format!("{rows} rows of {columns} values are larger than a file can be");
                Err(CircuitError::file(&self.bytes.path, "", text))
            }
        }
    }

    /// A column whose length is not known yet. Several can be open at once: what does not fit in some
    /// megabytes goes to a file without a name beside this one.
    pub fn stream<T: Element>(&self) -> Stream<T> {
        Stream::new(&self.bytes.path)
    }

    /// Ends a stream: its values become a dataset of shape `[n]`.
    ///
    /// # Errors
    /// [`CircuitError::Io`] where they cannot be written.
    pub fn end_stream<T: Element>(&mut self, stream: Stream<T>) -> Result<Dataset, CircuitError> {
        let at = self.at.next_multiple_of(8);
        let length = stream.copy(&self.bytes, at)?;
        let size = length * size_of::<T>() as u64;
        self.at = at + size;
        Ok(Dataset::new(T::datatype(), vec![length], at, size))
    }

    /// Writes what describes the data, and makes it an HDF5 file.
    ///
    /// # Errors
    /// [`CircuitError::Io`] where it cannot be written; [`CircuitError::File`] where an attribute is
    /// larger than the format allows (64 kB).
    pub fn finish(mut self, root: &Group) -> Result<(), CircuitError> {
        let root = group::store(&mut self, root)?;
        let end = self.at;
        let io = |source| CircuitError::io(&self.bytes.path, source);
        self.bytes.file.set_len(end).map_err(io)?;
        let mut block = Vec::with_capacity(48);
        block.extend(b"\x89HDF\r\n\x1a\n");
        block.extend([2, 8, 8, 0]); // version; bytes of an offset and of a length; nobody writes it
        for address in [0, UNDEFINED, end, root] {
            block.extend(address.to_le_bytes());
        }
        block.extend(checksum::lookup3(&block).to_le_bytes());
        self.bytes.write(&block, 0)
    }

    /// Appends bytes, at a multiple of 8, and says where.
    fn append(&mut self, bytes: &[u8]) -> Result<u64, CircuitError> {
        let at = self.at.next_multiple_of(8);
        self.bytes.write(bytes, at)?;
        self.at = at + bytes.len() as u64;
        Ok(at)
    }
}
