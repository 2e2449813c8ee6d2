//! Keys of a dict, as Python has them: what cannot be one is refused when it is sent and when it is
//! read, so that a message means the same in both languages.

use crate::{DType, Scalar, Value};
use std::collections::HashSet;

impl Value {
    /// Whether it may be a dict's key: no list, dict or array, nor a tuple of one. Python says
    /// hashable.
    #[must_use]
    pub fn can_be_key(&self) -> bool {
        key(self).is_ok()
    }
}

/// Refuses entries that would not all be in a Python dict. The words say why.
pub(super) fn check(entries: &[(Value, Value)]) -> Result<(), String> {
    let mut seen = HashSet::with_capacity(entries.len());
    for (value, _) in entries {
        let key = key(value).map_err(|kind| format!("{kind} cannot be the key of a dict"))?;
        if !seen.insert(key) {
            return Err(format!("the key {} stands twice in a dict", brief(value)));
        }
    }
    Ok(())
}

/// What Python compares: 1, 1.0 and True are one key.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Null,
    Int(i128),
    /// Bits of a number that is no integer. Python tells one NaN from another; a dict with two is
    /// refused here.
    Float(u64),
    Str(&'a str),
    Bytes(&'a [u8]),
    Tuple(Vec<Key<'a>>),
}

/// The key, or what the value is that cannot be one.
fn key(value: &Value) -> Result<Key<'_>, &'static str> {
    Ok(match value {
        Value::Null => Key::Null,
        Value::Bool(value) => Key::Int(i128::from(*value)),
        Value::Int(value) => Key::Int(i128::from(*value)),
        Value::UInt(value) => Key::Int(i128::from(*value)),
        Value::Float(value) => float(*value),
        Value::Str(text) => Key::Str(text),
        Value::Bytes(bytes) => Key::Bytes(bytes),
        Value::Tuple(values) => Key::Tuple(values.iter().map(key).collect::<Result<_, _>>()?),
        Value::Scalar(scalar) => number(scalar),
        Value::List(_) => return Err("a list"),
        Value::Map(_) => return Err("a dict"),
        Value::Tensor(_) => return Err("an array"),
    })
}

fn number(scalar: &Scalar) -> Key<'static> {
    let mut raw = [0; 8];
    let size = scalar.bytes().len();
    raw[..size].copy_from_slice(scalar.bytes());
    match scalar.dtype() {
        DType::Bool => Key::Int(i128::from(raw[0] != 0)),
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => {
            Key::Int(i128::from(u64::from_le_bytes(raw)))
        }
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => {
            let unused = 64 - 8 * size; // its sign is moved to the top and back
            Key::Int(i128::from(i64::from_le_bytes(raw) << unused >> unused))
        }
        DType::F16 | DType::F32 | DType::F64 => float(scalar.to_f64()),
    }
}

fn float(value: f64) -> Key<'static> {
    // All integers that any other type here holds, and more: the cast is exact.
    const BOUND: f64 = (1_u128 << 100) as f64;
    #[allow(clippy::cast_possible_truncation, reason = "an integer below 2^100")]
    match value.fract() == 0.0 && value.abs() < BOUND {
        true => Key::Int(value as i128),
        false => Key::Float(value.to_bits()),
    }
}

/// The key in a few words, however long it is.
fn brief(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Str(text) => format!("{:?}", text.chars().take(40).collect::<String>()),
        Value::Scalar(scalar) => format!("of {}", scalar.dtype()),
        Value::Bytes(_) => "of bytes".to_owned(),
        _ => "of a tuple".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tensor;

    fn scalar(dtype: DType, raw: &[u8]) -> Value {
        Value::Scalar(Scalar::new(dtype, raw).unwrap())
    }

    #[test]
    fn what_python_cannot_hash_is_no_key() {
        let array = Value::from(Tensor::from_vec(&[1], vec![1_u8]).unwrap());
        for (value, kind) in [
            (Value::List(vec![]), "a list"),
            (Value::Map(vec![]), "a dict"),
            (array.clone(), "an array"),
            (
                Value::Tuple(vec![1.into(), Value::Tuple(vec![array])]),
                "an array",
            ),
        ] {
            assert!(!value.can_be_key());
            let error = check(&[(value, Value::Null)]).unwrap_err();
            assert_eq!(error, format!("{kind} cannot be the key of a dict"));
        }
        assert!(Value::Tuple(vec!["a".into(), Value::Null]).can_be_key());
    }

    #[test]
    fn keys_that_python_takes_for_one_stand_once() {
        let ones = [
            Value::Bool(true),
            Value::Int(1),
            Value::Float(1.0),
            scalar(DType::U8, &[1]),
            scalar(DType::I16, &[1, 0]),
            scalar(DType::F16, &[0, 0x3c]),
            scalar(DType::F32, &1.0_f32.to_le_bytes()),
        ];
        for first in &ones {
            for second in &ones {
                let entries = [first, second].map(|key| (key.clone(), Value::Null));
                assert!(check(&entries).is_err(), "{first:?} {second:?}");
                // Within a tuple, too.
                let entries = entries.map(|(key, value)| (Value::Tuple(vec![key]), value));
                assert!(check(&entries).is_err(), "{first:?} {second:?}");
            }
        }
        let others = [
            Value::Null,
            Value::Int(-1),
            Value::Int(i64::MIN),
            Value::UInt(u64::MAX),
            Value::Float(0.1),
            Value::Float(1e300),
            Value::Float(f64::INFINITY),
            scalar(DType::I8, &[0xfe]),
            scalar(DType::F32, &0.1_f32.to_le_bytes()), // not the float64 0.1
            "1".into(),
            Value::Bytes(b"1"[..].into()),
            Value::Tuple(vec![1.into()]),
            Value::Tuple(vec![]),
        ];
        let entries = [&ones[..1], &others].concat();
        let entries: Vec<_> = entries.into_iter().map(|key| (key, Value::Null)).collect();
        check(&entries).unwrap();
        assert!(
            check(&[
                (Value::Int(-2), Value::Null),
                (scalar(DType::I8, &[0xfe]), Value::Null)
            ])
            .is_err()
        );
    }
}
