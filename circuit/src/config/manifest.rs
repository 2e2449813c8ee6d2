//! Variables: `$NAME` and `${NAME}` in a configuration.
//!
//! Owns which variables there are, how they are resolved and how values are put in for them. It reads
//! no file.
//!
//! As in BMTK, a text that is one variable becomes the variable's value, whatever that is; within a
//! longer text the value is written out. Other than there, a variable that is not defined is an error,
//! a number is a value, and `$DIR2` is not mistaken for `$DIR` and a `2`.

use std::cell::Cell;
use std::collections::HashMap;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::{Problems, nearest};

/// No text becomes longer than this: a variable made of others, made of others, doubles each time.
const LONGEST: usize = 64 << 10;
/// All texts of a file together become no longer than this.
const ALL: usize = 16 << 20;

/// They are that long.
const SPENT: usize = usize::MAX;

/// A part of a text.
enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
    Open(&'a str),
}

/// The parts of a text. `$` before anything but a name or `{` is an ordinary letter.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let Some(tail) = rest.strip_prefix('$') else {
            let (piece, tail) = rest.split_at(rest.find('$').unwrap_or(rest.len()));
            rest = tail;
            return Some(Piece::Text(piece));
        };
        if let Some(inner) = tail.strip_prefix('{') {
            let end = inner.find(|letter| !is_name(letter)).unwrap_or(inner.len());
            let (name, after) = inner.split_at(end);
            return Some(match after.strip_prefix('}') {
                Some(after) if !name.is_empty() => {
                    rest = after;
                    Piece::Name(name)
                }
                _ => {
                    let piece = rest;
                    rest = "";
                    Piece::Open(piece)
                }
            });
        }
        let end = tail.find(|letter| !is_name(letter)).unwrap_or(tail.len());
        let (name, after) = tail.split_at(end);
        let (dollar, _) = rest.split_at(1);
        rest = after;
        Some(match name {
            "" => Piece::Text(dollar),
            name => Piece::Name(name),
        })
    })
}

/// Variables and their values.
#[derive(Debug)]
pub(crate) struct Variables {
    values: IndexMap<String, Value>,
    left: Cell<usize>,
    /// Whether variables are resolved still. Lists within lists within lists would have no end.
    resolving: bool,
}

impl Variables {
    /// Resolves the section `manifest`, whose values may name each other and the variables that exist
    /// anyway (`given`); what the user sets (`set`) comes before both.
    pub(crate) fn resolve(
        manifest: &Map<String, Value>,
        given: IndexMap<String, Value>,
        set: &IndexMap<String, Value>,
        file: &Path,
        problems: &mut Problems,
    ) -> Self {
        let mut all = Self {
            values: given,
            left: Cell::new(ALL),
            resolving: true,
        };
        let (mut open, mut keys) = (IndexMap::new(), HashMap::new());
        for (key, value) in manifest {
            let name = bare(key).to_owned();
            if set.contains_key(&name) {
                continue;
            }
            keys.insert(name.clone(), format!("manifest.{key}"));
            if open.insert(name, value.clone()).is_some() {
                let text = "is given twice, with `$` and without; leave one";
                problems.error(file, format!("manifest.{key}"), text);
            }
        }
        for (name, value) in set {
            all.values.insert(bare(name).to_owned(), value.clone());
        }
        // Those that need others wait for them; what waits at the end goes round in a circle.
        let mut waiting: HashMap<String, usize> = HashMap::new();
        let mut needed_by: HashMap<String, Vec<String>> = HashMap::new();
        let mut ready = Vec::new();
        for (name, value) in &open {
            let mut needs = Vec::new();
            names(value, &mut needs);
            needs.retain(|other| open.contains_key(*other));
            needs.sort_unstable();
            needs.dedup();
            for other in &needs {
                needed_by
                    .entry((*other).to_owned())
                    .or_default()
                    .push(name.clone());
            }
            match needs.len() {
                0 => ready.push(name.clone()),
                number => _ = waiting.insert(name.clone(), number),
            }
        }
        while let Some(name) = ready.pop() {
            let Some(mut value) = open.swap_remove(&name) else {
                continue;
            };
            let key = keys.get(&name).map_or("manifest", String::as_str);
            all.expand_at(&mut value, key, file, problems, &open);
            all.values.insert(name.clone(), value);
            for next in needed_by.remove(&name).unwrap_or_default() {
                if let Some(number) = waiting.get_mut(&next) {
                    *number -= 1;
                    if *number == 0 {
                        ready.push(next);
                    }
                }
            }
        }
        if !open.is_empty() {
            let some: Vec<String> = open.keys().take(5).map(|name| format!("${name}")).collect();
            let text = format!(
                "{} {}; give {} a value without that",
                some.join(", "),
                if some.len() == 1 {
                    "is defined by itself"
                } else {
                    "are defined by each other"
                },
                if some.len() == 1 { "it" } else { "one of them" },
            );
            problems.error(file, "manifest", text);
            all.values.extend(open);
        }
        all.resolving = false;
        all
    }

    /// The variables with their values, as BMTK puts them into the configuration.
    pub(crate) fn values(&self) -> &IndexMap<String, Value> {
        &self.values
    }

    /// Puts the values in for all variables of a value. Keys stay what they are, and so do the values of
    /// operators (`{"$regex": "^a$"}`).
    pub(crate) fn expand(
        &self,
        value: &mut Value,
        key: &str,
        file: &Path,
        problems: &mut Problems,
    ) {
        self.expand_at(value, key, file, problems, &IndexMap::new());
    }

    fn expand_at(
        &self,
        value: &mut Value,
        key: &str,
        file: &Path,
        problems: &mut Problems,
        open: &IndexMap<String, Value>,
    ) {
        match value {
            Value::String(text) if text.contains('$') => {
                if let Some(new) = self.text(text, key, file, problems, open) {
                    *value = new;
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    if holds_text(item) {
                        self.expand_at(item, &format!("{key}.{at}"), file, problems, open);
                    }
                }
            }
            Value::Object(fields) => {
                for (name, item) in fields.iter_mut() {
                    if holds_text(item) && !name.starts_with('$') {
                        let key = match key {
                            "" => name.clone(),
                            key => format!("{key}.{name}"),
                        };
                        self.expand_at(item, &key, file, problems, open);
                    }
                }
            }
            _ => {}
        }
    }

    /// What a text becomes; nothing where it stays.
    fn text(
        &self,
        text: &str,
        key: &str,
        file: &Path,
        problems: &mut Problems,
        open: &IndexMap<String, Value>,
    ) -> Option<Value> {
        if self.left.get() == SPENT {
            return None;
        }
        let mut whole = pieces(text);
        if let (Some(Piece::Name(name)), None) = (whole.next(), whole.next())
            && let Some(value) = self.values.get(name)
        {
            if self.resolving && matches!(value, Value::Array(_) | Value::Object(_)) {
                let text = format!("${name} is a list or an object: no value of another variable");
                problems.error(file, key, text);
                return None;
            }
            return self
                .spend(value.to_string().len(), key, file, problems)
                .then(|| value.clone());
        }
        let mut result = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(part) => result.push_str(part),
                Piece::Open(part) => {
                    let text = format!("{part:?} is no variable; write ${{NAME}}");
                    problems.error(file, key, text);
                    return None;
                }
                Piece::Name(name) => match self.values.get(name) {
                    Some(Value::String(part)) => result.push_str(part),
                    Some(Value::Array(_) | Value::Object(_)) => {
                        let text = format!("${name} is a list or an object: no part of a text");
                        problems.error(file, key, text);
                        return None;
                    }
                    Some(value) => result.push_str(&value.to_string()),
                    None => {
                        // One that waits in a circle is told of there.
                        if !open.contains_key(name) {
                            let text = self.unknown(name, problems);
                            problems.error(file, key, text);
                        }
                        return None;
                    }
                },
            }
            if result.len() > LONGEST {
                problems.error(file, key, "its variables make it longer than 64 KiB");
                return None;
            }
        }
        // The guide's own example says "$/path/to/my/models".
        if result.starts_with("$/") {
            let plain = result.split_off(1);
            problems.warning(
                file,
                key,
                format!(
                    "`$/` names no variable and is read as `/`; BMTK refuses it; write {plain:?}"
                ),
            );
            result = plain;
        }
        self.spend(result.len(), key, file, problems)
            .then_some(Value::String(result))
    }

    /// Whether so much may still be put in.
    fn spend(&self, length: usize, key: &str, file: &Path, problems: &mut Problems) -> bool {
        let left = self.left.get();
        if length > left {
            problems.error(file, key, "the variables make this file longer than 16 MiB");
            // It is said once.
            self.left.set(SPENT);
        } else if left != SPENT {
            self.left.set(left - length);
            return true;
        }
        false
    }

    fn unknown(&self, name: &str, problems: &Problems) -> String {
        // Nobody reads the hundredth, and each is compared with all.
        let known = self.values.keys().map(String::as_str);
        let known = known.take(if problems.errors() < 100 { 10_000 } else { 0 });
        match nearest(name, known) {
            Some(near) => format!("${name} is not defined; did you mean ${near}?"),
            None => format!("${name} is not defined; give it a value in `manifest`"),
        }
    }
}

/// A variable's name without `$`.
fn bare(key: &str) -> &str {
    let name = key.strip_prefix('$').unwrap_or(key);
    name.strip_prefix('{')
        .and_then(|name| name.strip_suffix('}'))
        .unwrap_or(name)
}

/// The variables that a value names.
fn names<'a>(value: &'a Value, all: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => all.extend(pieces(text).filter_map(|piece| match piece {
            Piece::Name(name) => Some(name),
            _ => None,
        })),
        Value::Array(items) => items.iter().for_each(|item| names(item, all)),
        Value::Object(fields) => fields.values().for_each(|field| names(field, all)),
        _ => {}
    }
}

/// Whether variables may be in it.
fn holds_text(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_))
}
