//! OpenEXR: a header, a table of offsets, and blocks that fill the rest of the file (OpenEXR, "File
//! Layout"). Files of several parts or levels, which only Blender's compositor writes, are decoded.

use super::{CUT, Reader};

const MAGIC: u32 = 20_000_630;
const TILES: u32 = 0x200;
/// Deep pixels, several parts.
const OTHERWISE: u32 = 0x800 | 0x1000;
const DAMAGED: &str = "is damaged";

pub(super) fn check(bytes: &[u8]) -> Result<(), &'static str> {
    let mut reader = Reader::new(bytes);
    if u32::from_le_bytes(reader.array()?) != MAGIC {
        return Err("is no OpenEXR");
    }
    let flags = u32::from_le_bytes(reader.array()?);
    if flags & OTHERWISE != 0 {
        return decode(bytes);
    }
    let header = Header::read(&mut reader)?;
    let (blocks, before) = match (flags & TILES, header.tiles) {
        (0, _) => (header.height.div_ceil(header.lines), 1),
        (_, Some([width, height])) => {
            let columns = header.width.div_ceil(width);
            (columns * header.height.div_ceil(height), 4)
        }
        (_, None) => return decode(bytes),
    };
    let begin = reader.at + blocks.checked_mul(8).ok_or(CUT)?;
    let mut filled = begin;
    for _ in 0..blocks {
        let at = u64::from_le_bytes(reader.array()?);
        let at = usize::try_from(at).map_err(|_| CUT)?;
        if at < begin {
            return Err(DAMAGED); // A table that was never filled in.
        }
        // Where it belongs, and its size.
        let mut block = Reader { bytes, at };
        block.take(4 * before)?;
        let size = i32::from_le_bytes(block.array()?);
        let size = usize::try_from(size).map_err(|_| DAMAGED)?;
        let packed = block.take(size)?;
        if packed.iter().all(|byte| *byte == 0) && header.is_packed {
            return Err(DAMAGED);
        }
        filled = filled.checked_add(4 * before + 4 + size).ok_or(CUT)?;
    }
    match filled == bytes.len() {
        true => Ok(()),
        false => Err(DAMAGED),
    }
}

/// What says how many blocks there are.
struct Header {
    width: usize,
    height: usize,
    /// In a block.
    lines: usize,
    is_packed: bool,
    /// Width and height; none where there are none, or several levels of them.
    tiles: Option<[usize; 2]>,
}

impl Header {
    fn read(reader: &mut Reader<'_>) -> Result<Self, &'static str> {
        let (mut window, mut codec, mut tiles) = (None, None, None);
        loop {
            let name = reader.name()?;
            if name.is_empty() {
                break;
            }
            reader.name()?;
            let size = u32::from_le_bytes(reader.array()?) as usize;
            let mut value = Reader::new(reader.take(size)?);
            let mut number = || value.array().map(i32::from_le_bytes).map(i64::from);
            match name {
                b"dataWindow" => window = Some([number()?, number()?, number()?, number()?]),
                b"tiles" => {
                    let sides = [number()?, number()?].map(|side| usize::try_from(side).ok());
                    let [levels] = value.array()?;
                    if let ([Some(width @ 1..), Some(height @ 1..)], 0) = (sides, levels & 15) {
                        tiles = Some([width, height]);
                    }
                }
                b"compression" => codec = Some(value.array::<1>()?[0]),
                _ => {}
            }
        }
        let (Some([left, top, right, bottom]), Some(codec)) = (window, codec) else {
            return Err(DAMAGED);
        };
        let lines = match codec {
            0..=2 => 1,
            3 | 5 => 16,
            4 | 6..=8 => 32,
            9 => 256,
            _ => return Err("is packed in an unknown way"),
        };
        let side = |first: i64, last: i64| usize::try_from(last - first + 1).ok();
        match (side(left, right), side(top, bottom)) {
            (Some(width @ 1..), Some(height @ 1..)) => Ok(Self {
                width,
                height,
                lines,
                is_packed: codec != 0,
                tiles,
            }),
            _ => Err(DAMAGED),
        }
    }
}

fn decode(bytes: &[u8]) -> Result<(), &'static str> {
    use ::exr::prelude::{ReadChannels, ReadLayers, read};
    read()
        .no_deep_data()
        .largest_resolution_level()
        .all_channels()
        .all_layers()
        .all_attributes()
        .non_parallel()
        .from_buffered(std::io::Cursor::new(bytes))
        .map(drop)
        .map_err(|_| "cannot be decoded")
}
