//! Frames → message. Every byte is hostile: a length is checked before it is believed.

use super::{FORMAT_VERSION, ext, key, keys};
use crate::{
    DType, DecodeError, End, Fields, Header, Kind, Limits, Message, Scalar, Tensor, Value,
};
use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de::IgnoredAny};
use std::cell::{Cell, RefCell};
use std::fmt;

/// Values whose keys or elements outgrow this are refused by msgpack's own recursion guard as well.
const MSGPACK_DEPTH: usize = 128;

impl Message {
    /// The message in `frames`. Its tensors share the frames' memory.
    ///
    /// # Errors
    /// [`DecodeError`] says what is wrong and where; nothing is allocated from a length that was
    /// not checked against the bytes at hand and against `limits`.
    pub fn decode(frames: &[Bytes], limits: &Limits) -> Result<Self, DecodeError> {
        let (header, payload) = frames.split_first().ok_or(DecodeError::Empty)?;
        let too_large = |what, actual, max| DecodeError::TooLarge { what, actual, max };
        if header.len() > limits.max_header_bytes {
            let max = limits.max_header_bytes;
            return Err(too_large("the header", header.len(), max));
        }
        if payload.len() > limits.max_tensors {
            return Err(DecodeError::Header(format!(
                "{} payload frames, more than the limit of {}",
                payload.len(),
                limits.max_tensors
            )));
        }
        let total = frames.iter().map(Bytes::len).fold(0, usize::saturating_add);
        if total > limits.max_message_bytes {
            return Err(too_large("the message", total, limits.max_message_bytes));
        }
        let context = Context {
            payload,
            claimed: RefCell::new(vec![false; payload.len()]),
            values_left: Cell::new(limits.max_values),
            limits,
            field: RefCell::new(None),
            refusal: RefCell::new(None),
        };
        let mut reader = rmp_serde::Deserializer::from_read_ref(header);
        reader.set_max_depth(MSGPACK_DEPTH);
        let parsed = (&mut reader).deserialize_map(HeaderVisitor(&context));
        if let Some(refusal) = context.refusal.take() {
            return Err(refusal);
        }
        let message = parsed.map_err(|error| match context.field.take() {
            Some(field) => DecodeError::Value {
                field,
                reason: error.to_string(),
            },
            None => DecodeError::Header(error.to_string()),
        })?;
        if !exhausted(&mut reader) {
            return Err(DecodeError::Header("bytes follow the header map".into()));
        }
        let claimed = context.claimed.into_inner();
        match claimed.iter().position(|claimed| !claimed) {
            Some(index) => Err(DecodeError::UnclaimedFrame(index + 1)),
            None => Ok(message),
        }
    }
}

/// What all levels of one decoding share.
struct Context<'a> {
    payload: &'a [Bytes],
    claimed: RefCell<Vec<bool>>,
    values_left: Cell<usize>,
    limits: &'a Limits,
    /// The field that is being read.
    field: RefCell<Option<String>>,
    /// A typed error, kept while serde unwinds with its text.
    refusal: RefCell<Option<DecodeError>>,
}

impl Context<'_> {
    fn refuse<E: Error>(&self, error: DecodeError) -> E {
        let text = error.to_string();
        self.refusal.borrow_mut().get_or_insert(error);
        E::custom(text)
    }
}

struct HeaderVisitor<'a>(&'a Context<'a>);

impl<'de> Visitor<'de> for HeaderVisitor<'_> {
    type Value = Message;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a blendtorch header map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message, A::Error> {
        let (mut version, mut kind, mut publisher, mut sequence) = (None, None, None, None);
        let (mut btid, mut episode, mut sample, mut time_ns) = (None, None, None, 0);
        let (mut end, mut reason): (Option<&'de str>, Option<&'de str>) = (None, None);
        let mut fields = Fields::new();
        while let Some(name) = map.next_key::<&'de str>()? {
            match name {
                key::FORMAT => {
                    let found: u64 = map.next_value()?;
                    if found != FORMAT_VERSION {
                        return Err(self.0.refuse(DecodeError::Version(found)));
                    }
                    version = Some(found);
                }
                key::KIND => kind = Some(read_kind(map.next_value::<&'de str>()?)?),
                key::PUBLISHER => publisher = Some(map.next_value()?),
                key::BTID => btid = map.next_value()?,
                key::SEQUENCE => sequence = Some(map.next_value()?),
                key::EPISODE => episode = map.next_value()?,
                key::SAMPLE => sample = map.next_value()?,
                key::TIME => time_ns = map.next_value()?,
                key::END => end = map.next_value()?,
                key::REASON => reason = map.next_value()?,
                key::FIELDS => fields = map.next_value_seed(FieldsSeed(self.0))?,
                // A later minor addition: readers skip what they do not know.
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let missing = |name| A::Error::custom(format!("the key '{name}' is missing"));
        version.ok_or_else(|| missing(key::FORMAT))?;
        let kind = kind.ok_or_else(|| missing(key::KIND))?;
        // Only an end says how it came about, and a reason is one of that.
        let end = end.filter(|_| kind == Kind::End);
        let end = end.map(|word| End::told(word, reason));
        Ok(Message {
            header: Header {
                kind,
                publisher: publisher.ok_or_else(|| missing(key::PUBLISHER))?,
                btid,
                sequence: sequence.ok_or_else(|| missing(key::SEQUENCE))?,
                episode,
                sample,
                time_ns,
                end,
            },
            fields,
        })
    }
}

fn read_kind<E: Error>(name: &str) -> Result<Kind, E> {
    match name {
        "data" => Ok(Kind::Data),
        "end" => Ok(Kind::End),
        _ => Err(E::unknown_variant(name, &["data", "end"])),
    }
}

struct FieldsSeed<'a>(&'a Context<'a>);

impl<'de> DeserializeSeed<'de> for FieldsSeed<'_> {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FieldsSeed<'_> {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::new();
        while let Some(name) = map.next_key::<String>()? {
            if fields.contains_key(&name) {
                return Err(A::Error::custom(format!("the field '{name}' stands twice")));
            }
            *self.0.field.borrow_mut() = Some(name.clone());
            let depth = self.0.limits.max_depth;
            let value = map.next_value_seed(ValueSeed(self.0, depth))?;
            *self.0.field.borrow_mut() = None;
            fields.insert(name, value);
        }
        Ok(fields)
    }
}

/// Reads one value; the number is how many more levels of nesting it may have.
#[derive(Clone, Copy)]
struct ValueSeed<'a>(&'a Context<'a>, usize);

impl<'a> ValueSeed<'a> {
    fn inner<E: Error>(self) -> Result<ValueSeed<'a>, E> {
        let left = self.1.checked_sub(1);
        let left = left.ok_or_else(|| E::custom("lists or dicts nest too deeply"))?;
        Ok(ValueSeed(self.0, left))
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.values_left.get().checked_sub(1);
        let left = left.ok_or_else(|| D::Error::custom("too many values in one message"))?;
        self.0.values_left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the wire format")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(Bytes::copy_from_slice(value)))
    }

    // Sizes that a list or map announces are not used: each element is read before room is made.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry_seed(inner, inner)? {
            entries.push(entry);
        }
        keys::check(&entries).map_err(A::Error::custom)?;
        Ok(Value::Map(entries))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        let (tag, data) = <(i8, &serde_bytes::Bytes)>::deserialize(reader)?;
        match tag {
            ext::TENSOR => self.0.tensor(data).map(Value::Tensor),
            ext::SCALAR => scalar(data).map(Value::Scalar),
            ext::TUPLE => {
                let mut reader = rmp_serde::Deserializer::from_read_ref(data);
                reader.set_max_depth(MSGPACK_DEPTH);
                match self.deserialize(&mut reader).map_err(D::Error::custom)? {
                    Value::List(values) if exhausted(&mut reader) => Ok(Value::Tuple(values)),
                    _ => Err(D::Error::custom("a tuple holds one msgpack array")),
                }
            }
            _ => Err(D::Error::custom(format!("unknown extension type {tag}"))),
        }
    }
}

impl Context<'_> {
    fn tensor<E: Error>(&self, data: &[u8]) -> Result<Tensor, E> {
        let (dtype, shape, frame): (&str, Shape, usize) = read_all(data)?;
        let dtype = read_dtype(dtype)?;
        if shape.0.len() > self.limits.max_rank {
            return Err(E::custom(format!("a tensor of rank {}", shape.0.len())));
        }
        let bytes = frame
            .checked_sub(1)
            .and_then(|index| self.payload.get(index))
            .ok_or_else(|| E::custom(format!("a tensor in frame {frame}, which is not there")))?;
        // One tensor a frame: else a small message could ask for the same memory many times.
        if std::mem::replace(&mut self.claimed.borrow_mut()[frame - 1], true) {
            return Err(E::custom(format!("two tensors in frame {frame}")));
        }
        Tensor::new(dtype, &shape.0, bytes.clone())
            .map_err(|source| self.refuse(DecodeError::Tensor { frame, source }))
    }
}

/// A shape. Its length is bounded by the bytes it was read from: nothing is reserved in advance.
struct Shape(Vec<usize>);

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Dimensions;
        impl<'de> Visitor<'de> for Dimensions {
            type Value = Shape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a shape")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
                let mut shape = Vec::new();
                while let Some(dimension) = seq.next_element()? {
                    shape.push(dimension);
                }
                Ok(Shape(shape))
            }
        }
        deserializer.deserialize_seq(Dimensions)
    }
}

fn scalar<E: Error>(data: &[u8]) -> Result<Scalar, E> {
    let (dtype, bytes): (&str, &serde_bytes::Bytes) = read_all(data)?;
    let dtype = read_dtype(dtype)?;
    Scalar::new(dtype, bytes)
        .ok_or_else(|| E::custom(format!("a {dtype} scalar of {} bytes", bytes.len())))
}

fn read_dtype<E: Error>(name: &str) -> Result<DType, E> {
    name.parse()
        .map_err(|_| E::custom(format!("unknown dtype '{}'", name.escape_debug())))
}

/// Reads one msgpack value that fills `data`.
fn read_all<'de, T: Deserialize<'de>, E: Error>(data: &'de [u8]) -> Result<T, E> {
    let mut reader = rmp_serde::Deserializer::from_read_ref(data);
    reader.set_max_depth(8);
    let value = T::deserialize(&mut reader).map_err(E::custom)?;
    match exhausted(&mut reader) {
        true => Ok(value),
        false => Err(E::custom("bytes follow an extension's value")),
    }
}

type Reader<'de, R> = rmp_serde::Deserializer<rmp_serde::decode::ReadRefReader<'de, R>>;

/// Whether nothing is left to read: then, and only then, not even a marker can be read.
fn exhausted<R: AsRef<[u8]> + ?Sized>(reader: &mut Reader<'_, R>) -> bool {
    matches!(
        IgnoredAny::deserialize(reader),
        Err(rmp_serde::decode::Error::InvalidMarkerRead(_))
    )
}
