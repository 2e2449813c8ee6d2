//! Columns and tables of a file.
//!
//! Owns how much is read at a time, and that nothing is allocated that the file cannot hold.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use hdf5_pure::{ChunkCacheConfig, DType, DatasetAccessProperties, Datatype};

use super::chunks::Chunks;
use super::element::{Form, Stored};
use super::{Element, Place, Value, attribute};
use crate::CircuitError;

/// Stored values are read in pieces of so many bytes.
const PIECE_BYTES: u64 = 1 << 20;

/// No filter of HDF5 makes more of a byte: deflate's highest ratio is 1032.
const INFLATED: u64 = 1040;

/// So many strings may share a place, on average: our own writer and h5py let none.
const WORDS_SHARED: u64 = 4;

/// What a dataset's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Integers.
    Ints,
    /// Values of an enumeration, which are read as integers; NumPy's booleans are stored so.
    Enumeration,
    /// Floating point.
    Floats,
    /// Strings of fixed or variable length.
    Words,
    /// Anything else; it cannot be read.
    Other,
}

/// A dataset of an open file.
#[derive(Clone)]
pub struct Dataset {
    data: hdf5_pure::Dataset,
    path: String,
    place: Arc<Place>,
    shape: Vec<u64>,
    kind: Kind,
    stored: Option<Stored>,
    /// Whether its strings lie elsewhere in the file.
    scattered: bool,
    /// Rows that are read at a time.
    piece: u64,
    chunks: Arc<Chunks>,
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dataset({:?} of {:?})", self.path, self.place.path)
    }
}

impl Dataset {
    pub(super) fn new(
        file: &hdf5_pure::File,
        data: hdf5_pure::Dataset,
        path: &str,
        place: &Arc<Place>,
    ) -> Result<Self, CircuitError> {
        let fail = |error: hdf5_pure::Error| place.error(path, &error);
        let shape = data.shape().map_err(fail)?;
        let datatype = data.datatype().map_err(fail)?;
        let bytes = u64::from(datatype.type_size());
        let product = |extent: &[u64]| extent.iter().try_fold(bytes, |a, b| a.checked_mul(*b));
        let chunk = data.chunk_shape().map_err(fail)?;
        let most = match data.filters().is_empty() {
            true => place.bytes,
            false => place.bytes.saturating_mul(INFLATED),
        };
        let too_many = |what: &str| {
            let text = format!(
                "says that {what} more bytes than a file of {} bytes can hold; the file is damaged or was not written to its end",
                place.bytes
            );
            CircuitError::file(&place.path, path, text)
        };
        if product(&shape).is_none_or(|all| all > most) {
            return Err(too_many("it has"));
        }
        let chunk_bytes = match &chunk {
            Some(chunk) => product(chunk).ok_or_else(|| too_many("a chunk has"))?,
            None => 0,
        };
        // A chunk may be larger than the dataset, as that of a column which was to grow.
        if chunk_bytes > most.max(PIECE_BYTES) {
            return Err(too_many("a chunk has"));
        }
        let mut data = data;
        if chunk_bytes > PIECE_BYTES {
            // Else such a chunk would be inflated anew for each piece of it.
            let cache = usize::try_from(chunk_bytes).unwrap_or(usize::MAX);
            let options = DatasetAccessProperties::new()
                .with_chunk_cache(ChunkCacheConfig::new().with_max_bytes(cache));
            data = file.dataset_with_options(path, options).map_err(fail)?;
        }
        let row_bytes = product(shape.get(1..).unwrap_or(&[]))
            .unwrap_or(u64::MAX)
            .max(1);
        let chunk_rows = chunk
            .and_then(|chunk| chunk.first().copied())
            .unwrap_or(1)
            .max(1);
        let piece = (PIECE_BYTES / row_bytes)
            .max(1)
            .div_ceil(chunk_rows)
            .saturating_mul(chunk_rows);
        Ok(Self {
            kind: kind(&data.dtype().map_err(fail)?, &datatype),
            stored: Stored::of(&datatype),
            chunks: Arc::default(),
            scattered: matches!(datatype, Datatype::VariableLength { .. }),
            data,
            path: path.to_owned(),
            place: Arc::clone(place),
            shape,
            piece: if chunk_bytes > PIECE_BYTES {
                (PIECE_BYTES / row_bytes).max(1)
            } else {
                piece
            },
        })
    }

    /// Its path in the file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The extents of its dimensions; none for a scalar.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// The number of rows: the extent of the first dimension; 1 for a scalar.
    pub fn rows(&self) -> u64 {
        self.shape.first().copied().unwrap_or(1)
    }

    /// What its values are.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// A row count in the units of storage: reading so many rows from a multiple of it reads nothing
    /// twice.
    pub fn piece_rows(&self) -> u64 {
        self.piece
    }

    /// An error that names this dataset.
    pub fn error(&self, text: impl Into<String>) -> CircuitError {
        CircuitError::file(&self.place.path, &self.path, text)
    }

    /// An attribute, `None` where it is missing.
    ///
    /// # Errors
    /// Where the file is damaged, or the attribute is of a kind that no [`Value`] holds.
    pub fn attribute(&self, name: &str) -> Result<Option<Value>, CircuitError> {
        let read = || attribute::of(&self.data.attr_datatypes()?, || self.data.attrs(), name);
        read().map_err(|error| self.place.error(&format!("{}@{name}", self.path), &error))
    }

    /// All values, row by row.
    ///
    /// # Errors
    /// Where the file is damaged, the values are no numbers, or one does not fit without loss.
    pub fn read<T: Element>(&self) -> Result<Vec<T>, CircuitError> {
        self.read_rows(0..self.rows())
    }

    /// The values of some rows, row by row.
    ///
    /// # Errors
    /// As [`read`](Self::read), and where there are fewer rows.
    pub fn read_rows<T: Element>(&self, rows: Range<u64>) -> Result<Vec<T>, CircuitError> {
        let mut values = Vec::new();
        self.read_rows_into(rows, &mut values)?;
        Ok(values)
    }

    /// Puts the values of some rows into `values`, which is emptied before.
    ///
    /// # Errors
    /// As [`read_rows`](Self::read_rows).
    pub fn read_rows_into<T: Element>(
        &self,
        rows: Range<u64>,
        values: &mut Vec<T>,
    ) -> Result<(), CircuitError> {
        values.clear();
        let Some(stored) = self.stored else {
            return Err(self.error(format!("holds no numbers; {} is needed", T::NAME)));
        };
        self.inside(&rows)?;
        for piece in pieces(rows, self.piece) {
            let raw = self.raw(&piece)?;
            stored.decode(&raw, values).map_err(|value| {
                self.error(format!(
                    "the value {value} does not fit; {} is needed",
                    T::NAME
                ))
            })?;
        }
        Ok(())
    }

    /// All strings of a dataset of strings.
    ///
    /// # Errors
    /// Where the file is damaged, or the values are no strings.
    pub fn words(&self) -> Result<Vec<String>, CircuitError> {
        let mut words = Vec::new();
        self.each_word(0..self.rows(), |word| words.push(word.to_owned()))?;
        Ok(words)
    }

    /// Calls `each` with every string of some rows, in order.
    ///
    /// # Errors
    /// As [`words`](Self::words), and where there are fewer rows.
    pub fn each_word(
        &self,
        rows: Range<u64>,
        mut each: impl FnMut(&str),
    ) -> Result<(), CircuitError> {
        if self.kind != Kind::Words {
            return Err(self.error("holds no strings"));
        }
        self.inside(&rows)?;
        let mut left = self.place.bytes.saturating_mul(WORDS_SHARED);
        for piece in pieces(rows, self.piece) {
            self.spend(&piece, &mut left)?;
            let words = self
                .data
                .read_string_rows(piece.start, piece.end - piece.start)
                .map_err(|error| self.place.error(&self.path, &error))?;
            if words.len() as u64 != piece.end - piece.start && self.shape.len() <= 1 {
                return Err(self.error("has fewer strings than it says; the file is damaged"));
            }
            words.iter().for_each(|word| each(word));
        }
        Ok(())
    }

    /// Takes what strings of variable length need from what they may need: many of them may name the
    /// same place of a file, so that a small file could ask for any amount of memory.
    fn spend(&self, rows: &Range<u64>, left: &mut u64) -> Result<(), CircuitError> {
        if !self.scattered {
            return Ok(());
        }
        let fail = |error| self.place.error(&self.path, &error);
        let raw = self
            .data
            .read_raw_rows(rows.start, rows.end - rows.start)
            .map_err(fail)?;
        let width = usize::try_from(self.data.element_size().map_err(fail)?).unwrap_or(usize::MAX);
        for place in raw.chunks(width.max(1)) {
            // Each begins with the length of its string.
            let length = place
                .first_chunk::<4>()
                .map_or(0, |bytes| u32::from_le_bytes(*bytes));
            *left = left.checked_sub(u64::from(length)).ok_or_else(|| {
                self.error("has longer strings than the file can hold; the file is damaged")
            })?;
        }
        Ok(())
    }

    /// The names and numbers of an enumeration's values.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn enumeration(&self) -> Result<Vec<(String, i64)>, CircuitError> {
        match self.data.datatype() {
            Ok(Datatype::Enumeration {
                base_type, members, ..
            }) => Ok(members
                .into_iter()
                .filter_map(|one| Some((one.name, attribute::member(&one.value, &base_type)?)))
                .collect()),
            Ok(_) => Ok(Vec::new()),
            Err(error) => Err(self.place.error(&self.path, &error)),
        }
    }

    fn inside(&self, rows: &Range<u64>) -> Result<(), CircuitError> {
        if rows.end > self.rows() || rows.start > rows.end {
            let (start, end) = (rows.start, rows.end);
            return Err(self.error(format!(
                "has {} rows; rows {start} to {end} are needed",
                self.rows()
            )));
        }
        self.chunks.inside(&self.data, &self.place, &self.path)
    }

    fn raw(&self, rows: &Range<u64>) -> Result<Vec<u8>, CircuitError> {
        let count = rows.end - rows.start;
        let raw = self
            .data
            .read_raw_rows(rows.start, count)
            .map_err(|error| self.place.error(&self.path, &error))?;
        let wide: u64 = self.shape.get(1..).unwrap_or(&[]).iter().product();
        if Some(raw.len() as u64) != self.width().checked_mul(count * wide) {
            return Err(self.error("has fewer values than it says; the file is damaged"));
        }
        Ok(raw)
    }

    /// The bytes of a number.
    fn width(&self) -> u64 {
        match self.stored.map(|stored| stored.form) {
            Some(Form::U8 | Form::I8) | None => 1,
            Some(Form::U16 | Form::I16) => 2,
            Some(Form::U32 | Form::I32 | Form::F32) => 4,
            Some(Form::U64 | Form::I64 | Form::F64) => 8,
        }
    }
}

fn kind(kind: &DType, datatype: &Datatype) -> Kind {
    match kind {
        DType::F32 | DType::F64 => Kind::Floats,
        DType::String | DType::VariableLengthString => Kind::Words,
        DType::Enum(_) => Kind::Enumeration,
        _ if matches!(datatype, Datatype::FixedPoint { .. }) => Kind::Ints,
        _ => Kind::Other,
    }
}

fn pieces(rows: Range<u64>, size: u64) -> impl Iterator<Item = Range<u64>> {
    let mut start = rows.start;
    std::iter::from_fn(move || {
        if start >= rows.end {
            return None;
        }
        // The next multiple of the size, so that pieces are whole chunks.
        let end = (start - start % size).saturating_add(size).min(rows.end);
        let piece = start..end;
        start = end;
        Some(piece)
    })
}
