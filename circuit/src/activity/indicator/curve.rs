//! From calcium to fluorescence.

use super::IndicatorStyle;
use crate::activity::ActivityError;
use crate::activity::error::{not_negative, positive};

/// Steps of the table: between two of them the curve is taken to be straight.
const STEPS: usize = 1 << 13;

/// The curve as a table, up to the most calcium that there is.
#[derive(Debug)]
pub(super) struct Curve {
    table: Vec<f32>,
    /// Steps for each unit of calcium.
    scale: f32,
    half: f64,
}

impl Curve {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "single precision is what is shown; the table is short"
    )]
    pub(super) fn new(style: &IndicatorStyle, most: f64) -> Result<Self, ActivityError> {
        let amplitude = positive("amplitude", style.amplitude)?;
        let hill = positive("hill", style.hill)?;
        let rest = not_negative("baseline", style.baseline)?;
        let saturation = style.saturation;
        if saturation.is_nan() || saturation <= 0.0 {
            return Err(ActivityError::Setting {
                name: "saturation",
                value: saturation,
                need: "a number above 0 is needed",
            });
        }
        let power = |calcium: f64| (rest + calcium).powf(hill);
        let spike = power(1.0) - power(0.0);
        if !(spike > 0.0 && spike.is_finite()) {
            return Err(ActivityError::Setting {
                name: "baseline",
                value: rest,
                need: "a spike must be told apart from it: a smaller one is needed",
            });
        }
        // Half saturation, to the power of `hill`.
        let half = spike * saturation / amplitude - power(1.0);
        if half <= 0.0 {
            return Err(ActivityError::Setting {
                name: "saturation",
                value: saturation,
                need: "it is too low for a spike of such an amplitude, from such a baseline",
            });
        }
        let value = |calcium: f64| {
            let more = power(calcium) - power(0.0);
            match half.is_finite() {
                true => saturation * more / (power(calcium) + half),
                false => amplitude * more / spike,
            }
        };
        let most = if most > 0.0 { most } else { 1.0 };
        let step = most / STEPS as f64;
        Ok(Self {
            table: (0..=STEPS)
                .map(|at| value(at as f64 * step) as f32)
                .collect(),
            scale: (1.0 / step) as f32,
            half: half.powf(1.0 / hill),
        })
    }

    /// ΔF/F of so much calcium, in spikes.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "what is below the table is its start, what is beyond it its end"
    )]
    pub(super) fn at(&self, calcium: f32) -> f32 {
        let place = (calcium * self.scale).clamp(0.0, STEPS as f32);
        let low = (place as usize).min(STEPS - 1);
        match self.table.get(low..low + 2) {
            Some([a, b]) => a + (b - a) * (place - low as f32),
            _ => 0.0,
        }
    }

    /// That of the most calcium.
    pub(super) fn highest(&self) -> f32 {
        self.table.last().copied().unwrap_or_default()
    }

    /// Where it is half saturated.
    pub(super) fn half(&self) -> f64 {
        self.half
    }
}
