//! Attributes as HDF5 files hold them.
//!
//! Owns that a string is a string, whether it was written with a fixed or a variable length, as a
//! scalar, an array of one, or as the name of an enumeration's value.

use std::collections::HashMap;

use hdf5_pure::{AttrValue, Datatype, Error, FormatError};

/// What an attribute holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Strings; one where it is a scalar.
    Words(Vec<String>),
    /// Integers; one where it is a scalar.
    Ints(Vec<i128>),
    /// Numbers; one where it is a scalar.
    Floats(Vec<f64>),
    /// A value of an enumeration: its name, if it has one, and its number.
    Enumerated {
        /// The name of the value in the enumeration.
        name: Option<String>,
        /// The value.
        value: i64,
    },
}

impl Value {
    /// The string: that of a scalar, of an array of one, or an enumeration's name.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Words(words) => match words.as_slice() {
                [one] => Some(one),
                _ => None,
            },
            Self::Enumerated { name, .. } => name.as_deref(),
            Self::Ints(_) | Self::Floats(_) => None,
        }
    }

    /// The number: of a scalar, of an array of one, or an enumeration's.
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Ints(ints) => match ints.as_slice() {
                [one] => i64::try_from(*one).ok(),
                _ => None,
            },
            Self::Enumerated { value, .. } => Some(*value),
            Self::Words(_) | Self::Floats(_) => None,
        }
    }

    /// The number of a scalar or of an array of one, integers too.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Floats(numbers) => match numbers.as_slice() {
                [one] => Some(*one),
                _ => None,
            },
            // An attribute's integer is no identifier: a large one may be rounded.
            #[allow(clippy::cast_precision_loss)]
            other => other.int().map(|one| one as f64),
        }
    }
}

/// One attribute of those that an object has.
pub(super) fn of(
    types: &HashMap<String, Datatype>,
    values: impl FnOnce() -> Result<HashMap<String, AttrValue>, Error>,
    name: &str,
) -> Result<Option<Value>, Error> {
    let Some(kind) = types.get(name) else {
        return Ok(None);
    };
    // The library leaves out what it cannot decode.
    let refused = || {
        Error::Format(FormatError::TypeMismatch {
            expected: "a string, a number or an enumeration",
            actual: "an attribute that cannot be decoded",
        })
    };
    let value = values()?.remove(name).ok_or_else(refused)?;
    valued(kind, &value).map(Some).ok_or_else(refused)
}

/// All attributes of an object, sorted by name; those that cannot be decoded are left out.
pub(super) fn all(
    types: &HashMap<String, Datatype>,
    values: HashMap<String, AttrValue>,
) -> Result<Vec<(String, Value)>, Error> {
    let one = |(name, value): (String, AttrValue)| {
        let value = valued(types.get(&name)?, &value)?;
        Some((name, value))
    };
    let mut all: Vec<_> = values.into_iter().filter_map(one).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(all)
}

fn valued(kind: &Datatype, value: &AttrValue) -> Option<Value> {
    if let Datatype::Enumeration {
        base_type, members, ..
    } = kind
        && let Some(number) = value.as_i64()
    {
        let name = members
            .iter()
            .find(|one| member(&one.value, base_type) == Some(number))
            .map(|one| one.name.clone());
        return Some(Value::Enumerated {
            name,
            value: number,
        });
    }
    convert(value)
}

fn convert(value: &AttrValue) -> Option<Value> {
    if let Some(words) = value.as_strings() {
        return Some(Value::Words(words.to_vec()));
    }
    if let Some(ints) = value.to_i64s() {
        return Some(Value::Ints(ints.into_iter().map(i128::from).collect()));
    }
    if let Some(ints) = value.to_u64s() {
        return Some(Value::Ints(ints.into_iter().map(i128::from).collect()));
    }
    value.to_f64s().map(Value::Floats)
}

/// The number of an enumeration's member, which is held as the bytes of its base type.
pub(super) fn member(bytes: &[u8], base: &Datatype) -> Option<i64> {
    let Datatype::FixedPoint {
        byte_order, layout, ..
    } = base
    else {
        return None;
    };
    let mut bytes = bytes.to_vec();
    if matches!(byte_order, hdf5_pure::DatatypeByteOrder::BigEndian) {
        bytes.reverse();
    }
    let fill = match bytes.last() {
        Some(last) if layout.signed && last & 0x80 != 0 => 0xff,
        Some(_) => 0,
        None => return None,
    };
    bytes.resize(8, fill);
    Some(i64::from_le_bytes(bytes.try_into().ok()?))
}
