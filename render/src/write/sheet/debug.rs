//! The debug pictures of VisionSim 0.2 alpha 2, scaled frame by frame as there.

use super::Canvas;
use super::colors::{hsv, unit};
use crate::write::passes::Pass;
use crate::write::sources::Frame;
use crate::write::spec::{Direction, Spec};

/// Its debug pictures of a frame, by their passes' names.
pub(in crate::write) fn pictures(spec: &Spec, frame: &Frame<'_>) -> Vec<(&'static str, Canvas)> {
    let mut pictures = Vec::new();
    let mut add = |pass, picture: Option<Canvas>| {
        pictures.extend(picture.map(|picture| (pass, picture)));
    };
    for file in &spec.files {
        match file.pass {
            Pass::Depths => add("debug_depth", depth(frame)),
            Pass::Normals => add("debug_normal", normal(frame)),
            Pass::Flows => {
                if file.direction != Direction::Backward {
                    add("debug_fwd_flow", flow(frame, 0));
                }
                if file.direction != Direction::Forward {
                    add("debug_bwd_flow", flow(frame, 2));
                }
            }
            Pass::Segmentations => add("debug_segmentation", segmentation(frame)),
            _ => {}
        }
    }
    pictures
}

/// Colours each pixel of an array whose row 0 is the lowest.
fn map<T: Copy, const N: usize, const C: usize>(
    frame: &Frame<'_>,
    values: &[T],
    color: impl Fn([T; N]) -> [u8; C],
) -> Canvas {
    let pixels = values.as_chunks::<N>().0;
    let rows = pixels.chunks_exact(frame.width).rev();
    Canvas {
        pixels: rows.flatten().flat_map(|&pixel| color(pixel)).collect(),
        height: frame.height,
        width: frame.width,
        channels: C,
    }
}

fn depth(frame: &Frame<'_>) -> Option<Canvas> {
    let values = frame.floats("depth")?;
    let (least, most) = values
        .iter()
        .fold((f32::MAX, f32::MIN), |(least, most), &value| {
            (least.min(value), most.max(value))
        });
    let range = (most - least).max(f32::MIN_POSITIVE);
    Some(map(frame, values, |[depth]| {
        [((depth - least) / range * 255.0 + 0.5) as u8]
    }))
}

fn normal(frame: &Frame<'_>) -> Option<Canvas> {
    let axes = frame.about.axes()?;
    Some(map(
        frame,
        frame.floats("normal")?,
        |[x, y, z]: [f32; 3]| unit(axes.map(|[a, b, c]| a * x + b * y + c * z)),
    ))
}

fn flow(frame: &Frame<'_>, at: usize) -> Option<Canvas> {
    let values = frame.floats("vector")?;
    let length = |pixel: &[f32; 4]| pixel[at].hypot(pixel[at + 1]);
    let pixels = values.as_chunks::<4>().0;
    let most = pixels
        .iter()
        .map(length)
        .fold(0.0, f32::max)
        .max(f32::MIN_POSITIVE);
    Some(map(frame, values, |pixel: [f32; 4]| {
        let hue = pixel[at + 1].atan2(pixel[at]) / std::f32::consts::TAU;
        hsv(hue.rem_euclid(1.0), 1.0, length(&pixel) / most)
    }))
}

fn segmentation(frame: &Frame<'_>) -> Option<Canvas> {
    let values = frame.ids("instance")?;
    let count = frame.about.ids.unwrap_or_default();
    let count = count
        .max(values.iter().copied().max().unwrap_or(0).into())
        .max(1);
    Some(map(frame, values, |[id]: [u32; 1]| match id {
        0 => [0; 3],
        id => hsv((f64::from(id) / count as f64) as f32 % 1.0, 1.0, 1.0),
    }))
}
