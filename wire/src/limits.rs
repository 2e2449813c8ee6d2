//! How much a received message may ask of its reader.

/// Limits that [`Message::decode`](crate::Message::decode) checks before it allocates anything.
///
/// The defaults admit every message that a scene script sensibly sends and keep what a hostile one
/// can make us allocate within a small factor of what it sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the header frame; 16 MiB. Strings, lists and `bytes` values travel in it.
    pub max_header_bytes: usize,
    /// Bytes of all frames together; 1 GiB. A transport should refuse more than this too.
    pub max_message_bytes: usize,
    /// Tensors in one message; 255. A message is thus at most 256 frames.
    pub max_tensors: usize,
    /// Dimensions of a tensor; 32, the limit of numpy 1, which Blender's Python has.
    pub max_rank: usize,
    /// Values in the header, nested ones included; 262,144 (a value takes about 56 bytes in memory
    /// and at least one on the wire).
    pub max_values: usize,
    /// Nesting of lists, tuples and dicts; 32.
    pub max_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_header_bytes: 16 << 20,
            max_message_bytes: 1 << 30,
            max_tensors: 255,
            max_rank: 32,
            max_values: 1 << 18,
            max_depth: 32,
        }
    }
}
