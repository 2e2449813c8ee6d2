//! The codec: a msgpack header in frame 0, raw tensor data in the frames after it.
//!
//! `docs/wire-format.md` specifies the bytes.

mod decode;
mod encode;
mod keys;
mod sender;

/// The version of the wire format that this crate speaks.
pub const FORMAT_VERSION: u64 = 1;

/// msgpack extension types.
mod ext {
    /// A tensor: msgpack `[dtype, shape, frame]`.
    pub(super) const TENSOR: i8 = 1;
    /// A tuple: msgpack array of values.
    pub(super) const TUPLE: i8 = 2;
    /// A scalar: msgpack `[dtype, bytes]`.
    pub(super) const SCALAR: i8 = 3;
}

/// Keys of the header map.
mod key {
    pub(super) const FORMAT: &str = "format";
    pub(super) const KIND: &str = "kind";
    pub(super) const PUBLISHER: &str = "publisher";
    pub(super) const BTID: &str = "btid";
    pub(super) const SEQUENCE: &str = "sequence";
    pub(super) const EPISODE: &str = "episode";
    pub(super) const SAMPLE: &str = "sample";
    pub(super) const TIME: &str = "time";
    pub(super) const END: &str = "end";
    pub(super) const REASON: &str = "reason";
    pub(super) const FIELDS: &str = "fields";
}
