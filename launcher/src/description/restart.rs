//! When an instance that has ended is started again, and how much memory one may have: the types of
//! those keys of `launch.json`.
//!
//! Owns how they are written. It must never start anything.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// After which ends an instance is started again. Each takes in those before it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// After none.
    Never,
    /// After a signal, a hang, or too much memory: what is no end of the script's own.
    #[default]
    OnAbnormal,
    /// Also after an error of the script, or another exit code than 0.
    OnFailure,
    /// Also after an end in order.
    Always,
}

impl fmt::Display for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "never",
            Self::OnAbnormal => "on-abnormal",
            Self::OnFailure => "on-failure",
            Self::Always => "always",
        })
    }
}

/// An amount of memory, written as a number of bytes or as in `"4 GiB"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Memory(pub u64);

const UNITS: [(&str, u64); 8] = [
    ("B", 1),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KIB", 1 << 10),
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("TIB", 1 << 40),
];

impl Memory {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
        let unit = match unit.trim() {
            "" => "B".to_owned(),
            unit => unit.to_ascii_uppercase(),
        };
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let number: f64 = number.parse().ok()?;
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it has no sign; beyond 2^53 bytes nobody counts single ones"
        )]
        let bytes = (number * *size as f64) as u64;
        Some(Self(bytes))
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[allow(clippy::cast_precision_loss, reason = "two digits are shown")]
        let gib = self.0 as f64 / f64::from(1 << 30);
        write!(f, "{gib:.2} GiB")
    }
}

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Bytes(u64),
            Text(String),
        }
        let written = Written::deserialize(from)
            .map_err(|_| serde::de::Error::custom("it is no amount of memory"))?;
        match written {
            Written::Bytes(bytes) => Ok(Self(bytes)),
            Written::Text(text) => Self::read(&text).ok_or_else(|| {
                serde::de::Error::custom(format!("{text:?} is no amount of memory"))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_people_write_it() {
        for (text, bytes) in [
            ("4 GiB", 4 << 30),
            ("1.5GB", 1_500_000_000),
            ("512 mib", 512 << 20),
            ("1000", 1000),
            ("7 B", 7),
        ] {
            assert_eq!(Memory::read(text), Some(Memory(bytes)), "{text}");
        }
        for text in ["", "GiB", "-1 GiB", "4 gigs", "1.2.3 MB", "nan"] {
            assert_eq!(Memory::read(text), None, "{text}");
        }
        assert_eq!(Memory(3 << 29).to_string(), "1.50 GiB");
    }

    #[test]
    fn each_policy_takes_in_those_before_it() {
        assert!(Restart::Never < Restart::OnAbnormal && Restart::OnFailure < Restart::Always);
        for policy in [
            Restart::Never,
            Restart::OnAbnormal,
            Restart::OnFailure,
            Restart::Always,
        ] {
            let text = serde_json::to_string(&policy).unwrap();
            assert_eq!(text, format!("\"{policy}\""));
        }
    }
}
