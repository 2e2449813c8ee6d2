//! Frames a second, exactly.
//!
//! Owns the fraction: 29.97 is 30000/1001 to whoever writes it, and to ffmpeg it is not.

use std::fmt;
use std::str::FromStr;

/// What a number may differ from a rate that is known, as a part of it: 23.976 and 29.97 are so near.
const NEAR: f64 = 5e-6;
/// More than any display shows.
const MOST: f64 = 1000.0;

/// Frames a second, as a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    numerator: u32,
    denominator: u32,
}

impl Rate {
    /// The rate of that many frames a second: a whole number, a thousandth part less (NTSC's), or as it
    /// is, to five digits.
    ///
    /// # Errors
    /// It is no number above 0 and up to 1000.
    pub fn new(fps: f64) -> Result<Self, String> {
        if !(fps > 0.0 && fps <= MOST) {
            return Err(format!(
                "{fps} frames a second cannot be shown: write a number above 0 and up to {MOST}"
            ));
        }
        let near = |rate: f64| (rate - fps).abs() <= NEAR * fps;
        let whole = fps.round();
        if whole >= 1.0 && near(whole) {
            return Ok(Self::of(whole as u32, 1));
        }
        let ntsc = (fps * 1.001).round();
        if ntsc >= 1.0 && near(ntsc / 1.001) {
            return Ok(Self::of(ntsc as u32 * 1000, 1001));
        }
        Ok(Self::of((fps * 1e5).round().max(1.0) as u32, 100_000))
    }

    fn of(numerator: u32, denominator: u32) -> Self {
        let (mut a, mut b) = (numerator, denominator);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Self {
            numerator: numerator / a,
            denominator: denominator / a,
        }
    }

    /// As a number.
    #[must_use]
    pub fn fps(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

impl FromStr for Rate {
    type Err = String;

    /// `"24"`, `"29.97"` or `"30000/1001"`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("'{text}' is no rate: write frames a second, as 24, 29.97 or 30000/1001");
        let number = |part: &str| part.trim().parse::<u32>().map_err(|_| wrong());
        match text.split_once('/') {
            Some((above, below)) => {
                let (above, below) = (number(above)?, number(below)?);
                if above == 0 || below == 0 {
                    return Err(wrong());
                }
                Self::new(f64::from(above) / f64::from(below)).map(|_| Self::of(above, below))
            }
            None => Self::new(text.trim().parse().map_err(|_| wrong())?),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            below => write!(f, "{}/{below}", self.numerator),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_fractions_as_those_who_write_them_mean() {
        for (text, rate) in [
            ("24", "24"),
            ("24.0", "24"),
            ("29.97", "30000/1001"),
            ("23.976", "24000/1001"),
            ("59.94", "60000/1001"),
            ("30000/1001", "30000/1001"),
            ("50/2", "25"),
            ("12.5", "25/2"),
            ("0.5", "1/2"),
        ] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), rate, "{text}");
        }
        // As Blender has it: 30 / 1.001, the latter in 32 bits.
        let blender = Rate::new(30.0 / f64::from(1.001_f32)).unwrap();
        assert_eq!(blender.to_string(), "30000/1001");
    }

    #[test]
    fn what_is_none_is_said() {
        for text in [
            "", "fast", "0", "-24", "1/0", "0/1", "nan", "inf", "1e9", "1.5/2",
        ] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
