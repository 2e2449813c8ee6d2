//! Whether a value is what its key needs.
//!
//! Owns the words for a value that is not.

use serde_json::{Number, Value};

use super::keys::{Key, Shape};
use crate::nearest;

/// The value as its key needs it, or what is wrong with it.
pub(crate) fn fit(value: &Value, key: &Key) -> Result<Value, String> {
    let unit = match key.unit {
        "" => String::new(),
        unit => format!(" in {unit}"),
    };
    let all = |items: &[Value], fits: fn(&Value) -> bool| items.iter().all(fits);
    let fits = match key.shape {
        Shape::Number => value.is_number(),
        Shape::Positive => value.as_f64().is_some_and(|number| number > 0.0),
        Shape::NotNegative => value.as_f64().is_some_and(|number| number >= 0.0),
        Shape::Whole(least) => {
            if let Some(number) = whole(value).filter(|number| *number >= least) {
                return Ok(Value::Number(Number::from(number)));
            }
            false
        }
        Shape::Flag => value.is_boolean(),
        Shape::Text | Shape::Path => value.is_string(),
        Shape::Word(words) => {
            if let Some(text) = value.as_str() {
                let known = words.iter().find(|word| word.eq_ignore_ascii_case(text));
                return match known {
                    Some(word) => Ok((*word).into()),
                    None => Err(not_one_of(text, words)),
                };
            }
            false
        }
        Shape::Paths | Shape::Texts => {
            value.is_string()
                || value
                    .as_array()
                    .is_some_and(|items| all(items, Value::is_string))
        }
        Shape::Written | Shape::WrittenEach if no_file(value) => return Ok(Value::Null),
        Shape::Written => value.is_string(),
        Shape::WrittenEach => {
            value.is_string()
                || value
                    .as_array()
                    .is_some_and(|items| all(items, Value::is_string))
        }
        Shape::Numbers => {
            value.is_number()
                || value
                    .as_array()
                    .is_some_and(|items| all(items, Value::is_number))
        }
        Shape::NodeSet => value.is_string() || value.is_array() || value.is_object(),
        Shape::Object => value.is_object(),
        Shape::List => value.is_array(),
        Shape::Any => true,
    };
    if fits {
        return Ok(value.clone());
    }
    let needed = match key.shape {
        Shape::Number => format!("a number{unit} is needed"),
        Shape::Positive => format!("a number above 0{unit} is needed"),
        Shape::NotNegative => format!("a number of 0 or more{unit} is needed"),
        Shape::Whole(least) => format!("a whole number of at least {least} is needed"),
        Shape::Flag => "true or false is needed".to_owned(),
        Shape::Text | Shape::Word(_) => "text is needed".to_owned(),
        Shape::Path => "the path of a file or folder is needed".to_owned(),
        Shape::Written => "the path of a file is needed, or false".to_owned(),
        Shape::Paths | Shape::WrittenEach => "a path or a list of paths is needed".to_owned(),
        Shape::Numbers => format!("a number{unit} or a list of numbers is needed"),
        Shape::Texts => "text or a list of texts is needed".to_owned(),
        Shape::NodeSet => {
            "the name of a node set is needed, or an object that describes one".to_owned()
        }
        Shape::Object => "an object {…} is needed".to_owned(),
        Shape::List => "a list […] is needed".to_owned(),
        Shape::Any => String::new(),
    };
    let quoted = value.as_str().filter(|text| {
        serde_json::from_str::<Value>(text)
            .is_ok_and(|inner| inner.is_number() || inner.is_boolean())
    });
    Err(match quoted {
        Some(text) => format!("is {}; {needed}; write {text} without quotes", kind(value)),
        None => format!("is {}; {needed}", kind(value)),
    })
}

/// What is said of a word that is none of those known.
pub(crate) fn not_one_of(text: &str, words: &[&str]) -> String {
    match nearest(text, words.iter().copied()) {
        Some(near) => format!("{text:?} is not known here; did you mean {near:?}?"),
        None => format!("{text:?} is not known here; known are {}", words.join(", ")),
    }
}

/// A whole number, written with a point or without.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        let fits = number.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&number);
        fits.then_some(number as u64)
    })
}

fn no_file(value: &Value) -> bool {
    match value {
        Value::Bool(given) => !given,
        Value::String(text) => text.is_empty() || text.eq_ignore_ascii_case("none"),
        _ => false,
    }
}

/// What a value is, in words.
pub(crate) fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(text) => {
            let short: String = text.chars().take(60).collect();
            let dots = if short.len() < text.len() { "…" } else { "" };
            format!("the text {:?}", short + dots)
        }
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
