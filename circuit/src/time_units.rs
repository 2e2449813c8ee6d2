//! Units of times in files.
//!
//! Owns their names, and how seconds become milliseconds without a new last digit.

use crate::nearest;

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeUnit {
    /// Milliseconds, which all times here are in.
    #[default]
    Milliseconds,
    /// Seconds.
    Seconds,
}

const MILLISECONDS: &[&str] = &["ms", "msec", "millisecond", "milliseconds"];
const SECONDS: &[&str] = &["s", "sec", "second", "seconds"];

impl TimeUnit {
    /// The unit of that name.
    ///
    /// # Errors
    /// It is no unit of time, in words.
    pub fn named(name: &str) -> Result<Self, String> {
        let is = |one: &&str| one.eq_ignore_ascii_case(name.trim());
        if MILLISECONDS.iter().any(is) {
            return Ok(Self::Milliseconds);
        }
        if SECONDS.iter().any(is) {
            return Ok(Self::Seconds);
        }
        let known = MILLISECONDS.iter().chain(SECONDS).copied();
        Err(match nearest(name, known) {
            Some(near) => format!("{name:?} is no unit of time; did you mean {near:?}?"),
            None => format!("{name:?} is no unit of time; times are in \"ms\" or \"s\""),
        })
    }

    /// A time in ms.
    ///
    /// Seconds are taken by their decimal digits: 0.0041 s is 4.1 ms, not the product
    /// 4.1000000000000005, which would be a time step later.
    pub fn in_ms(self, time: f64) -> f64 {
        match self {
            Self::Milliseconds => time,
            Self::Seconds => {
                // The shortest digits that are this number, three places on.
                let digits = format!("{time:e}");
                let moved = digits.split_once('e').and_then(|(mantissa, exponent)| {
                    let exponent: i32 = exponent.parse().ok()?;
                    format!("{mantissa}e{}", exponent + 3).parse().ok()
                });
                moved.unwrap_or(time * 1000.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_milliseconds_by_their_digits() {
        let seconds = TimeUnit::Seconds;
        for steps in 0..20_000_u32 {
            let text = format!("{steps}e-4");
            let wanted: f64 = format!("{steps}e-1").parse().unwrap();
            assert_eq!(seconds.in_ms(text.parse().unwrap()), wanted, "{text}");
        }
        assert_ne!(0.0041 * 1000.0, 4.1);
        assert_eq!(seconds.in_ms(-1e300), -1e303);
        assert!(seconds.in_ms(f64::MAX).is_infinite());
        assert!(seconds.in_ms(f64::NAN).is_nan());
    }

    #[test]
    fn units_are_known_by_their_names() {
        assert_eq!(TimeUnit::named("ms"), Ok(TimeUnit::Milliseconds));
        assert_eq!(TimeUnit::named(" Seconds "), Ok(TimeUnit::Seconds));
        assert!(
            TimeUnit::named("milisecond")
                .unwrap_err()
                .contains("did you mean")
        );
        assert!(TimeUnit::named("furlong").is_err());
    }
}
