//! Who sent a message that cannot be read.

use super::key;
use crate::{Limits, Message};
use bytes::Bytes;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// What is looked through for one number may nest as deep as what is read.
const MSGPACK_DEPTH: usize = 128;

impl Message {
    /// The instance that a message says it is from, as far as its header can be read: to name it in
    /// an error about what [`decode`](Self::decode) refused.
    #[must_use]
    pub fn peek_btid(frames: &[Bytes], limits: &Limits) -> Option<i64> {
        let header = frames.first()?;
        if header.len() > limits.max_header_bytes {
            return None;
        }
        let mut btid = None;
        let mut reader = rmp_serde::Deserializer::from_read_ref(header);
        reader.set_max_depth(MSGPACK_DEPTH);
        // Whatever is wrong behind it: it has been seen.
        let _ = reader.deserialize_map(Sender(&mut btid));
        btid
    }
}

struct Sender<'a>(&'a mut Option<i64>);

impl<'de> Visitor<'de> for Sender<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a blendtorch header map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if name == key::BTID {
                *self.0 = map.next_value()?;
                return Ok(());
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    #[test]
    fn the_instance_is_found_where_the_header_can_be_read() {
        let mut message = Message::data(7, 0).with("x", Value::Null);
        message.header.btid = Some(-3);
        let frames = message.encode().unwrap();
        let limits = Limits::default();
        assert_eq!(Message::peek_btid(&frames, &limits), Some(-3));
        // Cut off behind its btid, and before it.
        let header = &frames[0];
        let cut = |at: usize| Message::peek_btid(&[header.slice(..at)], &limits);
        assert_eq!(cut(header.len() - 1), Some(-3));
        assert_eq!((cut(20), cut(0)), (None, None));
        message.header.btid = None;
        assert_eq!(
            Message::peek_btid(&message.encode().unwrap(), &limits),
            None
        );
        assert_eq!(Message::peek_btid(&[], &limits), None);
        let small = Limits {
            max_header_bytes: 3,
            ..limits
        };
        assert_eq!(Message::peek_btid(&frames, &small), None);
    }
}
