//! Values that describe a group or a dataset.
//!
//! Owns the kinds of values, and how they are written.

use super::datatype::{Element, described};
use super::header::{dataspace, message};
use super::{Writer, strings};
use crate::CircuitError;

/// The value of an attribute.
#[derive(Debug, Clone)]
pub struct Attribute(Kind);

#[derive(Debug, Clone)]
enum Kind {
    /// Datatype, shape, bytes.
    Plain(Vec<u8>, Vec<u64>, Vec<u8>),
    Text(String),
}

impl Attribute {
    /// A number.
    pub fn number<T: Element>(value: T) -> Self {
        let bytes = bytemuck::bytes_of(&value).to_vec();
        Self(Kind::Plain(T::datatype(), Vec::new(), bytes))
    }

    /// An array of shape `[n]`.
    pub fn numbers<T: Element>(values: &[T]) -> Self {
        let bytes = bytemuck::cast_slice(values).to_vec();
        Self(Kind::Plain(T::datatype(), vec![values.len() as u64], bytes))
    }

    /// A string of variable length, in UTF-8: h5py reads it as `str`.
    pub fn string(value: impl Into<String>) -> Self {
        Self(Kind::Text(value.into()))
    }

    /// A value of an enumeration of bytes, whose names stand for 0, 1, 2 and so on.
    pub fn enumeration(names: &[&str], value: u8) -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "a byte has no more values")]
        let number = names.len().min(256) as u16;
        let [low, high] = number.to_le_bytes();
        let mut datatype = described(8, 1, [low, high, 0], 1);
        datatype.extend(u8::datatype());
        for name in names.iter().take(256) {
            let length = (name.len() + 1).next_multiple_of(8);
            datatype.extend(name.bytes());
            datatype.resize(datatype.len() + length - name.len(), 0);
        }
        datatype.extend((0..=255_u8).take(usize::from(number)));
        Self(Kind::Plain(datatype, Vec::new(), vec![value]))
    }

    /// The message of an object header.
    pub(super) fn message(&self, name: &str, writer: &mut Writer) -> Result<Vec<u8>, CircuitError> {
        let (datatype, shape, bytes) = match &self.0 {
            Kind::Plain(datatype, shape, bytes) => (datatype.clone(), shape.clone(), bytes.clone()),
            Kind::Text(text) => {
                let reference = strings::store(writer, &[text])?;
                (strings::datatype(), Vec::new(), reference)
            }
        };
        let space = dataspace(&shape);
        let utf8 = 1;
        let mut body = vec![3, 0];
        for length in [name.len() + 1, datatype.len(), space.len()] {
            let length = u16::try_from(length).map_err(|_| too_large(writer, name))?;
            body.extend(length.to_le_bytes());
        }
        body.push(utf8);
        body.extend(name.bytes());
        body.push(0);
        body.extend(datatype);
        body.extend(space);
        body.extend(bytes);
        message(0x0c, &body).ok_or_else(|| too_large(writer, name))
    }
}

fn too_large(writer: &Writer, name: &str) -> CircuitError {
    let name: String = name.chars().take(100).collect();
    let text = "the attribute is larger than 64 kB, which HDF5 does not allow";
    CircuitError::file(&writer.bytes.path, name, text)
}
