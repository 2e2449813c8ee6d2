//! JPEG: segments, and pixels up to the mark of the end (ITU T.81, annex B).

use super::{CUT, Reader};

pub(super) fn check(bytes: &[u8]) -> Result<(), &'static str> {
    let mut reader = Reader::new(bytes);
    if reader.array()? != [0xff, 0xd8] {
        return Err("is no JPEG");
    }
    let mut has_pixels = false;
    loop {
        let [mark, kind] = reader.array()?;
        match (mark, kind) {
            (0xff, 0xd9) if !has_pixels => return Err("has no pixels"),
            (0xff, 0xd9) if reader.is_at_end() => return Ok(()),
            (0xff, 0xd9) => return Err("goes on after its end"),
            (0xff, 0xff) => reader.at -= 1, // A filling byte.
            (0xff, _) => {
                let length = usize::from(u16::from_be_bytes(reader.array()?));
                reader.take(length.checked_sub(2).ok_or("is damaged")?)?;
                if kind == 0xda {
                    has_pixels = true;
                    skip_pixels(&mut reader)?;
                }
            }
            _ => return Err("is damaged"),
        }
    }
}

/// Up to a mark that is neither a 255 of the pixels nor one within them.
fn skip_pixels(reader: &mut Reader<'_>) -> Result<(), &'static str> {
    loop {
        let rest = reader.bytes.get(reader.at..).ok_or(CUT)?;
        let mark = rest.iter().position(|byte| *byte == 0xff).ok_or(CUT)?;
        match rest.get(mark + 1).ok_or(CUT)? {
            0 | 0xd0..=0xd7 => reader.at += mark + 2,
            _ => {
                reader.at += mark;
                return Ok(());
            }
        }
    }
}
