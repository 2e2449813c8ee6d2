//! HDF5 files, as far as networks need them.
//!
//! Owns the reading (over `hdf5-pure`) and the writing (ours: streams, one row after another) of
//! groups, columns, tables and attributes; the only place that knows HDF5. It knows nothing of SONATA.

pub(crate) mod compressed;
pub mod read;
mod write;

pub use write::{Attribute, Dataset, Element, Group, Stream, Table, Writer};
