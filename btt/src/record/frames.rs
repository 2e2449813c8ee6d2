//! A message's frames as one piece of msgpack, and back: an array of bins, one a frame.
//!
//! Frames are neither looked into nor copied: `pieces` gives what stands between them, `split`
//! slices them out of the whole.

use super::error::RecordError;
use super::format::Reader;
use blendtorch_wire::Bytes;

/// msgpack's markers, of its specification <https://github.com/msgpack/msgpack/blob/master/spec.md>.
mod marker {
    pub(super) const FIXARRAY: u8 = 0x90;
    pub(super) const BIN8: u8 = 0xC4;
    pub(super) const BIN16: u8 = 0xC5;
    pub(super) const BIN32: u8 = 0xC6;
    pub(super) const ARRAY16: u8 = 0xDC;
    pub(super) const ARRAY32: u8 = 0xDD;
}

/// What goes before each frame: the array's marker before the first, and each frame's own.
pub(super) fn pieces(frames: &[Bytes]) -> Result<Vec<Vec<u8>>, RecordError> {
    let mut pieces = Vec::with_capacity(frames.len());
    for (index, frame) in frames.iter().enumerate() {
        let mut piece = Vec::new();
        if index == 0 {
            array(&mut piece, frames.len());
        }
        bin(&mut piece, frame.len())?;
        pieces.push(piece);
    }
    Ok(pieces)
}

fn array(piece: &mut Vec<u8>, len: usize) {
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len @ 0..16), _) => piece.push(marker::FIXARRAY | len),
        (_, Ok(len)) => {
            piece.push(marker::ARRAY16);
            piece.extend_from_slice(&len.to_be_bytes());
        }
        _ => {
            piece.push(marker::ARRAY32);
            piece.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
        }
    }
}

fn bin(piece: &mut Vec<u8>, len: usize) -> Result<(), RecordError> {
    match (u8::try_from(len), u16::try_from(len), u32::try_from(len)) {
        (Ok(len), ..) => piece.extend_from_slice(&[marker::BIN8, len]),
        (_, Ok(len), _) => {
            piece.push(marker::BIN16);
            piece.extend_from_slice(&len.to_be_bytes());
        }
        (.., Ok(len)) => {
            piece.push(marker::BIN32);
            piece.extend_from_slice(&len.to_be_bytes());
        }
        _ => return Err(RecordError::FrameTooLarge { bytes: len }),
    }
    Ok(())
}

/// The frames in a message's data, sharing its memory. At most `max` of them.
pub(super) fn split(data: &Bytes, max: usize) -> Result<Vec<Bytes>, String> {
    let mut reader = Reader(data);
    let count = array_len(&mut reader).ok_or("the message is no msgpack array of frames")?;
    if count > max {
        return Err(format!("the message has {count} frames, {max} is the most"));
    }
    let mut frames = Vec::with_capacity(count);
    for index in 0..count {
        let frame = bin_len(&mut reader).and_then(|len| reader.take(len));
        let frame = frame.ok_or_else(|| format!("frame {index} is no msgpack bin"))?;
        frames.push(data.slice_ref(frame));
    }
    match reader.0 {
        [] => Ok(frames),
        rest => Err(format!("{} bytes follow the frames", rest.len())),
    }
}

fn array_len(reader: &mut Reader<'_>) -> Option<usize> {
    let len = match reader.u8()? {
        marker @ marker::FIXARRAY..0xA0 => u32::from(marker - marker::FIXARRAY),
        marker::ARRAY16 => u32::from(reader.u16()?.swap_bytes()),
        marker::ARRAY32 => reader.u32()?.swap_bytes(),
        _ => return None,
    };
    usize::try_from(len).ok()
}

fn bin_len(reader: &mut Reader<'_>) -> Option<usize> {
    let len = match reader.u8()? {
        marker::BIN8 => u32::from(reader.u8()?),
        marker::BIN16 => u32::from(reader.u16()?.swap_bytes()),
        marker::BIN32 => reader.u32()?.swap_bytes(),
        _ => return None,
    };
    usize::try_from(len).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(frames: &[Bytes]) -> Bytes {
        let pieces = pieces(frames).unwrap();
        let parts = pieces.iter().zip(frames);
        let whole: Vec<u8> = parts.flat_map(|(p, f)| [&p[..], f].concat()).collect();
        whole.into()
    }

    #[test]
    fn frames_of_all_sizes_come_back() {
        for count in [1, 15, 16, 256] {
            let size = |index: usize| [0, 1, 255, 256, 65_535, 65_536][index % 6];
            let frames: Vec<Bytes> = (0..count)
                .map(|index| vec![index as u8; size(index)].into())
                .collect();
            assert_eq!(split(&join(&frames), 256), Ok(frames));
        }
    }

    #[test]
    fn lies_are_refused_before_anything_is_allocated() {
        for (data, says) in [
            (&b""[..], "no msgpack array"),
            (b"\xDD\0\0\x01\x01", "257 frames, 256 is the most"),
            (b"\x91\xC6\0\0\0\x03ab", "frame 0"),
            (b"\x92\xC4\x01a", "frame 1"),
            (b"\x91\xC4\x01ab", "1 bytes follow"),
            (b"\x80", "no msgpack array"),
        ] {
            let error = split(&Bytes::from_static(data), 256).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
