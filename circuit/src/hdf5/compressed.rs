//! Files of compressed columns.
//!
//! Owns what [`super::Writer`] cannot: chunks with gzip, by `hdf5-pure`, all of it in memory.

use std::path::Path;

use hdf5_pure::{AttrValue, FileBuilder};

use crate::CircuitError;

/// The form is that of any SONATA file of columns: a group with two of them.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    /// Its name.
    pub group: &'a str,
    /// An attribute of it.
    pub word: (&'a str, &'a str),
    /// A column of integers.
    pub numbers: (&'a str, &'a [u64]),
    /// A column of floats.
    pub floats: (&'a str, &'a [f64]),
    /// The unit of the floats.
    pub units: &'a str,
}

/// Values in a chunk: 256 kB. Of 2^16 and more, `hdf5-pure` 0.47 writes the extent in 4 bytes, and HDF5
/// 2.0 refuses all but the fewest that hold it, 3.
const CHUNK: u64 = 1 << 15;
/// h5py's level.
const LEVEL: u32 = 4;

/// Writes groups of columns into the group `root` of a new file.
///
/// # Errors
/// The file cannot be written, or a name is none that HDF5 allows.
pub(crate) fn write(path: &Path, root: &str, groups: &[Pair<'_>]) -> Result<(), CircuitError> {
    let failed = |error: hdf5_pure::Error| match error {
        hdf5_pure::Error::Io(source) => CircuitError::io(path, source),
        error => CircuitError::file(path, root, error.to_string()),
    };
    let mut file = FileBuilder::new();
    file.set_attr("magic", AttrValue::U32(0x0a7a));
    file.set_attr("version", AttrValue::U32Array(vec![0, 1]));
    let mut all = file.create_group(root);
    for group in groups {
        let mut one = all.create_group(group.group);
        let (name, word) = group.word;
        one.set_attr(name, AttrValue::VarLenString(word.to_owned()));
        let (name, values) = group.numbers;
        let column = one.create_dataset(name).with_u64_data(values);
        // A chunk of nothing is none.
        if !values.is_empty() {
            column
                .with_chunks(&[CHUNK.min(values.len() as u64)])
                .with_deflate(LEVEL);
        }
        let (name, values) = group.floats;
        let column = one.create_dataset(name).with_f64_data(values);
        if !values.is_empty() {
            column
                .with_chunks(&[CHUNK.min(values.len() as u64)])
                .with_deflate(LEVEL);
        }
        column.set_attr("units", AttrValue::VarLenString(group.units.to_owned()));
        all.add_group(one.finish());
    }
    file.add_group(all.finish());
    file.write(path).map_err(failed)
}
