//! Object headers: what describes a group or a dataset.
//!
//! Owns how messages are put into a header.

use super::checksum::lookup3;

/// A message, unless it is longer than one can be.
pub(super) fn message(kind: u8, body: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(body.len()).ok()?;
    let mut bytes = vec![kind];
    bytes.extend(length.to_le_bytes());
    bytes.push(0);
    bytes.extend(body);
    Some(bytes)
}

/// A message that is known to be short.
pub(super) fn short<const N: usize>(kind: u8, body: [u8; N]) -> Vec<u8> {
    message(kind, &body).unwrap_or_default()
}

/// The body of a dataspace message: no shape is a single value.
pub(super) fn dataspace(shape: &[u64]) -> Vec<u8> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "shapes are ours: two at most"
    )]
    let rank = shape.len() as u8;
    let simple = u8::from(!shape.is_empty());
    let mut body = vec![2, rank, 0, simple];
    body.extend(shape.iter().flat_map(|one| one.to_le_bytes()));
    body
}

/// A header of these messages. `None` where it is longer than one can be.
pub(super) fn header(messages: &[Vec<u8>]) -> Option<Vec<u8>> {
    let length = messages.iter().map(Vec::len).sum::<usize>();
    let four_bytes_of_length = 2;
    let mut bytes = b"OHDR".to_vec();
    bytes.extend([2, four_bytes_of_length]);
    bytes.extend(u32::try_from(length).ok()?.to_le_bytes());
    for message in messages {
        bytes.extend(message);
    }
    bytes.extend(lookup3(&bytes).to_le_bytes());
    Some(bytes)
}
