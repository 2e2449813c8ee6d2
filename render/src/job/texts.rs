//! Keys of `render.json` that are written as texts: a picture's size, a number of Blenders.
//!
//! Owns how they are read and written.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;

/// A picture's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// A picture has so many pixels at most: 32768 x 32768, which are 16 GiB as Blender keeps them.
const PIXELS: u64 = 1 << 30;

impl FromStr for Resolution {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse().ok().filter(|n| (4..=65536).contains(n));
        let sides = text.split_once(['x', 'X', '×']);
        let sides = sides.and_then(|(width, height)| Some((number(width)?, number(height)?)));
        match sides {
            Some((width, height)) if u64::from(width) * u64::from(height) > PIXELS => Err(format!(
                "'{text}' is more than can be drawn: a picture has at most {PIXELS} pixels, as \
                 32768x32768, which take 16 GiB"
            )),
            Some((width, height)) => Ok(Self { width, height }),
            None => Err(format!(
                "'{text}' is no resolution: write width x height as 640x480, each from 4 to 65536"
            )),
        }
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// How many Blenders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Jobs {
    /// As many as cores, free memory and GPUs have room for.
    #[default]
    Auto,
    /// So many.
    Number(usize),
}

impl FromStr for Jobs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("auto", _) => Ok(Self::Auto),
            (_, Ok(number)) if (1..=1024).contains(&number) => Ok(Self::Number(number)),
            _ => Err(format!(
                "'{text}' is no number of Blenders: write 1 to 1024, or auto"
            )),
        }
    }
}

impl fmt::Display for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

macro_rules! as_text {
    ($type:ty, $schema:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                #[derive(Deserialize)]
                #[serde(untagged)]
                enum Written {
                    Number(u64),
                    Text(String),
                }
                let text = match Written::deserialize(from)? {
                    Written::Number(number) => number.to_string(),
                    Written::Text(text) => text,
                };
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                #[allow(clippy::unwrap_used, reason = "the texts are below")]
                schemars::Schema::try_from($schema).unwrap()
            }
        }
    };
}

as_text!(
    Resolution,
    json!({"type": "string", "pattern": "^[0-9]+x[0-9]+$"})
);
as_text!(
    Jobs,
    json!({"oneOf": [{"const": "auto"}, {"type": "integer", "minimum": 1}]})
);
