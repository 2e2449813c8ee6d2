//! Images in rows, with points drawn on them.

use super::canvas::{BLACK, Canvas, Color, LINE_HEIGHT, Point, WHITE, text_width};
use crate::heldout::Evaluation;
use crate::sample::{Samples, elements};
use anyhow::{Context, Result};
use image::RgbImage;
use image::imageops::FilterType;
use tch::Tensor;

const COLUMNS: usize = 4;
const ROWS: usize = 3;
/// Between images, and around all of them.
const GAP: u32 = 8;
/// Above the images, for words.
const HEAD: u32 = 36;
/// Images are enlarged until they are about so wide.
const CELL_WIDTH: u32 = 320;

const TRUTH: Color = [255, 214, 10];
const PREDICTED: Color = [255, 45, 160];
/// Of the rings: room for a cross.
const TRUTH_RADIUS: f32 = 7.0;
const EDGES: Color = [235, 235, 235];

/// Images of a batch with their corners and the edges between them.
pub(crate) fn batch(samples: &Samples) -> Result<RgbImage> {
    let mut grid = Grid::new(samples)?;
    grid.words(
        GAP_F,
        "a batch, with the corners that came with each image",
        BLACK,
    );
    let points = pixels(samples, &samples.targets)?;
    for (cell, points) in points.iter().enumerate().take(grid.cells) {
        for (from, to) in edges(points.len()) {
            grid.line(cell, points[from], points[to]);
        }
        for &point in points {
            let place = grid.place(cell, point);
            grid.canvas.dot(place, 3.5, TRUTH);
        }
    }
    Ok(grid.canvas.into_image())
}

/// Held-out images with their corners and what the network took for them.
pub(crate) fn predictions(evaluation: &Evaluation) -> Result<RgbImage> {
    let samples = &evaluation.samples;
    let mut grid = Grid::new(samples)?;
    let head = f32_of(HEAD) / 2.0;
    let mut x = GAP_F + 8.0;
    grid.canvas.ring((x, head), TRUTH_RADIUS, TRUTH);
    x = grid.words(x + 12.0, "truth", BLACK) + 28.0;
    grid.canvas.cross((x, head), 3.0, PREDICTED);
    x = grid.words(x + 14.0, "predicted", BLACK) + 28.0;
    let off = evaluation.pixels;
    grid.words(
        x,
        &format!("held-out images, never learned from: {off:.1} pixels off on average"),
        BLACK,
    );
    let truth = pixels(samples, &samples.targets)?;
    let predicted = pixels(samples, &evaluation.predictions)?;
    for (cell, (truth, predicted)) in truth.iter().zip(&predicted).enumerate().take(grid.cells) {
        for &point in truth {
            let place = grid.place(cell, point);
            grid.canvas.ring(place, TRUTH_RADIUS, TRUTH);
        }
        for &point in predicted {
            let place = grid.place(cell, point);
            grid.canvas.cross(place, 3.0, PREDICTED);
        }
    }
    Ok(grid.canvas.into_image())
}

const GAP_F: f32 = 8.0;

struct Grid {
    canvas: Canvas,
    cells: usize,
    zoom: f32,
    cell: (u32, u32),
}

impl Grid {
    /// The first images of `samples`, as many as there is room for.
    fn new(samples: &Samples) -> Result<Self> {
        let cells = samples.len().min(COLUMNS * ROWS);
        let size = samples.images.size();
        let (height, width) = (u32::try_from(size[1])?, u32::try_from(size[2])?);
        let zoom = (CELL_WIDTH / width).max(1);
        let cell = (width * zoom, height * zoom);
        let rows = u32::try_from(cells.div_ceil(COLUMNS))?;
        let columns = u32::try_from(cells.min(COLUMNS))?;
        let mut canvas = Canvas::new(
            columns * (cell.0 + GAP) + GAP,
            rows * (cell.1 + GAP) + HEAD,
            WHITE,
        );
        for index in 0..cells {
            let picture = picture(&samples.images.get(i64::try_from(index)?))?;
            let picture = image::imageops::resize(&picture, cell.0, cell.1, FilterType::Nearest);
            let (x, y) = corner(cell, index);
            canvas.paste(&picture, x, y);
        }
        let zoom = f32_of(zoom);
        Ok(Self {
            canvas,
            cells,
            zoom,
            cell,
        })
    }

    /// Where a point of image `cell` is on the canvas.
    fn place(&self, cell: usize, point: Point) -> Point {
        let (x, y) = corner(self.cell, cell);
        let (width, height) = (f32_of(self.cell.0), f32_of(self.cell.1));
        // A point outside of its image is drawn at its edge, not on its neighbour.
        (
            f32_of(x) + (point.0 * self.zoom).clamp(0.0, width),
            f32_of(y) + (point.1 * self.zoom).clamp(0.0, height),
        )
    }

    fn line(&mut self, cell: usize, from: Point, to: Point) {
        let (from, to) = (self.place(cell, from), self.place(cell, to));
        self.canvas.line(from, to, 1.2, EDGES);
    }

    /// Words above the images; where they end.
    fn words(&mut self, x: f32, text: &str, color: Color) -> f32 {
        let y = (f32_of(HEAD) - LINE_HEIGHT) / 2.0 + 2.0;
        self.canvas.text((x, y), text, color);
        x + text_width(text)
    }
}

/// The upper left corner of an image in the grid.
fn corner(cell: (u32, u32), index: usize) -> (u32, u32) {
    let (column, row) = (index % COLUMNS, index / COLUMNS);
    let (column, row) = (
        u32::try_from(column).unwrap_or(0),
        u32::try_from(row).unwrap_or(0),
    );
    (GAP + column * (cell.0 + GAP), HEAD + row * (cell.1 + GAP))
}

/// A `uint8` image of linear light (height × width × 3 or 4) as one to look at.
fn picture(image: &Tensor) -> Result<RgbImage> {
    let size = image.size();
    let (height, width) = (u32::try_from(size[0])?, u32::try_from(size[1])?);
    let channels = usize::try_from(size[2])?;
    let bytes: Vec<u8> = Vec::try_from(image.contiguous().view(-1))?;
    let pixels = bytes
        .chunks_exact(channels)
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]].map(display))
        .collect();
    RgbImage::from_raw(width, height, pixels).context("an image of another size than it says")
}

/// Linear light as sRGB (IEC 61966-2-1).
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 … 255 before and after"
)]
fn display(light: u8) -> u8 {
    let light = f32::from(light) / 255.0;
    let shown = if light <= 0.003_130_8 {
        12.92 * light
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    };
    (shown * 255.0).round() as u8
}

/// The points of each item in pixels of its image.
fn pixels(samples: &Samples, points: &Tensor) -> Result<Vec<Vec<Point>>> {
    let count = usize::try_from(points.size()[1])?;
    let numbers = elements(&samples.to_pixels(points))?;
    let points: Vec<_> = numbers.chunks_exact(2).map(|xy| (xy[0], xy[1])).collect();
    Ok(points.chunks_exact(count).map(<[Point]>::to_vec).collect())
}

/// The edges of a cube whose corners are numbered by the bits of x, y and z; of no other shape.
fn edges(points: usize) -> Vec<(usize, usize)> {
    let corners = if points == 8 { 0..8 } else { 0..0 };
    corners
        .flat_map(|corner| [1, 2, 4].map(|bit| (corner, corner | bit)))
        .filter(|(from, to)| from != to)
        .collect()
}

#[allow(clippy::cast_precision_loss, reason = "sizes of pictures")]
fn f32_of(pixels: u32) -> f32 {
    pixels as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;
    use tch::{Device, Kind};

    #[test]
    fn a_cube_has_twelve_edges() {
        assert_eq!(edges(8).len(), 12);
        assert!(edges(4).is_empty());
    }

    #[test]
    fn points_are_drawn_where_they_are() {
        let images = Tensor::zeros([5, 60, 80, 3], (Kind::Uint8, Device::Cpu));
        let targets = Tensor::from_slice(&[0.25f32, 0.5]).repeat([5, 1, 1]);
        let samples = Samples { images, targets };
        let drawn = batch(&samples).unwrap();
        // Four times as large; the fifth image begins the second row.
        let place = (GAP + 80, HEAD + 240 + GAP + 120);
        assert_eq!(drawn.get_pixel(place.0, place.1), &Rgb(TRUTH));
        assert_eq!(drawn.get_pixel(place.0 + 40, place.1), &Rgb([0, 0, 0]));
    }
}
