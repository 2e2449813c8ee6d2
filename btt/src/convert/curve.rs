//! Curves between published values and light. Of bytes there are 256, for which each is a table.

/// What colours pass through, from 0…1 to 0…1; floats may be outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Curve {
    None,
    FromSrgb,
    ToSrgb,
    Power(f64),
}

impl Curve {
    /// The curve at `x`. sRGB: IEC 61966-2-1:1999, 5.2.
    pub(super) fn at(self, x: f64) -> f64 {
        match self {
            Self::None => x,
            Self::FromSrgb if x <= 0.040_45 => x / 12.92,
            Self::FromSrgb => ((x + 0.055) / 1.055).powf(2.4),
            Self::ToSrgb if x <= 0.003_130_8 => x * 12.92,
            Self::ToSrgb => 1.055 * x.powf(1.0 / 2.4) - 0.055,
            // No number otherwise.
            Self::Power(_) if x < 0.0 => 0.0,
            Self::Power(exponent) => x.powf(exponent),
        }
    }
}
