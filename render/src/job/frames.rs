//! Which frames a job renders.
//!
//! Owns how they are written: `"1:250:2"`, a list, or the scene's own range.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The last frame that Blender knows.
pub const LAST_FRAME: i64 = 1_048_573;

/// Frame numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Frames {
    /// As the scene says: its first, its last, its step.
    #[default]
    Scene,
    /// Parts of the scene's range that are said, the others as the scene has them: first, last (with
    /// it), step.
    Range(Option<i64>, Option<i64>, Option<i64>),
    /// These, in this order.
    These(Vec<i64>),
}

impl Frames {
    /// The numbers, where the scene's own range is `(first, last, step)`.
    ///
    /// # Errors
    /// A range that is empty or backwards, a step below 1, a frame that Blender does not know.
    pub fn numbers(&self, scene: (i64, i64, i64)) -> Result<Vec<i64>, String> {
        let numbers = match self {
            Self::These(numbers) => {
                let mut seen = std::collections::HashSet::new();
                numbers
                    .iter()
                    .copied()
                    .filter(|frame| seen.insert(*frame))
                    .collect()
            }
            Self::Scene => between(scene.0, scene.1, scene.2)?,
            Self::Range(first, last, step) => between(
                first.unwrap_or(scene.0),
                last.unwrap_or(scene.1),
                step.unwrap_or(scene.2),
            )?,
        };
        if numbers.is_empty() {
            return Err("no frames are asked for: the list is empty".to_owned());
        }
        match numbers
            .iter()
            .find(|frame| !(0..=LAST_FRAME).contains(*frame))
        {
            Some(frame) => Err(format!(
                "frame {frame} is none that Blender renders: frames are 0 to {LAST_FRAME}"
            )),
            None => Ok(numbers),
        }
    }
}

fn between(first: i64, last: i64, step: i64) -> Result<Vec<i64>, String> {
    if step < 1 {
        return Err(format!(
            "frames {first}:{last}:{step}: a step must be at least 1"
        ));
    }
    if last < first {
        return Err(format!(
            "frames {first}:{last} is empty: the last frame comes before the first"
        ));
    }
    // Before millions of numbers are laid out.
    for frame in [first, last] {
        if !(0..=LAST_FRAME).contains(&frame) {
            return Err(format!(
                "frame {frame} is none that Blender renders: frames are 0 to {LAST_FRAME}"
            ));
        }
    }
    let step = usize::try_from(step).unwrap_or(usize::MAX);
    Ok((first..=last).step_by(step).collect())
}

impl FromStr for Frames {
    type Err = String;

    /// `"7"`, `"1:250"`, `"1:250:2"`, `"1:"`, or several of them: `"1:9,20,30:40"`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |part: &str| {
            format!("'{part}' is no frame range: write 7, 1:250, 1:250:2 or several with commas")
        };
        let part = |part: &str| -> Result<Self, String> {
            let numbers: Vec<Option<i64>> = part
                .split(':')
                .map(|number| match number.trim() {
                    "" => Ok(None),
                    number => number.parse().map(Some).map_err(|_| wrong(part)),
                })
                .collect::<Result<_, _>>()?;
            match numbers[..] {
                [Some(one)] => Ok(Self::Range(Some(one), Some(one), Some(1))),
                [first, last] => Ok(Self::Range(first, last, None)),
                [first, last, step] => Ok(Self::Range(first, last, step)),
                _ => Err(wrong(part)),
            }
        };
        if !text.contains(',') {
            return part(text);
        }
        let mut all = Vec::new();
        for one in text.split(',') {
            match part(one)? {
                Self::Range(Some(first), Some(last), step) => {
                    all.extend(between(first, last, step.unwrap_or(1))?);
                }
                _ => {
                    return Err(format!(
                        "'{one}': among several ranges each needs its first and last frame"
                    ));
                }
            }
        }
        Ok(Self::These(all))
    }
}

impl fmt::Display for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |number: &Option<i64>| number.map_or_else(String::new, |n| n.to_string());
        match self {
            Self::Scene => f.write_str(":"),
            Self::Range(first, last, None) => write!(f, "{}:{}", show(first), show(last)),
            Self::Range(first, last, step) => {
                write!(f, "{}:{}:{}", show(first), show(last), show(step))
            }
            Self::These(numbers) => {
                let each: Vec<_> = numbers.iter().map(ToString::to_string).collect();
                f.write_str(&each.join(","))
            }
        }
    }
}

impl Serialize for Frames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[allow(dead_code, reason = "its variants are the schema's")]
enum Written {
    /// As `"1:250:2"`: first, last (with it), step; parts left out are the scene's.
    Text(String),
    /// One frame.
    One(i64),
    /// These, in this order.
    These(Vec<i64>),
}

impl<'de> Deserialize<'de> for Frames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Text(text) => text.parse().map_err(serde::de::Error::custom),
            Written::One(number) => Ok(Self::These(vec![number])),
            Written::These(numbers) => Ok(Self::These(numbers)),
        }
    }
}

impl JsonSchema for Frames {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Frames".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Written::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Result<Vec<i64>, String> {
        text.parse::<Frames>()?.numbers((1, 5, 2))
    }

    #[test]
    fn ranges_take_what_they_do_not_say_from_the_scene() {
        assert_eq!(numbers(":"), Ok(vec![1, 3, 5]));
        assert_eq!(numbers("4:8"), Ok(vec![4, 6, 8]));
        assert_eq!(numbers("4:8:1"), Ok(vec![4, 5, 6, 7, 8]));
        assert_eq!(numbers("2:"), Ok(vec![2, 4]));
        assert_eq!(numbers("7"), Ok(vec![7]));
        assert_eq!(numbers("1:3,9,3:4"), Ok(vec![1, 2, 3, 9, 4]));
        assert_eq!(Frames::Scene.numbers((0, 0, 1)), Ok(vec![0]));
    }

    #[test]
    fn wrong_ranges_are_said() {
        for (text, said) in [
            ("5:1", "comes before the first"),
            ("1:5:0", "at least 1"),
            ("1:5:-1", "at least 1"),
            ("0:99999999", "frame 99999999 is none"),
            ("-3:1", "frame -3 is none"),
            ("a", "'a' is no frame range"),
            ("1:2:3:4", "is no frame range"),
            ("1:,4", "needs its first and last"),
        ] {
            let error = numbers(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        assert!(Frames::These(vec![]).numbers((1, 1, 1)).is_err());
    }

    #[test]
    fn they_are_read_as_they_are_written() {
        for text in [":", "4:8", "4:8:2", "1:1:1", "1,2,9"] {
            let frames: Frames = text.parse().unwrap();
            assert_eq!(frames.to_string(), text);
            let json = serde_json::to_string(&frames).unwrap();
            assert_eq!(serde_json::from_str::<Frames>(&json).unwrap(), frames);
        }
        assert_eq!(
            serde_json::from_str::<Frames>("[3, 1]").unwrap(),
            Frames::These(vec![3, 1])
        );
    }
}
