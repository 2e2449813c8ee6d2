//! The type of a column: the first batch that has the field decides, and it never changes.
//!
//! What a value is decides, not how large it is: Python's ints are `int64`, and one that is not is
//! told of rather than rounded. Within the first batch, of which nothing has been given yet, ints
//! become floats beside floats, and a list what is of several kinds.

use super::error::CollateError;
use blendtorch_wire::{DType, Header, Scalar, Value};

/// What a field is in every batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Arrays. Their shape may change from batch to batch.
    Arrays(DType),
    /// Numbers, which are a tensor of one dimension.
    Numbers(DType),
    /// Anything but arrays: one value an item.
    Values,
}

/// Why a value is not in a column.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is something else: in words.
    Other(String),
    /// An int that is no int64.
    TooLarge(u64),
}

impl Unfit {
    /// The error of an item that has such a value in a field.
    pub(super) fn error(self, field: &str, header: &Header, expected: String) -> CollateError {
        let (field, btid) = (field.to_owned(), header.btid);
        match self {
            Self::Other(found) => CollateError::Mismatch {
                field,
                btid,
                expected,
                found,
            },
            Self::TooLarge(value) => CollateError::IntTooLarge { field, btid, value },
        }
    }
}

impl Kind {
    /// What a column is by its first value.
    pub(super) fn of(value: &Value) -> Result<Self, Unfit> {
        Ok(match value {
            Value::Tensor(tensor) => Self::Arrays(tensor.dtype()),
            Value::Bool(_) => Self::Numbers(DType::Bool),
            Value::Int(_) => Self::Numbers(DType::I64),
            Value::UInt(value) => return Err(Unfit::TooLarge(*value)),
            Value::Float(_) => Self::Numbers(DType::F64),
            Value::Scalar(scalar) => Self::Numbers(scalar.dtype()),
            _ => Self::Values,
        })
    }

    /// Whether a column that is decided takes the value.
    pub(super) fn takes(self, value: &Value) -> Result<(), Unfit> {
        let fits = match (self, value) {
            (Self::Arrays(dtype), Value::Tensor(tensor)) => tensor.dtype() == dtype,
            (Self::Arrays(_), _) | (Self::Values, Value::Tensor(_)) => false,
            (Self::Values, _) => true,
            (Self::Numbers(dtype), value) => element(value, dtype).is_some(),
        };
        match (fits, self, value) {
            (true, ..) => Ok(()),
            (false, Self::Numbers(DType::I64), Value::UInt(value)) => Err(Unfit::TooLarge(*value)),
            (false, Self::Numbers(DType::F64), Value::Int(_) | Value::UInt(_)) => Err(
                Unfit::Other(format!("{}, which float64 cannot hold", describe(value))),
            ),
            (false, ..) => Err(Unfit::Other(describe(value))),
        }
    }

    /// What a column that is not decided yet becomes with another value, after `values`.
    pub(super) fn with(self, value: &Value, values: &[Value]) -> Result<Self, Unfit> {
        let Err(unfit) = self.takes(value) else {
            return Ok(self);
        };
        let Self::Numbers(dtype) = self else {
            return Err(unfit);
        };
        let all_floats = || {
            values
                .iter()
                .all(|value| element(value, DType::F64).is_some())
        };
        match value {
            Value::Tensor(_) | Value::UInt(_) => Err(unfit),
            Value::Float(_) if dtype == DType::I64 && all_floats() => Ok(Self::Numbers(DType::F64)),
            _ => Ok(Self::Values),
        }
    }

    /// In words.
    pub(super) fn describe(self) -> String {
        match self {
            Self::Arrays(dtype) => format!("an array of {dtype}"),
            Self::Numbers(dtype) => format!("a number of {dtype}"),
            Self::Values => "no array".to_owned(),
        }
    }
}

/// The values as little-endian elements, if they all are.
pub(super) fn elements(values: &[Value], dtype: DType) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(values.len() * dtype.size());
    for value in values {
        bytes.extend_from_slice(element(value, dtype)?.bytes());
    }
    Some(bytes)
}

/// The value as an element, if it is one of this type or an int that a float holds exactly.
fn element(value: &Value, dtype: DType) -> Option<Scalar> {
    let own = match value {
        Value::Bool(value) => Scalar::new(DType::Bool, &[u8::from(*value)]),
        Value::Int(int) if dtype == DType::F64 => exact((*int).into()).map(Scalar::from),
        Value::UInt(int) if dtype == DType::F64 => exact((*int).into()).map(Scalar::from),
        Value::Int(int) => Some(Scalar::from(*int)),
        Value::Float(float) => Some(Scalar::from(*float)),
        Value::Scalar(scalar) => Some(*scalar),
        _ => None,
    };
    own.filter(|scalar| scalar.dtype() == dtype)
}

/// The integer as a float, if that is the same number.
fn exact(int: i128) -> Option<f64> {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "what is lost is seen"
    )]
    let (float, back) = (int as f64, int as f64 as i128);
    (back == int).then_some(float)
}

/// A value in words, as Python names its type.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(_) => "a bool".to_owned(),
        Value::Int(int) => format!("the int {int}"),
        Value::UInt(int) => format!("the int {int}"),
        Value::Float(_) => "a float".to_owned(),
        Value::Str(_) => "a str".to_owned(),
        Value::Bytes(_) => "bytes".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Tuple(_) => "a tuple".to_owned(),
        Value::Map(_) => "a dict".to_owned(),
        Value::Scalar(scalar) => format!("a number of {}", scalar.dtype()),
        Value::Tensor(tensor) => {
            format!(
                "an array of {} and shape {:?}",
                tensor.dtype(),
                tensor.shape()
            )
        }
    }
}
