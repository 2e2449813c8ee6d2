//! Colours as people write them.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A colour in sRGB, and its opacity, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Color(pub [f64; 4]);

impl Color {
    /// Black, opaque.
    pub const BLACK: Self = Self([0.0, 0.0, 0.0, 1.0]);

    /// `#rgb`, `#rrggbb` or `#rrggbbaa`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix('#')?;
        if !digits.bytes().all(|one| one.is_ascii_hexdigit()) {
            return None;
        }
        let doubled: String = match digits.len() {
            3 => digits.chars().flat_map(|one| [one, one]).collect(),
            6 | 8 => digits.to_owned(),
            _ => return None,
        };
        let mut color = [0.0, 0.0, 0.0, 1.0];
        for (part, pair) in color.iter_mut().zip(doubled.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            *part = f64::from(u8::from_str_radix(pair, 16).ok()?) / 255.0;
        }
        Some(Self(color))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Written {
    Text(String),
    Numbers(Vec<f64>),
}

impl<'de> Deserialize<'de> for Color {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let color = match Written::deserialize(from)? {
            Written::Text(text) => Self::parse(&text).ok_or(text),
            Written::Numbers(numbers) => match numbers[..] {
                [r, g, b] => Ok(Self([r, g, b, 1.0])),
                [r, g, b, a] => Ok(Self([r, g, b, a])),
                _ => Err(format!("{numbers:?}")),
            },
        };
        let color = color.and_then(|color| {
            let fits = color.0.iter().all(|part| (0.0..=1.0).contains(part));
            fits.then_some(color).ok_or(format!("{:?}", color.0))
        });
        color.map_err(|what| {
            serde::de::Error::custom(format!(
                "{what} is no colour: write \"#rrggbb\", or red, green and blue (and opacity) from 0 to 1"
            ))
        })
    }
}

impl Serialize for Color {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl JsonSchema for Color {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Color".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Written::json_schema(generator)
    }
}
