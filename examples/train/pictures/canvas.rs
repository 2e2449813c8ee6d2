//! A picture to draw on: smooth lines, discs and letters.

use image::{Rgb, RgbImage};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

/// A colour, sRGB.
pub(super) type Color = [u8; 3];
/// A place in pixels; (0, 0) is the upper left corner of the picture.
pub(super) type Point = (f32, f32);

pub(super) const WHITE: Color = [255, 255, 255];
pub(super) const BLACK: Color = [20, 20, 24];
pub(super) const GREY: Color = [120, 120, 128];

/// Pixels from one line of text to the next.
pub(super) const LINE_HEIGHT: f32 = 20.0;
const SIZE: RasterHeight = RasterHeight::Size16;
const WEIGHT: FontWeight = FontWeight::Regular;

/// The picture.
#[derive(Debug)]
pub(super) struct Canvas {
    pixels: RgbImage,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32, background: Color) -> Self {
        Self {
            pixels: RgbImage::from_pixel(width, height, Rgb(background)),
        }
    }

    pub(super) fn into_image(self) -> RgbImage {
        self.pixels
    }

    /// Puts a picture with its upper left corner at (x, y).
    pub(super) fn paste(&mut self, picture: &RgbImage, x: u32, y: u32) {
        image::imageops::replace(&mut self.pixels, picture, x.into(), y.into());
    }

    /// A line with round ends.
    pub(super) fn line(&mut self, from: Point, to: Point, width: f32, color: Color) {
        let along = (to.0 - from.0, to.1 - from.1);
        let length2 = along.0 * along.0 + along.1 * along.1;
        let distance = |x: f32, y: f32| {
            let (dx, dy) = (x - from.0, y - from.1);
            let t = if length2 > 0.0 {
                ((dx * along.0 + dy * along.1) / length2).clamp(0.0, 1.0)
            } else {
                0.0
            };
            (dx - t * along.0).hypot(dy - t * along.1)
        };
        let reach = width / 2.0 + 1.0;
        let low = (from.0.min(to.0) - reach, from.1.min(to.1) - reach);
        let high = (from.0.max(to.0) + reach, from.1.max(to.1) + reach);
        self.cover(low, high, color, |x, y| width / 2.0 + 0.5 - distance(x, y));
    }

    pub(super) fn disc(&mut self, centre: Point, radius: f32, color: Color) {
        self.line(centre, centre, 2.0 * radius, color);
    }

    /// A disc with a dark rim, which shows on any ground.
    pub(super) fn dot(&mut self, centre: Point, radius: f32, color: Color) {
        self.disc(centre, radius + 1.5, BLACK);
        self.disc(centre, radius, color);
    }

    /// A ring with dark rims: it shows on any ground, and what lies in it shows too.
    pub(super) fn ring(&mut self, centre: Point, radius: f32, color: Color) {
        let reach = radius + 4.0;
        for (width, color) in [(4.5, BLACK), (2.5, color)] {
            let low = (centre.0 - reach, centre.1 - reach);
            let high = (centre.0 + reach, centre.1 + reach);
            self.cover(low, high, color, |x, y| {
                let off = (x - centre.0).hypot(y - centre.1) - radius;
                width / 2.0 + 0.5 - off.abs()
            });
        }
    }

    /// An × with a dark rim.
    pub(super) fn cross(&mut self, centre: Point, radius: f32, color: Color) {
        for (width, color) in [(4.0, BLACK), (2.0, color)] {
            for side in [-radius, radius] {
                let (x, y) = centre;
                self.line((x - side, y - radius), (x + side, y + radius), width, color);
            }
        }
    }

    /// Text whose upper left corner is at `at`.
    pub(super) fn text(&mut self, at: Point, text: &str, color: Color) {
        for (index, letter) in text.chars().enumerate() {
            let raster = get_raster(letter, WEIGHT, SIZE).or_else(|| get_raster('?', WEIGHT, SIZE));
            let Some(raster) = raster else { continue };
            let left = at.0.round() + coordinate(index * raster.width());
            for (row, line) in raster.rows().enumerate() {
                for (column, &strength) in line.iter().enumerate() {
                    let (x, y) = (left + coordinate(column), at.1.round() + coordinate(row));
                    self.blend(x, y, color, f32::from(strength) / 255.0);
                }
            }
        }
    }

    /// Mixes a colour into every pixel of a box, as far as each is covered (0 … 1).
    fn cover(&mut self, low: Point, high: Point, color: Color, coverage: impl Fn(f32, f32) -> f32) {
        let (mut y, bottom) = (
            low.1.floor().max(0.0),
            high.1.min(limit(self.pixels.height())),
        );
        while y <= bottom {
            let (mut x, right) = (
                low.0.floor().max(0.0),
                high.0.min(limit(self.pixels.width())),
            );
            while x <= right {
                // A pixel is judged by its middle.
                self.blend(x, y, color, coverage(x + 0.5, y + 0.5));
                x += 1.0;
            }
            y += 1.0;
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers that were seen to lie within the picture; mixtures of u8"
    )]
    fn blend(&mut self, x: f32, y: f32, color: Color, strength: f32) {
        let inside = x >= 0.0 && y >= 0.0;
        if !inside || strength <= 0.0 {
            return;
        }
        let strength = strength.min(1.0);
        if let Some(pixel) = self.pixels.get_pixel_mut_checked(x as u32, y as u32) {
            for (old, new) in pixel.0.iter_mut().zip(color) {
                let mixed = f32::from(*old) + (f32::from(new) - f32::from(*old)) * strength;
                *old = mixed.round() as u8;
            }
        }
    }
}

/// Pixels that a text is wide.
pub(super) fn text_width(text: &str) -> f32 {
    coordinate(text.chars().count() * get_raster_width(WEIGHT, SIZE))
}

#[allow(clippy::cast_precision_loss, reason = "places in a picture")]
fn coordinate(pixels: usize) -> f32 {
    pixels as f32
}

#[allow(clippy::cast_precision_loss, reason = "places in a picture")]
fn limit(size: u32) -> f32 {
    size as f32 - 1.0
}
