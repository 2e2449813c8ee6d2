//! The pixels that are drawn on.
//!
//! Owns how `plotters` reaches them, and letters: no font of the system's is needed.

use std::convert::Infallible;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};
use plotters::prelude::DrawingBackend;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind, FontTransform,
};

const HEIGHT: RasterHeight = RasterHeight::Size16;
const WEIGHT: FontWeight = FontWeight::Regular;

/// A picture: rows of RGB, the top one first.
pub(super) struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Canvas {
    /// A white one.
    pub(super) fn new(width: u32, height: u32) -> Self {
        let pixels = vec![255; width as usize * height as usize * 3];
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Writes it as a PNG.
    pub(super) fn save(&self, path: &Path) -> Result<(), png::EncodingError> {
        let file = BufWriter::new(File::create(path)?);
        let mut encoder = png::Encoder::new(file, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()
    }

    /// Mixes a colour into a pixel; outside the picture nothing happens.
    fn mix(&mut self, (x, y): BackendCoord, color: BackendColor, share: f64) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
            return;
        };
        if x >= self.width || y >= self.height {
            return;
        }
        let at = (y as usize * self.width as usize + x as usize) * 3;
        let share = color.alpha * share;
        let (r, g, b) = color.rgb;
        let pixel = self.pixels.iter_mut().skip(at);
        for (old, new) in pixel.zip([r, g, b]) {
            let mixed = f64::from(*old) * (1.0 - share) + f64::from(new) * share;
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between two bytes"
            )]
            let mixed = mixed.round() as u8;
            *old = mixed;
        }
    }
}

/// What `plotters` draws with.
pub(super) struct Brush<'a>(pub(super) &'a mut Canvas);

impl DrawingBackend for Brush<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.0.width, self.0.height)
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_pixel(
        &mut self,
        point: BackendCoord,
        color: BackendColor,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.0.mix(point, color, 1.0);
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let (width, height) = size(text);
        let anchor = style.anchor();
        let left = match anchor.h_pos {
            HPos::Left => 0,
            HPos::Center => -width / 2,
            HPos::Right => -width,
        };
        let top = match anchor.v_pos {
            VPos::Top => 0,
            VPos::Center => -height / 2,
            VPos::Bottom => -height,
        };
        for (at, letter) in text.chars().enumerate() {
            let Some(raster) = raster(letter) else {
                continue;
            };
            for (row, line) in raster.rows().enumerate() {
                for (column, share) in line.iter().enumerate() {
                    let across = left + whole(at * advance() + column);
                    let down = top + whole(row);
                    let (dx, dy) = turned(&style.transform(), across, down);
                    self.0
                        .mix((x + dx, y + dy), style.color(), f64::from(*share) / 255.0);
                }
            }
        }
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let (width, height) = size(text);
        let (width, height) = (width.unsigned_abs(), height.unsigned_abs());
        Ok(match style.transform() {
            FontTransform::Rotate90 | FontTransform::Rotate270 => (height, width),
            _ => (width, height),
        })
    }

    /// A circle of no radius is a dot.
    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        if radius == 0 {
            self.0.mix(center, style.color(), 1.0);
            return Ok(());
        }
        plotters_backend::rasterizer::draw_circle(self, center, radius, style, fill)
    }
}

fn raster(letter: char) -> Option<noto_sans_mono_bitmap::RasterizedChar> {
    get_raster(letter, WEIGHT, HEIGHT).or_else(|| get_raster('?', WEIGHT, HEIGHT))
}

fn advance() -> usize {
    get_raster_width(WEIGHT, HEIGHT)
}

fn size(text: &str) -> (i32, i32) {
    (whole(text.chars().count() * advance()), whole(HEIGHT.val()))
}

/// Pixels of a text are few.
fn whole(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX / 4)
}

fn turned(how: &FontTransform, x: i32, y: i32) -> (i32, i32) {
    match how {
        FontTransform::Rotate90 => (-y, x),
        FontTransform::Rotate180 => (-x, -y),
        FontTransform::Rotate270 => (y, -x),
        _ => (x, y),
    }
}
