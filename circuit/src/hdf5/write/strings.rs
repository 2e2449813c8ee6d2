//! Strings of variable length.
//!
//! Owns the heaps that they lie in (global heap collections), and the references to them.

use super::Writer;
use super::datatype::{Element, described};
use crate::CircuitError;

/// A collection has no more objects than two bytes can number.
const OBJECTS: usize = 60_000;
/// The smallest collection that HDF5 makes.
const SMALLEST: usize = 4096;
/// The bytes before each object, and before the first one.
const HEADER: usize = 16;

/// The datatype of such strings: characters, ended by their length, UTF-8.
pub(super) fn datatype() -> Vec<u8> {
    let (string, utf8) = (1, 1);
    let mut message = described(9, 1, [string, utf8, 0], 16);
    message.extend(u8::datatype());
    message
}

/// Writes strings into heaps, and gives the references to them, 16 bytes each.
pub(super) fn store<S: AsRef<str>>(
    writer: &mut Writer,
    values: &[S],
) -> Result<Vec<u8>, CircuitError> {
    let mut references = Vec::with_capacity(values.len() * 16);
    for some in values.chunks(OBJECTS) {
        let bytes = collection(some);
        let at = writer.append(&bytes)?;
        let mut number = 0_u32;
        for value in some {
            let length = value.as_ref().len();
            let (at, object) = match length {
                0 => (0, 0),
                _ => {
                    number += 1;
                    (at, number)
                }
            };
            let length = u32::try_from(length).map_err(|_| {
                let text = "a string is longer than 4 GB";
                CircuitError::file(&writer.bytes.path, "", text)
            })?;
            references.extend(length.to_le_bytes());
            references.extend(at.to_le_bytes());
            references.extend(object.to_le_bytes());
        }
    }
    Ok(references)
}

/// A collection of those strings that are not empty.
fn collection<S: AsRef<str>>(values: &[S]) -> Vec<u8> {
    let mut objects = Vec::new();
    let mut number = 0_u16;
    for value in values
        .iter()
        .map(AsRef::as_ref)
        .filter(|one| !one.is_empty())
    {
        number += 1;
        object(&mut objects, number, 1, value.len());
        objects.extend(value.bytes());
        objects.resize(objects.len().next_multiple_of(8), 0);
    }
    // What is left is one more object, with the number 0.
    let size = (HEADER + objects.len() + HEADER).max(SMALLEST);
    let left = size - HEADER - objects.len();
    object(&mut objects, 0, 0, left);
    let mut bytes = b"GCOL".to_vec();
    bytes.extend([1, 0, 0, 0]);
    bytes.extend((size as u64).to_le_bytes());
    bytes.extend(objects);
    bytes.resize(size, 0);
    bytes
}

fn object(bytes: &mut Vec<u8>, number: u16, references: u16, length: usize) {
    bytes.extend(number.to_le_bytes());
    bytes.extend(references.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend((length as u64).to_le_bytes());
}
