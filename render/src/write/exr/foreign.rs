//! Codecs that are not ours, through the `exr` crate.

use super::Image;
use crate::write::failure::Failure;
use crate::write::layers::{Channel, Sample};
use crate::write::spec::Codec;
use ::exr::prelude::{
    AnyChannel, AnyChannels, AttributeValue, Compression, Encoding, FlatSamples, Image as Written,
    Layer, LayerAttributes, SmallVec, Text, WritableImage, f16,
};

/// Appends a file with one of the codecs PIZ, PXR24, B44 and B44A.
pub(super) fn encode(image: &Image<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
    let compression = match image.codec {
        Codec::Pxr24 => Compression::PXR24,
        Codec::B44 => Compression::B44,
        Codec::B44a => Compression::B44A,
        _ => Compression::PIZ,
    };
    let encoding = Encoding {
        compression,
        ..Encoding::default()
    };
    let channels: SmallVec<_> = image
        .channels
        .iter()
        .map(|channel| AnyChannel::new(channel.name.as_str(), samples(channel, image)))
        .collect();
    let mut layer = LayerAttributes::default();
    for (name, value) in &image.attributes {
        let text = AttributeValue::Text(Text::from(value.as_str()));
        layer.other.insert(Text::from(name.as_str()), text);
    }
    let layer = Layer::new(
        (image.width, image.height),
        layer,
        encoding,
        AnyChannels::sort(channels),
    );
    let mut file = std::io::Cursor::new(Vec::new());
    Written::from_layer(layer)
        .write()
        .non_parallel()
        .to_buffered(&mut file)
        .map_err(|error| Failure::encode(format!("the exr crate cannot write this: {error}")))?;
    out.extend(file.into_inner());
    Ok(())
}

fn samples(channel: &Channel<'_>, image: &Image<'_>) -> FlatSamples {
    let (height, width) = (image.height, image.width);
    if channel.sample == Sample::Uint {
        let lines = (0..height).map(|line| channel.ids(line, height, width).unwrap_or(&[]));
        return FlatSamples::U32(lines.flatten().copied().collect());
    }
    let mut values = vec![0.0; width * height];
    for (line, place) in values.chunks_exact_mut(width).enumerate() {
        channel.floats(line, height, place);
    }
    match channel.sample {
        Sample::Half => FlatSamples::F16(values.into_iter().map(f16::from_f32).collect()),
        Sample::Float | Sample::Uint => FlatSamples::F32(values),
    }
}
