//! The channels of a pass: their names, and how their values come from the arrays.
//!
//! Owns every conversion (axes, signs, units); values are converted line by line while a file is
//! made, so that memory is read once. Lines are counted as files have them: row 0 is the top.

use super::passes::Pass;
use super::sources::{self, Frame};
use super::spec::{Color, FileSpec, Layout};

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    Half,
    Float,
    Uint,
}

impl Sample {
    /// Its bytes.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Half => 2,
            Self::Float | Self::Uint => 4,
        }
    }
}

/// Where a channel's values come from.
#[derive(Clone, Copy, Debug)]
enum Origin<'a> {
    /// One of the `stride` values of each pixel, times a factor.
    Component {
        values: &'a [f32],
        stride: usize,
        at: usize,
        factor: f32,
    },
    /// Luminance of linear Rec. 709 colours, four values a pixel.
    Luminance(&'a [f32]),
    /// Vectors along an axis.
    Axis {
        values: &'a [f32],
        axis: [f32; 3],
    },
    Ids(&'a [u32]),
}

/// A channel of a file.
#[derive(Clone, Debug)]
pub(super) struct Channel<'a> {
    pub(super) name: String,
    pub(super) sample: Sample,
    origin: Origin<'a>,
}

impl Channel<'_> {
    /// The values of a line of a picture of that size, as floats.
    pub(super) fn floats(&self, line: usize, height: usize, out: &mut [f32]) {
        let width = out.len();
        let start = (height - 1 - line) * width;
        match self.origin {
            Origin::Component {
                values,
                stride,
                at,
                factor,
            } => {
                let row = &values[start * stride..(start + width) * stride];
                match stride {
                    1 => out.copy_from_slice(row),
                    3 => component::<3>(row, at, out),
                    _ => component::<4>(row, at, out),
                }
                if factor != 1.0 {
                    // Zero has no sign afterwards.
                    out.iter_mut()
                        .for_each(|value| *value = *value * factor + 0.0);
                }
            }
            Origin::Luminance(values) => {
                let row = values[start * 4..(start + width) * 4].as_chunks::<4>().0;
                for (value, [r, g, b, _]) in out.iter_mut().zip(row) {
                    *value = 0.2126 * r + 0.7152 * g + 0.0722 * b;
                }
            }
            Origin::Axis { values, axis } => {
                let row = values[start * 3..(start + width) * 3].as_chunks::<3>().0;
                let [a, b, c] = axis;
                for (value, [x, y, z]) in out.iter_mut().zip(row) {
                    *value = a * x + b * y + c * z + 0.0;
                }
            }
            Origin::Ids(ids) => {
                for (value, &id) in out.iter_mut().zip(&ids[start..start + width]) {
                    *value = id as f32;
                }
            }
        }
    }

    /// The ids of a line, where they are ids.
    pub(super) fn ids(&self, line: usize, height: usize, width: usize) -> Option<&[u32]> {
        match self.origin {
            Origin::Ids(ids) => {
                let start = (height - 1 - line) * width;
                ids.get(start..start + width)
            }
            _ => None,
        }
    }

    /// The bytes of a line, little endian. `scratch` is a line of floats.
    pub(super) fn bytes(&self, line: usize, height: usize, scratch: &mut [f32], out: &mut [u8]) {
        if self.sample == Sample::Uint {
            let ids = self.ids(line, height, scratch.len()).unwrap_or(&[]);
            for (bytes, id) in out.as_chunks_mut::<4>().0.iter_mut().zip(ids) {
                *bytes = id.to_le_bytes();
            }
            return;
        }
        self.floats(line, height, scratch);
        match self.sample {
            Sample::Half => {
                for (bytes, value) in out.as_chunks_mut::<2>().0.iter_mut().zip(scratch) {
                    *bytes = half::f16::from_f32(*value).to_le_bytes();
                }
            }
            Sample::Float | Sample::Uint => {
                for (bytes, value) in out.as_chunks_mut::<4>().0.iter_mut().zip(scratch) {
                    *bytes = value.to_le_bytes();
                }
            }
        }
    }
}

fn component<const N: usize>(row: &[f32], at: usize, out: &mut [f32]) {
    for (value, pixel) in out.iter_mut().zip(row.as_chunks::<N>().0) {
        *value = pixel[at.min(N - 1)];
    }
}

/// The channels of a pass by their meaning, in the order that NPY has them.
///
/// None where an array is missing, which was checked before.
pub(super) fn channels<'a>(
    file: &FileSpec,
    layout: Layout,
    frame: &Frame<'a>,
) -> Option<Vec<Channel<'a>>> {
    let mut channels = Vec::new();
    let sample = match file.bits() {
        16 => Sample::Half,
        _ => Sample::Float,
    };
    let mut add = |name: String, sample, origin| {
        channels.push(Channel {
            name,
            sample,
            origin,
        });
    };
    let of = |values: &'a [f32], stride, at, factor| Origin::Component {
        values,
        stride,
        at,
        factor,
    };
    match (file.pass, layout) {
        (Pass::Frames | Pass::Composites, _) => {
            let values = frame.floats(sources::picture_names(file.pass).0)?;
            match file.color {
                Some(Color::Bw) => add("Y".into(), sample, Origin::Luminance(values)),
                color => {
                    let count = color.unwrap_or(Color::Rgba).channels();
                    for (at, name) in ["R", "G", "B", "A"].iter().enumerate().take(count) {
                        add((*name).into(), sample, of(values, 4, at, 1.0));
                    }
                }
            }
        }
        (Pass::Depths, _) => add("V".into(), sample, of(frame.floats("depth")?, 1, 0, 1.0)),
        // As the engine gives them: the mean of a pixel's samples, shorter than 1 where they differ.
        (Pass::Normals, _) => {
            let values = frame.floats("normal")?;
            for (name, axis) in ["R", "G", "B"].iter().zip(frame.about.axes()?) {
                add((*name).into(), sample, Origin::Axis { values, axis });
            }
        }
        (Pass::Flows, Layout::Flat) => {
            // Blender: XY = motion to the previous frame, ZW = minus motion to the next, y up.
            let values = frame.floats("vector")?;
            for (name, at, factor) in [
                ("forward.x", 2, -1.0),
                ("forward.y", 3, 1.0),
                ("backward.x", 0, 1.0),
                ("backward.y", 1, -1.0),
            ] {
                add(name.into(), sample, of(values, 4, at, factor));
            }
        }
        (Pass::Flows, Layout::A2) => {
            let values = frame.floats("vector")?;
            for (at, name) in ["R", "G", "B", "A"].iter().enumerate() {
                add((*name).into(), sample, of(values, 4, at, 1.0));
            }
        }
        (Pass::Segmentations, Layout::Flat) => {
            add(
                "instance".into(),
                Sample::Uint,
                Origin::Ids(frame.ids("instance")?),
            );
            add(
                "category".into(),
                Sample::Uint,
                Origin::Ids(frame.ids("category")?),
            );
        }
        (Pass::Segmentations, Layout::A2) => {
            add(
                "V".into(),
                Sample::Float,
                Origin::Ids(frame.ids("instance")?),
            );
        }
        (Pass::Materials, _) => {
            add(
                "material".into(),
                Sample::Uint,
                Origin::Ids(frame.ids("material")?),
            );
        }
        (Pass::Diffuse | Pass::Specular, _) => {
            for part in sources::parts(file.pass, frame.arrays) {
                let values = frame.floats(&format!("{}_{part}", file.pass))?;
                for (at, letter) in ["R", "G", "B"].iter().enumerate() {
                    add(format!("{part}.{letter}"), sample, of(values, 3, at, 1.0));
                }
            }
        }
        (Pass::Points, _) => {
            for (at, name) in ["X", "Y", "Z"].iter().enumerate() {
                add(
                    (*name).into(),
                    sample,
                    of(frame.floats("points")?, 3, at, 1.0),
                );
            }
        }
        (Pass::Emission, _) => {
            for (at, name) in ["R", "G", "B"].iter().enumerate() {
                add(
                    (*name).into(),
                    sample,
                    of(frame.floats("emission")?, 3, at, 1.0),
                );
            }
        }
        (Pass::Cryptomatte, _) => {
            for layer in frame.crypto() {
                let values = frame.floats(layer)?;
                for (at, letter) in ["r", "g", "b", "a"].iter().enumerate() {
                    let name = format!("{layer}.{letter}");
                    add(name, Sample::Float, of(values, 4, at, 1.0));
                }
            }
        }
    }
    Some(channels)
}
