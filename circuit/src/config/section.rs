//! A section checked against its table of keys.
//!
//! Owns how a value of a wrong kind, an unknown key and a key in two spellings are told of. It knows no
//! section in particular.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::Given;
use super::fit::{fit, kind};
use super::keys::Key;
use crate::{Problems, nearest};

/// The file that a section stands in.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The file.
    pub file: PathBuf,
    /// Its folder, from which relative paths in it go on.
    pub folder: PathBuf,
}

/// Where in which file something stands.
#[derive(Debug, Clone)]
pub(crate) struct Place<'a> {
    pub source: &'a Source,
    pub path: String,
}

impl Place<'_> {
    pub(crate) fn key(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    pub(crate) fn below(&self, name: &str) -> Self {
        Self {
            source: self.source,
            path: self.key(name),
        }
    }
}

/// What a check needs besides the section.
#[derive(Debug)]
pub(crate) struct Check<'a> {
    pub problems: &'a mut Problems,
    /// Where the program runs.
    pub working: &'a Path,
    /// Every known key that was given.
    pub given: Vec<Given>,
}

impl Check<'_> {
    pub(crate) fn error(&mut self, place: &Place<'_>, name: &str, text: impl Into<String>) {
        let key = if name.is_empty() {
            place.path.clone()
        } else {
            place.key(name)
        };
        self.problems.error(&place.source.file, key, text);
    }

    pub(crate) fn warning(&mut self, place: &Place<'_>, name: &str, text: impl Into<String>) {
        let key = if name.is_empty() {
            place.path.clone()
        } else {
            place.key(name)
        };
        self.problems.warning(&place.source.file, key, text);
    }

    /// The object that a section must be; an error and nothing else.
    pub(crate) fn object<'v>(
        &mut self,
        value: &'v Value,
        place: &Place<'_>,
    ) -> Option<&'v Map<String, Value>> {
        if value.is_object() || value.is_null() {
            return value.as_object();
        }
        self.error(
            place,
            "",
            format!("is {}; an object {{…}} is needed", kind(value)),
        );
        None
    }

    /// The list that a section must be.
    pub(crate) fn list<'v>(&mut self, value: &'v Value, place: &Place<'_>) -> &'v [Value] {
        match value {
            Value::Array(items) => items,
            Value::Null => &[],
            other => {
                self.error(
                    place,
                    "",
                    format!("is {}; a list […] is needed", kind(other)),
                );
                &[]
            }
        }
    }

    /// The path of something that is read: from the folder of the file that says so.
    ///
    /// BMTK goes on from where the program runs; what lies only there is taken, with a warning.
    pub(crate) fn path(&mut self, text: &str, place: &Place<'_>, name: &str) -> PathBuf {
        let path = joined(&place.source.folder, text);
        let there = joined(self.working, text);
        if path != there && !path.exists() && there.exists() {
            self.warning(
                place,
                name,
                format!(
                    "{text:?} is not in the configuration's folder, but where the program runs ({}); write \"${{workingdir}}/…\" if that is meant",
                    self.working.display()
                ),
            );
            return there;
        }
        path
    }

    /// Checks all entries of a section.
    pub(crate) fn fields(
        &mut self,
        object: &Map<String, Value>,
        keys: &[&[Key]],
        place: &Place<'_>,
    ) -> Fields {
        let mut fields = Fields::default();
        let known = || keys.iter().flat_map(|table| table.iter());
        for (name, value) in object {
            let Some(key) = known().find(|key| key.names().any(|one| one == name)) else {
                // Nobody reads the hundredth.
                let names = known().take(if self.problems.warnings() < 100 {
                    usize::MAX
                } else {
                    0
                });
                let text = match nearest(name, names.flat_map(Key::names)) {
                    Some(near) => format!("is no key that is known here; did you mean {near:?}?"),
                    None => "is no key that is known here, and ignored".to_owned(),
                };
                self.warning(place, name, text);
                continue;
            };
            if value.is_null() {
                continue;
            }
            match fit(value, key) {
                Ok(value) => {
                    self.given.push(Given {
                        file: place.source.file.clone(),
                        key: place.key(name),
                        engines: key.engines,
                    });
                    if let Some((before, _)) = fields.values.insert(key.name, (name.clone(), value))
                    {
                        self.error(
                            place,
                            name,
                            format!("says the same as {before:?}; leave one"),
                        );
                    }
                }
                Err(text) => {
                    fields.wrong.push(key.name);
                    self.error(place, name, text);
                }
            }
        }
        fields
    }
}

/// A path that goes on from a folder, without the `.` in `./file`.
pub(crate) fn joined(folder: &Path, text: &str) -> PathBuf {
    folder.join(text).components().collect()
}

/// The entries of a section that are what they should be, by the keys' own names.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    values: IndexMap<&'static str, (String, Value)>,
    wrong: Vec<&'static str>,
}

impl Fields {
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name).map(|(_, value)| value)
    }

    /// Takes an entry out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.values.shift_remove(name).map(|(_, value)| value)
    }

    /// Puts another text in an entry's place.
    pub(crate) fn set(&mut self, name: &str, text: String) {
        if let Some((_, value)) = self.values.get_mut(name) {
            *value = text.into();
        }
    }

    /// Whether it was given, be it wrong.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name) || self.wrong.contains(&name)
    }

    /// The spelling in which it was given.
    pub(crate) fn spelling<'a>(&'a self, name: &'a str) -> &'a str {
        self.values.get(name).map_or(name, |(spelling, _)| spelling)
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.value(name).and_then(Value::as_f64)
    }

    pub(crate) fn whole(&self, name: &str) -> Option<u64> {
        self.value(name).and_then(Value::as_u64)
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(Value::as_bool)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.value(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// One number or several.
    pub(crate) fn numbers(&self, name: &str) -> Option<Vec<f64>> {
        self.value(name).map(|value| match value {
            Value::Array(items) => items.iter().filter_map(Value::as_f64).collect(),
            one => one.as_f64().into_iter().collect(),
        })
    }

    /// One text or several.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match self.value(name) {
            Some(Value::Array(items)) => items.iter().filter_map(text).collect(),
            Some(one) => text(one).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// The path of something that is read.
    pub(crate) fn path(
        &self,
        name: &str,
        place: &Place<'_>,
        check: &mut Check<'_>,
    ) -> Option<PathBuf> {
        let text = self.text(name)?;
        Some(check.path(&text, place, self.spelling(name)))
    }

    /// All that are left, by the keys' own names.
    pub(crate) fn into_values(self) -> Map<String, Value> {
        let values = self.values.into_iter();
        values
            .map(|(name, (_, value))| (name.to_owned(), value))
            .collect()
    }
}
