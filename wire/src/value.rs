//! What a field of a message can be.

use crate::{DType, Element, Tensor};
use bytes::Bytes;

/// A value that travels. Anything else is refused by the publisher, by its field's name.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing: Python's `None`.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer that fits 64 bits with sign.
    Int(i64),
    /// An integer above [`i64::MAX`].
    UInt(u64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Str(String),
    /// Raw bytes. They travel in the header: publish large data as a tensor.
    Bytes(Bytes),
    /// A list.
    List(Vec<Value>),
    /// A Python tuple, which comes back as one.
    Tuple(Vec<Value>),
    /// A dict, in order. Keys are values too, as Python's may be: see
    /// [`can_be_key`](Value::can_be_key). No two are equal, as 1 and 1.0 are.
    Map(Vec<(Value, Value)>),
    /// A numpy scalar.
    Scalar(Scalar),
    /// An array, which travels in a frame of its own.
    Tensor(Tensor),
}

/// One element of a dtype: a numpy scalar. Raw little-endian bytes, as in a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalar {
    dtype: DType,
    bytes: [u8; 8],
}

impl Scalar {
    /// A scalar from its little-endian bytes; `None` when their number is not the dtype's.
    #[must_use]
    pub fn new(dtype: DType, raw: &[u8]) -> Option<Self> {
        let mut bytes = [0; 8];
        (raw.len() == dtype.size()).then(|| {
            bytes[..raw.len()].copy_from_slice(raw);
            Self { dtype, bytes }
        })
    }

    /// The element type.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The little-endian bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.dtype.size()]
    }

    /// The number as a float, rounded where it has more digits; a truth value is 0 or 1.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "it is said that it is rounded")]
        let float = match self.dtype {
            DType::Bool => Some(f64::from(u8::from(self.bytes[0] != 0))),
            DType::U8 => self.get::<u8>().map(f64::from),
            DType::I8 => self.get::<i8>().map(f64::from),
            DType::U16 => self.get::<u16>().map(f64::from),
            DType::I16 => self.get::<i16>().map(f64::from),
            DType::U32 => self.get::<u32>().map(f64::from),
            DType::I32 => self.get::<i32>().map(f64::from),
            DType::U64 => self.get::<u64>().map(|value| value as f64),
            DType::I64 => self.get::<i64>().map(|value| value as f64),
            DType::F16 => self.get::<half::f16>().map(f64::from),
            DType::F32 => self.get::<f32>().map(f64::from),
            DType::F64 => self.get::<f64>(),
        };
        float.unwrap_or(f64::NAN) // each arm asks for its own type
    }

    /// The element, if it is of type `T`.
    #[must_use]
    pub fn get<T: Element>(&self) -> Option<T> {
        (T::DTYPE == self.dtype).then(|| bytemuck::pod_read_unaligned(self.bytes()))
    }
}

impl<T: Element> From<T> for Scalar {
    /// `Scalar::from(seed)` travels as a numpy scalar of that type, whatever its value. A plain
    /// [`Value`] of an integer has no type: it is an integer of Python.
    fn from(element: T) -> Self {
        let mut bytes = [0; 8];
        bytes[..T::DTYPE.size()].copy_from_slice(bytemuck::bytes_of(&element));
        Self {
            dtype: T::DTYPE,
            bytes,
        }
    }
}

impl Value {
    /// The tensor, if it is one.
    #[must_use]
    pub fn as_tensor(&self) -> Option<&Tensor> {
        match self {
            Self::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// The integer, if it is one that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::UInt(int) => i64::try_from(*int).ok(),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Calls `visit` for each tensor in this value, nested ones included, in order.
    pub fn for_each_tensor_mut(&mut self, visit: &mut impl FnMut(&mut Tensor)) {
        match self {
            Self::Tensor(tensor) => visit(tensor),
            Self::List(values) | Self::Tuple(values) => {
                for value in values {
                    value.for_each_tensor_mut(visit);
                }
            }
            Self::Map(entries) => {
                for (_, value) in entries {
                    value.for_each_tensor_mut(visit);
                }
            }
            _ => {}
        }
    }
}

macro_rules! from {
    ($($rust:ty => |$value:ident| $into:expr),* $(,)?) => {
        $(impl From<$rust> for Value { fn from($value: $rust) -> Self { $into } })*
    };
}
from! {
    bool => |value| Self::Bool(value),
    i32 => |value| Self::Int(value.into()),
    u32 => |value| Self::Int(value.into()),
    i64 => |value| Self::Int(value),
    u64 => |value| i64::try_from(value).map_or(Self::UInt(value), Self::Int),
    f32 => |value| Self::Float(value.into()),
    f64 => |value| Self::Float(value),
    &str => |value| Self::Str(value.to_owned()),
    String => |value| Self::Str(value),
    Tensor => |value| Self::Tensor(value),
    Scalar => |value| Self::Scalar(value),
    Vec<Value> => |value| Self::List(value),
}
