//! Pictures of passes for people: one sheet of all passes for each frame, or a2's debug pictures.
//!
//! Every scale is the same for all frames of all runs, so that frames compare; only a2's debug pictures
//! are scaled by frame, since that is what they are. Pictures wider than a tile are shown by every
//! n-th pixel: previews must cost less than rendering.

pub(crate) mod colors;
mod debug;
pub(crate) mod letters;
mod tiles;

pub(super) use debug::pictures as debug_pictures;

use super::sources::Frame;
use super::spec::{Format, Spec};
use colors::Colors;

/// A picture, 8 bits, the top row first.
#[derive(Debug, Default)]
pub(crate) struct Canvas {
    pub(crate) pixels: Vec<u8>,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// 1 or 3.
    pub(crate) channels: usize,
}

/// The longest side of a tile.
const TILE: usize = 320;
/// Pixels between tiles.
pub(crate) const GAP: usize = 4;
pub(crate) const BACKGROUND: u8 = 24;

/// The tables of colours, and the memory of the last sheet.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    colors: Option<Box<Colors>>,
    pixels: Vec<u8>,
}

impl Sheet {
    /// One picture with a tile for each pass; none where there is no pass.
    pub(super) fn of_all(
        &mut self,
        spec: &Spec,
        frame: &Frame<'_>,
    ) -> Option<(&'static str, Canvas)> {
        let mut passes: Vec<_> = spec.files.iter().map(|file| (file.pass, file)).collect();
        passes.sort_by_key(|(pass, file)| (*pass, file.format == Format::Exr));
        passes.dedup_by_key(|(pass, _)| *pass);
        let count = passes.len();
        if count == 0 {
            return None;
        }
        let colors = self.colors.get_or_insert_with(Box::default);
        let step = frame.height.max(frame.width).div_ceil(TILE);
        let (height, width) = (frame.height.div_ceil(step), frame.width.div_ceil(step));
        let columns = (1..=count).find(|columns| columns * columns >= count)?;
        let rows = count.div_ceil(columns);
        let cell = (width + GAP, height + letters::HEIGHT + GAP);
        let mut canvas = Canvas {
            pixels: std::mem::take(&mut self.pixels),
            height: rows * cell.1 + GAP,
            width: columns * cell.0 + GAP,
            channels: 3,
        };
        canvas.pixels.clear();
        canvas
            .pixels
            .resize(canvas.height * canvas.width * 3, BACKGROUND);
        for (index, (pass, file)) in passes.into_iter().enumerate() {
            let (x, y) = (
                GAP + index % columns * cell.0,
                GAP + index / columns * cell.1,
            );
            letters::write(pass.name(), &mut canvas, x, y, width);
            let mut tile = tiles::Tile {
                canvas: &mut canvas,
                x,
                y: y + letters::HEIGHT,
                height,
                width,
                step,
            };
            tiles::draw(file, frame, colors, &mut tile);
        }
        Some(("previews", canvas))
    }

    /// Memory for the next sheet.
    pub(super) fn take_back(&mut self, canvas: Canvas) {
        self.pixels = canvas.pixels;
    }
}
