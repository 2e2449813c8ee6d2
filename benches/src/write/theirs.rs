//! The same channels through the `exr` crate.

use super::scene::{HEIGHT, Scene, WIDTH};
use super::{FRAMES, Pass};
use crate::usage::Usage;
use anyhow::Result;
use blendtorch_render::write::{Arrays, Data};
use exr::prelude::{
    AnyChannel, AnyChannels, Compression, Encoding, FlatSamples, Image, Layer, LayerAttributes,
    WritableImage,
};
use std::hint::black_box;
use std::io::Cursor;

/// Processor milliseconds a frame, without taking channels apart.
pub(super) fn time(pass: Pass, scene: &Scene) -> Result<f64> {
    let channels = channels(pass, &scene.arrays());
    let mut spent = 0.0;
    for _ in 0..FRAMES {
        let encoding = Encoding {
            compression: Compression::ZIP16,
            ..Encoding::default()
        };
        let layer = Layer::new(
            (WIDTH, HEIGHT),
            LayerAttributes::default(),
            encoding,
            AnyChannels::sort(channels.clone().into()),
        );
        let image = Image::from_layer(layer);
        let before = Usage::now().cpu;
        let mut file = Cursor::new(Vec::new());
        image.write().non_parallel().to_buffered(&mut file)?;
        spent += Usage::now().cpu - before;
        black_box(file);
    }
    Ok(spent * 1e3 / FRAMES as f64)
}

fn channels(pass: Pass, arrays: &Arrays) -> Vec<AnyChannel<FlatSamples>> {
    let named: &[(&str, &str, usize, usize)] = match pass {
        Pass::Depths => &[("V", "depth", 1, 0)],
        Pass::Normals => &[
            ("R", "normal", 3, 0),
            ("G", "normal", 3, 1),
            ("B", "normal", 3, 2),
        ],
        Pass::Flows => &[
            ("backward.x", "vector", 4, 0),
            ("backward.y", "vector", 4, 1),
            ("forward.x", "vector", 4, 2),
            ("forward.y", "vector", 4, 3),
        ],
        Pass::Segmentations => &[
            ("category", "category", 1, 0),
            ("instance", "instance", 1, 0),
        ],
    };
    let channel = |&(name, source, stride, at): &(&str, &str, usize, usize)| {
        let samples = match arrays[source].data() {
            Data::U32(values) => FlatSamples::U32(values.to_vec()),
            Data::F32(values) => {
                FlatSamples::F32(values.iter().skip(at).step_by(stride).copied().collect())
            }
            _ => FlatSamples::F32(Vec::new()),
        };
        AnyChannel::new(name, samples)
    };
    named.iter().map(channel).collect()
}
