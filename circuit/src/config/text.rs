//! JSON as people write it: with comments, commas too many, and keys given twice.
//!
//! Owns the reading of a JSON file into a value, with its bounds. It knows nothing of configurations.
//!
//! The guide that users follow shows `// ...` within its examples, and with it commas before `}`. Both
//! are understood, with a warning, since other readers refuse such a file.

use std::cell::RefCell;
use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::{CircuitError, Problems};

/// No configuration is larger; what is was given by mistake.
const LARGEST: u64 = 64 << 20;

/// The JSON in a file.
///
/// # Errors
/// The file cannot be read, is larger than 64 MiB, or is no JSON: which line.
pub(crate) fn read(file: &Path, problems: &mut Problems) -> Result<Value, CircuitError> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(|source| CircuitError::io(file, source))?;
    opened
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| CircuitError::io(file, source))?;
    if bytes.len() as u64 > LARGEST {
        return Err(CircuitError::file(
            file,
            "",
            "is larger than 64 MiB: no JSON configuration",
        ));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let start = error.as_bytes().get(..valid).unwrap_or_default();
        let line = 1 + start.iter().filter(|byte| **byte == b'\n').count();
        let what = match start {
            [] => "is no JSON text".to_owned(),
            _ => format!("line {line}: is no UTF-8 text; save the file as UTF-8"),
        };
        CircuitError::file(file, "", what)
    })?;
    parse(&text, file, problems)
}

/// The JSON in a text that stands in `file`.
pub(crate) fn parse(
    text: &str,
    file: &Path,
    problems: &mut Problems,
) -> Result<Value, CircuitError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (plain, first) = plain(text);
    if let Some((line, what)) = first {
        problems.warning(
            file,
            "",
            format!("line {line}: {what} is no JSON, and read over here; BMTK and libsonata refuse such a file"),
        );
    }
    let twice = Twice::default();
    let mut deserializer = serde_json::Deserializer::from_str(&plain);
    let value = Node { twice: &twice }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| {
            let words = error.to_string();
            let words = words.split(" at line ").next().unwrap_or_default();
            let place = format!("line {}, column {}", error.line(), error.column());
            CircuitError::file(file, "", format!("{place}: {words}{}", remedy(words)))
        })?;
    for (key, differ) in twice.found.into_inner() {
        match differ {
            true => problems.error(file, key, "is given twice, with two values; leave one"),
            false => problems.warning(file, key, "is given twice, with one value; leave one"),
        }
    }
    Ok(value)
}

/// What mends an error of JSON's grammar.
fn remedy(words: &str) -> &'static str {
    match words {
        words if words.starts_with("expected `,`") => "; is a comma missing before it?",
        words if words.starts_with("key must be a string") => "; names stand in double quotes",
        words if words.starts_with("EOF") => "; is a bracket not closed?",
        words if words.starts_with("expected value") || words.starts_with("expected ident") => {
            "; JSON has numbers, text in double quotes, true, false and null"
        }
        _ => "",
    }
}

/// The text with blanks in place of comments and of commas that nothing follows, so that places stay
/// what they are; and the first of these.
fn plain(text: &str) -> (String, Option<(usize, &'static str)>) {
    let mut bytes = text.as_bytes().to_vec();
    let (mut first, mut at, mut line) = (None, 0, 1);
    let mut comma: Option<(usize, usize)> = None;
    while let Some(byte) = bytes.get(at).copied() {
        match (byte, bytes.get(at + 1).copied()) {
            (b'"', _) => {
                comma = None;
                at += 1;
                while let Some(byte) = bytes.get(at).copied() {
                    match byte {
                        b'"' => break,
                        b'\\' => at += 1,
                        b'\n' => line += 1,
                        _ => {}
                    }
                    at += 1;
                }
            }
            (b'/', Some(b'/')) => {
                first = first.or(Some((line, "a comment")));
                while let Some(byte) = bytes.get_mut(at).filter(|byte| **byte != b'\n') {
                    *byte = b' ';
                    at += 1;
                }
                continue;
            }
            (b'/', Some(b'*')) => {
                first = first.or(Some((line, "a comment")));
                let (mut before, start) = (0, at);
                while let Some(byte) = bytes.get_mut(at) {
                    let over = before == b'*' && *byte == b'/' && at > start + 2;
                    before = *byte;
                    match *byte {
                        b'\n' => line += 1,
                        _ => *byte = b' ',
                    }
                    at += 1;
                    if over {
                        break;
                    }
                }
                continue;
            }
            (b',', _) => comma = Some((at, line)),
            (b'}' | b']', _) => {
                if let Some((place, line)) = comma.take()
                    && let Some(byte) = bytes.get_mut(place)
                {
                    *byte = b' ';
                    first = first.or(Some((line, "a comma before a bracket")));
                }
            }
            (b'\n', _) => line += 1,
            (byte, _) if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at += 1;
    }
    // Only whole comments and single commas were overwritten, so it is text still.
    match String::from_utf8(bytes) {
        Ok(plain) => (plain, first),
        Err(_) => (text.to_owned(), None),
    }
}

/// Keys that were given twice, and whether their values differ.
#[derive(Default)]
struct Twice {
    path: RefCell<Vec<String>>,
    found: RefCell<Vec<(String, bool)>>,
}

/// So many are kept.
const KEPT: usize = 200;

#[derive(Clone, Copy)]
struct Node<'a> {
    twice: &'a Twice,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        serde_json::Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            self.twice.path.borrow_mut().push(key.clone());
            let value = map.next_value_seed(self)?;
            let path = &self.twice.path;
            if let Some(before) = values.get(&key)
                && self.twice.found.borrow().len() < KEPT
            {
                let differ = *before != value;
                let found = (path.borrow().join("."), differ);
                self.twice.found.borrow_mut().push(found);
            }
            path.borrow_mut().pop();
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Result<Value, CircuitError>, Problems) {
        let mut problems = Problems::new();
        let value = parse(text, Path::new("c.json"), &mut problems);
        (value, problems)
    }

    #[test]
    fn the_guides_comments_are_read_over_with_one_warning() {
        let (value, problems) = parsed(
            "{\n  \"run\": {\n    // ...\n  },\n  \"a\": \"http://x, }\", /* b */ \"c\": [1,],\n}",
        );
        assert_eq!(
            value.unwrap(),
            serde_json::json!({"run": {}, "a": "http://x, }", "c": [1]})
        );
        assert_eq!(problems.warnings(), 1, "{problems}");
        assert!(
            problems.to_string().contains("line 3: a comment"),
            "{problems}"
        );
    }

    #[test]
    fn a_missing_comma_is_an_error_with_its_line() {
        let (value, _) = parsed("{\n \"a\": {}\n \"b\": {}\n}");
        let words = value.unwrap_err().to_string();
        assert!(
            words.contains("line 3") && words.contains("comma missing"),
            "{words}"
        );
    }

    #[test]
    fn keys_given_twice_are_said_with_their_path() {
        let (value, problems) = parsed(r#"{"run": {"dt": 0.1, "dt": 0.2}, "a": {"b": 1, "b": 1}}"#);
        assert_eq!(value.unwrap()["run"]["dt"], 0.2);
        assert_eq!(problems.errors(), 1, "{problems}");
        assert_eq!(problems.warnings(), 1, "{problems}");
        assert!(
            problems.to_string().contains("run.dt: is given twice"),
            "{problems}"
        );
    }

    #[test]
    fn hostile_texts_are_errors() {
        let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
        for text in [
            "",
            "{",
            "nul",
            "NaN",
            "{\"a\": 1e999}",
            "{\"a\": \"",
            "/*",
            "{} {}",
            "\"\\",
            "// x",
            &deep,
        ] {
            assert!(parsed(text).0.is_err(), "{}", &text[..text.len().min(20)]);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.json");
        std::fs::write(&file, b"{\n\"a\": \"\xff\"}").unwrap();
        let error = read(&file, &mut Problems::new()).unwrap_err().to_string();
        assert!(
            error.contains("line 2") && error.contains("UTF-8"),
            "{error}"
        );
        std::fs::write(&file, b"\x89HDF\r\n\x1a\n").unwrap();
        assert!(read(&file, &mut Problems::new()).is_err());
    }
}
