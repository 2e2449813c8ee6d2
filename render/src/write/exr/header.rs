//! The header of a file of scan lines.

use super::Image;
use crate::write::failure::Failure;
use crate::write::layers::Sample;
use crate::write::spec::Codec;

const MAGIC: u32 = 20_000_630;
const VERSION: u32 = 2;
/// Names may be longer than 31 bytes.
const LONG_NAMES: u32 = 0x400;
const LONGEST_SHORT_NAME: usize = 31;

/// Appends magic, version and attributes.
pub(super) fn write(image: &Image<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
    let (Ok(width), Ok(height)) = (i32::try_from(image.width), i32::try_from(image.height)) else {
        return Err(Failure::encode(
            "this picture is too large for OpenEXR".into(),
        ));
    };
    let names = image.channels.iter().map(|channel| channel.name.len());
    let attributes = image.attributes.iter().map(|(name, _)| name.len());
    let long = names
        .chain(attributes)
        .any(|length| length > LONGEST_SHORT_NAME);
    let flags = if long { LONG_NAMES } else { 0 };
    out.extend(MAGIC.to_le_bytes());
    out.extend((VERSION | flags).to_le_bytes());
    attribute("channels", "chlist", &channels(image), out);
    let codec = match image.codec {
        Codec::None => 0,
        Codec::Rle => 1,
        Codec::Zips => 2,
        _ => 3,
    };
    attribute("compression", "compression", &[codec], out);
    for (name, value) in &image.attributes {
        attribute(name, "string", value.as_bytes(), out);
    }
    let window: Vec<u8> = [0, 0, width - 1, height - 1]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    attribute("dataWindow", "box2i", &window, out);
    attribute("displayWindow", "box2i", &window, out);
    attribute("lineOrder", "lineOrder", &[0], out);
    attribute("pixelAspectRatio", "float", &1.0_f32.to_le_bytes(), out);
    attribute("screenWindowCenter", "v2f", &[0; 8], out);
    attribute("screenWindowWidth", "float", &1.0_f32.to_le_bytes(), out);
    out.push(0);
    Ok(())
}

fn channels(image: &Image<'_>) -> Vec<u8> {
    let mut list = Vec::new();
    for channel in &image.channels {
        let kind: u32 = match channel.sample {
            Sample::Uint => 0,
            Sample::Half => 1,
            Sample::Float => 2,
        };
        list.extend(channel.name.bytes());
        list.push(0);
        list.extend(kind.to_le_bytes());
        list.extend([0; 4]); // not perceptually linear, reserved
        list.extend(1_i32.to_le_bytes());
        list.extend(1_i32.to_le_bytes());
    }
    list.push(0);
    list
}

fn attribute(name: &str, kind: &str, value: &[u8], out: &mut Vec<u8>) {
    for text in [name, kind] {
        out.extend(text.bytes());
        out.push(0);
    }
    out.extend((value.len() as u32).to_le_bytes());
    out.extend(value);
}
