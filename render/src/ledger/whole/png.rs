//! PNG: chunks, each with its checksum (PNG specification, "Chunk layout").

use super::Reader;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

pub(super) fn check(bytes: &[u8]) -> Result<(), &'static str> {
    let mut reader = Reader::new(bytes);
    if reader.take(SIGNATURE.len())? != SIGNATURE {
        return Err("is no PNG");
    }
    let (mut first, mut has_pixels) = (true, false);
    loop {
        let length = u32::from_be_bytes(reader.array()?) as usize;
        let begin = reader.at;
        let kind: [u8; 4] = reader.array()?;
        reader.take(length)?;
        let crc = crc32fast::hash(&bytes[begin..reader.at]);
        if u32::from_be_bytes(reader.array()?) != crc {
            return Err("is damaged");
        }
        match &kind {
            _ if first && kind != *b"IHDR" => return Err("is no PNG"),
            b"IDAT" => has_pixels = true,
            b"IEND" if !has_pixels => return Err("has no pixels"),
            b"IEND" if reader.is_at_end() => return Ok(()),
            b"IEND" => return Err("goes on after its end"),
            _ => {}
        }
        first = false;
    }
}
