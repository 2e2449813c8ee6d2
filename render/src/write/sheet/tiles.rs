//! A pass as a tile of the sheet.

use super::Canvas;
use super::colors::{self, Colors};
use crate::write::arrays::Data;
use crate::write::passes::Pass;
use crate::write::sources::{self, Frame};
use crate::write::spec::{Direction, FileSpec};

/// A place on the sheet, which shows every `step`-th pixel.
pub(super) struct Tile<'a> {
    pub(super) canvas: &'a mut Canvas,
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) step: usize,
}

impl Tile<'_> {
    /// Colours each pixel by the `N` values that it has in an array whose row 0 is the lowest.
    fn map<T: Copy, const N: usize>(
        &mut self,
        values: &[T],
        size: (usize, usize),
        mut color: impl FnMut([T; N]) -> [u8; 3],
    ) {
        let (height, width) = size;
        let pixels = values.as_chunks::<N>().0;
        for down in 0..self.height {
            let row = height - 1 - (down * self.step).min(height - 1);
            let source = &pixels[row * width..(row + 1) * width];
            let place = ((self.y + down) * self.canvas.width + self.x) * 3;
            let line = self.canvas.pixels[place..place + self.width * 3]
                .as_chunks_mut::<3>()
                .0;
            for (pixel, value) in line.iter_mut().zip(source.iter().step_by(self.step)) {
                *pixel = color(*value);
            }
        }
    }

    /// A picture for people, whose row 0 is the top.
    fn show<const N: usize>(&mut self, data: Data<'_>, width: usize) {
        for down in 0..self.height {
            let row = down * self.step;
            let place = ((self.y + down) * self.canvas.width + self.x) * 3;
            let line = self.canvas.pixels[place..place + self.width * 3]
                .as_chunks_mut::<3>()
                .0;
            let range = row * width * N..(row + 1) * width * N;
            match data {
                Data::U8(values) => {
                    let source = values[range].as_chunks::<N>().0;
                    for (pixel, value) in line.iter_mut().zip(source.iter().step_by(self.step)) {
                        *pixel = [0, 1, 2].map(|channel| value[channel.min(N - 1)]);
                    }
                }
                Data::U16(values) => {
                    let source = values[range].as_chunks::<N>().0;
                    for (pixel, value) in line.iter_mut().zip(source.iter().step_by(self.step)) {
                        *pixel = [0, 1, 2].map(|channel| (value[channel.min(N - 1)] >> 8) as u8);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Draws a pass; what is not there stays empty.
pub(super) fn draw(file: &FileSpec, frame: &Frame<'_>, colors: &Colors, tile: &mut Tile<'_>) {
    // Arrays were checked, so nothing is missing.
    let _ = try_draw(file, frame, colors, tile);
}

fn try_draw(
    file: &FileSpec,
    frame: &Frame<'_>,
    colors: &Colors,
    tile: &mut Tile<'_>,
) -> Option<()> {
    let size = (frame.height, frame.width);
    let light = |rgb: [f32; 3]| rgb.map(|value| colors.light(value));
    match file.pass {
        Pass::Frames | Pass::Composites => {
            let (linear, display) = sources::picture_names(file.pass);
            match frame.display(display) {
                Some((data, 1)) if data.len() == size.0 * size.1 => tile.show::<1>(data, size.1),
                Some((data, 3)) if data.len() == size.0 * size.1 * 3 => {
                    tile.show::<3>(data, size.1)
                }
                Some((data, 4)) if data.len() == size.0 * size.1 * 4 => {
                    tile.show::<4>(data, size.1)
                }
                _ => tile.map(frame.floats(linear)?, size, |[r, g, b, _]: [f32; 4]| {
                    light([r, g, b])
                }),
            }
        }
        Pass::Depths => tile.map(frame.floats("depth")?, size, |[depth]| colors.depth(depth)),
        Pass::Normals => {
            let axes = frame.about.axes()?;
            tile.map(frame.floats("normal")?, size, |[x, y, z]: [f32; 3]| {
                if [x, y, z] == [0.0; 3] {
                    return [128; 3];
                }
                colors::unit(axes.map(|[a, b, c]| a * x + b * y + c * z))
            });
        }
        Pass::Flows => {
            let values = frame.floats("vector")?;
            match file.direction {
                Direction::Backward => {
                    tile.map(values, size, |[x, y, _, _]: [f32; 4]| colors.flow(x, -y));
                }
                // Both: forward, as whoever looks expects motion.
                Direction::Forward | Direction::Both => {
                    tile.map(values, size, |[_, _, z, w]: [f32; 4]| colors.flow(-z, w));
                }
            }
        }
        Pass::Segmentations => tile.map(frame.ids("instance")?, size, |[id]| colors::id(id)),
        Pass::Materials => tile.map(frame.ids("material")?, size, |[id]| colors::id(id)),
        Pass::Diffuse | Pass::Specular => {
            // The first part is light, the most telling one.
            let part = sources::parts(file.pass, frame.arrays).first()?;
            tile.map(frame.floats(&format!("{}_{part}", file.pass))?, size, light);
        }
        Pass::Emission => tile.map(frame.floats("emission")?, size, light),
        Pass::Points => tile.map(frame.floats("points")?, size, |xyz: [f32; 3]| {
            colors::unit(xyz.map(|value| value / (value.abs() + 4.0)))
        }),
        Pass::Cryptomatte => {
            tile.map(
                frame.floats(frame.crypto().next()?)?,
                size,
                |[hash, cover, ..]: [f32; 4]| {
                    colors::id(hash.to_bits())
                        .map(|part| (f32::from(part) * cover.clamp(0.0, 1.0)) as u8)
                },
            );
        }
    }
    Some(())
}
