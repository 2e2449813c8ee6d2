//! The colours of many values.

use super::{ColorError, ColorMap};

/// The colour of what has no value (not a number): grey, RGBA.
pub const NO_VALUE: [f32; 4] = [0.5, 0.5, 0.5, 1.0];

/// So many steps a ramp has: more than a screen tells apart.
const STEPS: usize = 1024;

/// A colour map between two values, as a table.
#[derive(Debug, Clone)]
pub struct Ramp {
    table: Vec<[f32; 4]>,
    low: f32,
    scale: f32,
}

impl Ramp {
    /// `low` gets the map's first colour, `high` its last one; beyond them are the same. Where both are
    /// equal, what is above gets the last colour and all else the first.
    ///
    /// # Errors
    /// `low` is above `high`, or one is no finite number of single precision.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "values are of single precision; a table is short"
    )]
    pub fn new(map: ColorMap, low: f64, high: f64) -> Result<Self, ColorError> {
        let (first, last) = (low as f32, high as f32);
        if !(first.is_finite() && last.is_finite() && first <= last) {
            return Err(ColorError::Range { low, high });
        }
        let scale = (STEPS - 1) as f64 / (f64::from(last) - f64::from(first));
        let table = map.colors(STEPS)?.into_iter();
        Ok(Self {
            table: table.map(|[r, g, b]| [r, g, b, 1.0]).collect(),
            low: first,
            scale: (scale as f32).min(f32::MAX),
        })
    }

    /// The same ramp with linear colours, as Blender reckons with: those of [`NO_VALUE`] stay as they are.
    #[must_use]
    pub fn linear(mut self) -> Self {
        for color in &mut self.table {
            let [r, g, b, _] = color;
            for one in [r, g, b] {
                *one = linear(*one);
            }
        }
        self
    }

    /// The colour of a value, RGBA.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is below the table is its first colour, what is beyond it its last"
    )]
    pub fn color(&self, value: f32) -> [f32; 4] {
        if value.is_nan() {
            return NO_VALUE;
        }
        let step = (value - self.low) * self.scale;
        // Not a number only where 0 meets infinity: at the start.
        let at = ((step + 0.5) as usize).min(STEPS - 1);
        self.table.get(at).copied().unwrap_or(NO_VALUE)
    }

    /// The colours of values, RGBA, one after another: `out` is `(n, 4)`.
    ///
    /// # Errors
    /// `out` has not four numbers a value.
    pub fn colors(&self, values: &[f32], out: &mut [f32]) -> Result<(), ColorError> {
        self.each(values, out, |color| color)
    }

    /// The same in bytes.
    ///
    /// # Errors
    /// `out` has not four bytes a value.
    pub fn bytes(&self, values: &[f32], out: &mut [u8]) -> Result<(), ColorError> {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "colours are from 0 to 1"
        )]
        self.each(values, out, |color| {
            color.map(|one| (one * 255.0 + 0.5) as u8)
        })
    }

    fn each<T: Copy>(
        &self,
        values: &[f32],
        out: &mut [T],
        form: impl Fn([f32; 4]) -> [T; 4],
    ) -> Result<(), ColorError> {
        let (places, rest) = out.as_chunks_mut::<4>();
        if places.len() != values.len() || !rest.is_empty() {
            let (values, colors) = (values.len(), places.len());
            return Err(ColorError::Lengths { values, colors });
        }
        for (value, place) in values.iter().zip(places) {
            *place = form(self.color(*value));
        }
        Ok(())
    }
}

/// A part of an sRGB colour as linear light.
///
/// Source: IEC 61966-2-1.
pub fn linear(part: f32) -> f32 {
    match part <= 0.040_45 {
        true => part / 12.92,
        false => ((part + 0.055) / 1.055).powf(2.4),
    }
}
