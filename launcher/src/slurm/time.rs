//! A time limit, in the ways that Slurm has of writing it.
//!
//! Owns how it is written. It must never say whether one is enough.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How long a job may run: whole seconds, more than none.
///
/// Written as a number of minutes, or as Slurm has it: `"MM"`, `"MM:SS"`, `"HH:MM:SS"`, `"D-HH"`,
/// `"D-HH:MM"`, `"D-HH:MM:SS"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeLimit(u64);

/// How one is written, for the schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) enum TimeText {
    /// Minutes.
    Minutes(u64),
    /// As `"HH:MM:SS"`.
    Text(String),
}

impl TimeLimit {
    /// So many seconds; `None` for 0, which would be no limit to Slurm.
    #[must_use]
    pub fn of_seconds(seconds: u64) -> Option<Self> {
        (seconds > 0).then_some(Self(seconds))
    }

    /// How long.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl FromStr for TimeLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read(text)
            .and_then(Self::of_seconds)
            .ok_or_else(|| format!("{text:?} is no time limit"))
    }
}

/// Seconds. Without days one number is minutes, with them hours.
fn read(text: &str) -> Option<u64> {
    let (days, rest) = match text.trim().split_once('-') {
        Some((days, rest)) => (Some(number(days)?), rest),
        None => (None, text.trim()),
    };
    let parts: Vec<u64> = rest.split(':').map(number).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match (days, parts[..].as_ref()) {
        (None, &[minutes]) => (0, minutes, 0),
        (None, &[minutes, seconds]) => (0, minutes, seconds),
        (Some(_), &[hours]) => (hours, 0, 0),
        (Some(_), &[hours, minutes]) => (hours, minutes, 0),
        (_, &[hours, minutes, seconds]) => (hours, minutes, seconds),
        _ => return None,
    };
    let hours = days.unwrap_or(0).checked_mul(24)?.checked_add(hours)?;
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    minutes.checked_mul(60)?.checked_add(seconds)
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for TimeLimit {
    /// `HH:MM:SS`, with `D-` before it from a day on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.0 / 86_400, self.0 % 86_400);
        if days > 0 {
            write!(f, "{days}-")?;
        }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        write!(f, "{hours:02}:{minutes:02}:{:02}", seconds % 60)
    }
}

impl Serialize for TimeLimit {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.to_string().serialize(to)
    }
}

impl<'de> Deserialize<'de> for TimeLimit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Minutes(u64),
            Text(String),
        }
        let time = match Written::deserialize(from) {
            Ok(Written::Minutes(minutes)) => minutes
                .checked_mul(60)
                .and_then(Self::of_seconds)
                .ok_or_else(|| format!("{minutes} minutes are no time limit")),
            Ok(Written::Text(text)) => text.parse(),
            Err(_) => Err("it is no time limit".to_owned()),
        };
        time.map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_slurms_is_read() {
        for (text, seconds) in [
            ("90", 5400),
            ("1:30", 90),
            ("02:00:01", 7201),
            ("1-2", 93_600),
            ("1-00:30", 88_200),
            ("2-00:00:10", 172_810),
        ] {
            assert_eq!(text.parse(), Ok(TimeLimit(seconds)), "{text}");
        }
        for text in [
            "",
            "0",
            "0:00",
            "1:2:3:4",
            "-1",
            "1h",
            "1-",
            "UNLIMITED",
            "99999999999999999-0",
        ] {
            assert!(text.parse::<TimeLimit>().is_err(), "{text}");
        }
    }

    #[test]
    fn json_has_minutes_or_text_and_goes_back_as_slurm_reads_it() {
        let read = |json: &str| serde_json::from_str::<TimeLimit>(json);
        assert_eq!(read("90").unwrap().to_string(), "01:30:00");
        let day = read("\"1-02:03:04\"").unwrap();
        assert_eq!(serde_json::to_string(&day).unwrap(), "\"1-02:03:04\"");
        for json in ["0", "-1", "1.5", "\"soon\"", "true"] {
            assert!(
                read(json)
                    .unwrap_err()
                    .to_string()
                    .contains("no time limit"),
                "{json}"
            );
        }
    }
}
