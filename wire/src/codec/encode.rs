//! Message → frames. Tensor data is shared, never copied.

use super::{FORMAT_VERSION, ext, key, keys};
use crate::{EncodeError, End, Fields, Header, Kind, Limits, Message, Tensor, Value};
use bytes::Bytes;
use rmp_serde::MSGPACK_EXT_STRUCT_NAME;
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_bytes::Bytes as Raw;
use std::cell::RefCell;

impl Message {
    /// The message as frames: the header, then the data of each tensor, shared with it.
    ///
    /// # Errors
    /// When it would break the [`Limits`] that every reader has by default.
    pub fn encode(&self) -> Result<Vec<Bytes>, EncodeError> {
        let limits = Limits::default();
        for (name, value) in &self.fields {
            if !within_depth(value, limits.max_depth) {
                return Err(EncodeError::TooDeep {
                    field: name.clone(),
                    max: limits.max_depth,
                });
            }
        }
        for (name, value) in &self.fields {
            check_keys(value).map_err(|reason| EncodeError::Key {
                field: name.clone(),
                reason,
            })?;
            let rank = highest_rank(value);
            if rank > limits.max_rank {
                return Err(EncodeError::RankTooHigh {
                    field: name.clone(),
                    actual: rank,
                    max: limits.max_rank,
                });
            }
        }
        let values = self.fields.values().map(count).sum();
        if values > limits.max_values {
            return Err(EncodeError::TooManyValues {
                actual: values,
                max: limits.max_values,
            });
        }
        let frames = RefCell::new(vec![Bytes::new()]);
        let header = pack(&HeaderMap {
            header: &self.header,
            fields: &self.fields,
            frames: &frames,
        })
        .map_err(|error| EncodeError::MessagePack(error.to_string()))?;
        let mut frames = frames.into_inner();
        if frames.len() - 1 > limits.max_tensors {
            return Err(EncodeError::TooManyTensors {
                max: limits.max_tensors,
            });
        }
        if header.len() > limits.max_header_bytes {
            return Err(EncodeError::HeaderTooLarge {
                actual: header.len(),
                max: limits.max_header_bytes,
            });
        }
        frames[0] = header.into();
        let total = frames.iter().map(Bytes::len).fold(0, usize::saturating_add);
        if total > limits.max_message_bytes {
            return Err(EncodeError::TooLarge {
                actual: total,
                max: limits.max_message_bytes,
            });
        }
        Ok(frames)
    }
}

fn within_depth(value: &Value, left: usize) -> bool {
    match value {
        Value::List(values) | Value::Tuple(values) => {
            left > 0 && values.iter().all(|value| within_depth(value, left - 1))
        }
        Value::Map(entries) => {
            left > 0
                && entries
                    .iter()
                    .all(|(key, value)| [key, value].iter().all(|v| within_depth(v, left - 1)))
        }
        _ => true,
    }
}

/// Of all dicts in a value that is not too deep.
fn check_keys(value: &Value) -> Result<(), String> {
    match value {
        Value::List(values) | Value::Tuple(values) => values.iter().try_for_each(check_keys),
        Value::Map(entries) => {
            keys::check(entries)?;
            entries.iter().try_for_each(|(_, value)| check_keys(value))
        }
        _ => Ok(()),
    }
}

/// Of the tensors in a value that is not too deep.
fn highest_rank(value: &Value) -> usize {
    let of = |values: &[Value]| values.iter().map(highest_rank).max();
    let highest = match value {
        Value::Tensor(tensor) => Some(tensor.shape().len()),
        Value::List(values) | Value::Tuple(values) => of(values),
        Value::Map(entries) => {
            let ranks = entries
                .iter()
                .flat_map(|(k, v)| [highest_rank(k), highest_rank(v)]);
            ranks.max()
        }
        _ => None,
    };
    highest.unwrap_or(0)
}

/// How many values a reader counts: a tuple and the array in it are two.
fn count(value: &Value) -> usize {
    match value {
        Value::List(values) => 1 + values.iter().map(count).sum::<usize>(),
        Value::Tuple(values) => 2 + values.iter().map(count).sum::<usize>(),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| count(key) + count(value));
            1 + entries.sum::<usize>()
        }
        _ => 1,
    }
}

fn pack(value: &impl Serialize) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    // Most headers are shorter: then this is the only allocation.
    let mut bytes = Vec::with_capacity(256);
    rmp_serde::encode::write(&mut bytes, value)?;
    Ok(bytes)
}

type Frames = RefCell<Vec<Bytes>>;

struct HeaderMap<'a> {
    header: &'a Header,
    fields: &'a Fields,
    frames: &'a Frames,
}

impl Serialize for HeaderMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = match self.header.kind {
            Kind::Data => "data",
            Kind::End => "end",
        };
        let end = self.header.end.as_ref();
        let end = end.filter(|_| self.header.kind == Kind::End);
        let reason = end.and_then(End::reason);
        let entries = 9 + usize::from(end.is_some()) + usize::from(reason.is_some());
        let mut map = serializer.serialize_map(Some(entries))?;
        map.serialize_entry(key::FORMAT, &FORMAT_VERSION)?;
        map.serialize_entry(key::KIND, kind)?;
        map.serialize_entry(key::PUBLISHER, &self.header.publisher)?;
        map.serialize_entry(key::BTID, &self.header.btid)?;
        map.serialize_entry(key::SEQUENCE, &self.header.sequence)?;
        map.serialize_entry(key::EPISODE, &self.header.episode)?;
        map.serialize_entry(key::SAMPLE, &self.header.sample)?;
        map.serialize_entry(key::TIME, &self.header.time_ns)?;
        if let Some(end) = end {
            map.serialize_entry(key::END, end.how().word())?;
        }
        if let Some(reason) = reason {
            map.serialize_entry(key::REASON, reason)?;
        }
        map.serialize_entry(key::FIELDS, &FieldMap(self))?;
        map.end()
    }
}

struct FieldMap<'a>(&'a HeaderMap<'a>);

impl Serialize for FieldMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.fields.len()))?;
        for (name, value) in self.0.fields {
            map.serialize_entry(name, &Framed(value, self.0.frames))?;
        }
        map.end()
    }
}

/// A value and the frames that take its tensors' data.
struct Framed<'a>(&'a Value, &'a Frames);

impl Serialize for Framed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::UInt(value) => serializer.serialize_u64(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Str(value) => serializer.serialize_str(value),
            Value::Bytes(value) => serializer.serialize_bytes(value),
            Value::List(values) => FramedList(values, self.1).serialize(serializer),
            Value::Tuple(values) => {
                let data = pack(&FramedList(values, self.1)).map_err(S::Error::custom)?;
                extension(serializer, ext::TUPLE, &data)
            }
            Value::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(&Framed(key, self.1), &Framed(value, self.1))?;
                }
                map.end()
            }
            Value::Scalar(scalar) => {
                let data = pack(&(scalar.dtype().name(), Raw::new(scalar.bytes())))
                    .map_err(S::Error::custom)?;
                extension(serializer, ext::SCALAR, &data)
            }
            Value::Tensor(tensor) => {
                let data = pack(&self.place(tensor)).map_err(S::Error::custom)?;
                extension(serializer, ext::TENSOR, &data)
            }
        }
    }
}

impl Framed<'_> {
    fn place<'t>(&self, tensor: &'t Tensor) -> (&'static str, &'t [usize], usize) {
        let mut frames = self.1.borrow_mut();
        frames.push(tensor.bytes().clone());
        (tensor.dtype().name(), tensor.shape(), frames.len() - 1)
    }
}

struct FramedList<'a>(&'a [Value], &'a Frames);

impl Serialize for FramedList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for value in self.0 {
            list.serialize_element(&Framed(value, self.1))?;
        }
        list.end()
    }
}

fn extension<S: Serializer>(serializer: S, tag: i8, data: &[u8]) -> Result<S::Ok, S::Error> {
    serializer.serialize_newtype_struct(MSGPACK_EXT_STRUCT_NAME, &(tag, Raw::new(data)))
}
