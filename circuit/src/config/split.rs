//! Configurations that are split into files.
//!
//! Owns how `"network"` and `"simulation"` are followed and put together: section by section, the named
//! file's before one's own, as in BMTK. Each file has its own manifest and its own folder.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::fit::kind;
use super::manifest::Variables;
use super::section::Source;
use super::{Options, overrides, text};
use crate::{CircuitError, Problems};

/// No configuration is split into more files.
const FILES: usize = 64;

/// The sections of all files.
#[derive(Debug)]
pub(super) struct Sections {
    /// The section, and the file that it stands in.
    pub all: IndexMap<String, (Value, Source)>,
    /// All variables with their values.
    pub manifest: Map<String, Value>,
}

/// What is read, and what was read on the way there.
pub(super) struct Splitter<'a> {
    pub options: &'a Options,
    pub given: IndexMap<String, Value>,
    pub problems: &'a mut Problems,
    pub files: usize,
}

impl Splitter<'_> {
    /// The sections of a file and of those it names.
    pub(super) fn file(
        &mut self,
        file: &Path,
        on_the_way: &[PathBuf],
    ) -> Result<Sections, CircuitError> {
        let value = text::read(file, self.problems)?;
        let folder = file.parent().map(Path::to_owned).unwrap_or_default();
        let source = Source {
            file: file.to_owned(),
            folder,
        };
        self.value(value, &source, on_the_way)
    }

    /// The sections of a configuration that is at hand.
    pub(super) fn value(
        &mut self,
        value: Value,
        source: &Source,
        on_the_way: &[PathBuf],
    ) -> Result<Sections, CircuitError> {
        let file = source.file.as_path();
        let Value::Object(mut object) = value else {
            let text = format!("is {}; a configuration is an object {{…}}", kind(&value));
            return Err(CircuitError::file(file, "", text));
        };
        let mut set = self.options.variables.clone();
        if on_the_way.is_empty() {
            overrides::variables(&self.options.overrides, &mut set);
        }
        let empty = Map::new();
        let manifest = match object.get("manifest") {
            Some(Value::Object(manifest)) => manifest,
            Some(Value::Null) | None => &empty,
            Some(other) => {
                let text = format!("is {}; an object of variables is needed", kind(other));
                self.problems.error(file, "manifest", text);
                &empty
            }
        };
        let mut given = self.given.clone();
        given.insert(
            "configdir".to_owned(),
            source.folder.to_string_lossy().into(),
        );
        given.insert("configfname".to_owned(), file.to_string_lossy().into());
        let variables = Variables::resolve(manifest, given, &set, file, self.problems);
        object.shift_remove("manifest");
        if on_the_way.is_empty() {
            overrides::children(&self.options.overrides, &mut object);
        }
        let mut rest = Value::Object(object);
        variables.expand(&mut rest, "", file, self.problems);
        let Value::Object(object) = rest else {
            return Ok(Sections {
                all: IndexMap::new(),
                manifest: Map::new(),
            });
        };
        let own = object
            .into_iter()
            .map(|(name, value)| (name, (value, source.clone())));
        let mut sections = Sections {
            all: own.collect(),
            manifest: variables
                .values()
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        };
        let mut way = on_the_way.to_vec();
        way.push(canonical(file));
        let mut from: IndexMap<String, PathBuf> = IndexMap::new();
        for name in ["network", "simulation"] {
            let Some((value, _)) = sections.all.get(name) else {
                continue;
            };
            let Some(path) = self.child(value, name, file) else {
                continue;
            };
            let path = source.folder.join(path);
            let Some(child) = self.follow(&path, name, file, &way) else {
                continue;
            };
            for (section, entry) in child.all {
                if ["network", "simulation", "config_path", "config_dir"]
                    .contains(&section.as_str())
                {
                    continue;
                }
                if let Some((_, before)) = sections.all.get(&section) {
                    let before = from.get(&section).unwrap_or(&before.file);
                    let text = format!(
                        "the section of {} counts, as in BMTK; that of {} is ignored; leave one",
                        path.display(),
                        before.display()
                    );
                    self.problems.warning(file, section.clone(), text);
                }
                from.insert(section.clone(), path.clone());
                sections.all.insert(section, entry);
            }
            sections.manifest.extend(child.manifest);
        }
        // Only now, so that they count whichever file a section is from.
        if on_the_way.is_empty() {
            for (key, value) in &self.options.overrides {
                let mut value = value.clone();
                variables.expand(&mut value, key, file, self.problems);
                overrides::apply(key, &value, &mut sections.all, source, self.problems);
            }
        }
        Ok(sections)
    }

    fn child(&mut self, value: &Value, name: &str, file: &Path) -> Option<String> {
        match value {
            Value::String(path) => Some(path.clone()),
            Value::Null => None,
            other => {
                let hint = match name {
                    "network" => "; the section of the network's files is \"networks\"",
                    _ => "",
                };
                let text = format!(
                    "is {}; the path of a configuration is needed{hint}",
                    kind(other)
                );
                self.problems.error(file, name, text);
                None
            }
        }
    }

    fn follow(
        &mut self,
        path: &Path,
        name: &str,
        file: &Path,
        way: &[PathBuf],
    ) -> Option<Sections> {
        self.files += 1;
        let wrong = if way.contains(&canonical(path)) {
            Some(format!(
                "{} names itself in the end; leave that out",
                path.display()
            ))
        } else if self.files > FILES {
            Some(format!(
                "the configuration is split into more than {FILES} files"
            ))
        } else {
            None
        };
        if let Some(text) = wrong {
            self.problems.error(file, name, text);
            return None;
        }
        match self.file(path, way) {
            Ok(sections) => Some(sections),
            Err(error) => {
                self.problems.error(file, name, error.to_string());
                None
            }
        }
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
