//! Configurations of circuits and simulations.
//!
//! Owns the reading of a SONATA configuration: variables, split files, sections, and every key in the
//! spelling of SONATA, of BMTK's guide and of BMTK's code. It opens nothing that a configuration names but
//! further configurations and its file of node sets, runs nothing and writes nothing.
//!
//! All that is wrong is gathered: a value of a wrong kind is an error, a key that nobody knows a warning,
//! each with its file, its key and the nearest right name. What another engine heeds is read and kept; see
//! [`Config::not_for`].
//!
//! Paths go on from the folder of the file that names them, as SONATA has it; BMTK takes the folder in
//! which it runs, so a file that is only there is taken with a warning. `output_dir` goes on from where
//! the program runs, as in BMTK.

mod engines;
mod fit;
mod inputs;
pub mod keys;
mod manifest;
mod networks;
pub mod observers;
mod output;
mod overrides;
mod reports;
mod resolved;
mod run;
mod section;
mod sets;
mod split;
pub mod stimuli;
mod text;
mod times;

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::{Map, Value};

pub use engines::{Engine, Engines};
pub use inputs::{Input, Stimulus, TrainsFormat};
pub use keys::{Key, Shape};
pub use networks::{Components, Networks};
pub use output::Output;
pub use overrides::parse as parse_override;
pub use reports::{Recording, Report};
pub use run::{Conditions, Run};

use crate::{CircuitError, Problems};
use section::{Check, Place, Source};
use split::{Sections, Splitter};

/// What is set from outside a configuration.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Variables; they count before the manifest's.
    pub variables: IndexMap<String, Value>,
    /// Dotted keys and their values: `run.tstop`, `inputs.clamp.amp`, `networks.nodes.0.nodes_file`,
    /// `manifest.$DIR`; see [`parse_override`].
    pub overrides: Vec<(String, Value)>,
    /// Where the program runs; `None`: the process's folder.
    pub working_dir: Option<PathBuf>,
}

/// A key that is given, and the engines that heed it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Given {
    /// The file that it stands in.
    pub file: PathBuf,
    /// The key, as `run.dL`.
    pub key: String,
    /// Who heeds it.
    pub engines: Engines,
}

/// A configuration of a circuit, of a simulation, or of both.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The file; of a configuration at hand, the name it would have.
    pub file: PathBuf,
    /// How long and how finely.
    pub run: Run,
    /// Whether there is a section `run`.
    pub has_run: bool,
    /// Conditions of the tissue.
    pub conditions: Conditions,
    /// For whom it was written: `NEST`, `NEURON`, …
    pub target_simulator: Option<String>,
    /// Folders of models.
    pub components: Components,
    /// Files of nodes and edges.
    pub networks: Networks,
    /// Node sets: of `node_sets`, and those of `node_sets_file` besides.
    pub node_sets: Map<String, Value>,
    /// The file that the node sets stand in, for what is said of them.
    pub node_sets_file: PathBuf,
    /// What acts on the cells; blocks that are switched off are absent.
    pub inputs: IndexMap<String, Input>,
    /// What is recorded; blocks that are switched off are absent.
    pub reports: IndexMap<String, Report>,
    /// Where results go.
    pub output: Output,
    given: Vec<Given>,
    json: Value,
}

impl Config {
    /// The configuration in a file, with all that is wrong in `problems`.
    ///
    /// # Errors
    /// The file cannot be read, or is no JSON object.
    pub fn load(file: impl AsRef<Path>, problems: &mut Problems) -> Result<Self, CircuitError> {
        Self::load_with(file, &Options::default(), problems)
    }

    /// As [`Config::load`], with variables and values set from outside.
    ///
    /// # Errors
    /// As there.
    pub fn load_with(
        file: impl AsRef<Path>,
        options: &Options,
        problems: &mut Problems,
    ) -> Result<Self, CircuitError> {
        let (working, file) = (working(options), file.as_ref());
        let file = working.join(file.strip_prefix(".").unwrap_or(file));
        let mut splitter = splitter(options, &working, problems);
        let sections = splitter.file(&file, &[])?;
        Ok(Self::build(file, sections, &working, problems))
    }

    /// A configuration that is at hand, as if it stood in `folder`.
    ///
    /// # Errors
    /// It is no object.
    pub fn from_value(
        value: Value,
        folder: &Path,
        options: &Options,
        problems: &mut Problems,
    ) -> Result<Self, CircuitError> {
        let working = working(options);
        let folder = working.join(folder.strip_prefix(".").unwrap_or(folder));
        // That of BMTK's dictionaries, for what is said of it.
        let named = value.get("config_path").and_then(Value::as_str);
        let source = Source {
            file: folder.join(named.unwrap_or("sonata_config.json")),
            folder,
        };
        let file = source.file.clone();
        let mut splitter = splitter(options, &working, problems);
        let sections = splitter.value(value, &source, &[])?;
        Ok(Self::build(file, sections, &working, problems))
    }

    /// The configuration as BMTK's dictionary has it: one object, all files together, variables replaced,
    /// files of the output joined to its folder, node sets of another file put in, `config_path` and
    /// `config_dir` added. Other than there, paths of files that are read are absolute.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Every key that is given and known.
    pub fn given(&self) -> &[Given] {
        &self.given
    }

    /// The keys that are given and that this engine does not heed, each with those that do.
    pub fn not_for(&self, engine: Engine) -> impl Iterator<Item = &Given> {
        self.given
            .iter()
            .filter(move |one| !one.engines.contains(engine))
    }

    fn build(file: PathBuf, sections: Sections, working: &Path, problems: &mut Problems) -> Self {
        let root = Source {
            folder: file.parent().map(Path::to_owned).unwrap_or_default(),
            file: file.clone(),
        };
        let mut check = Check {
            problems,
            working,
            given: Vec::new(),
        };
        let top = Map::from_iter(sections.all.iter().map(|(name, (value, _))| {
            // Sections say themselves what is wrong with them.
            let value = if value.is_object() {
                Value::Object(Map::new())
            } else {
                value.clone()
            };
            (name.clone(), value)
        }));
        let whole = Place {
            source: &root,
            path: String::new(),
        };
        let fields = check.fields(&top, &[keys::TOP], &whole);
        let empty = Map::new();
        let section = |name: &str| match sections.all.get(name) {
            Some((Value::Object(object), source)) => (object, place(source, name)),
            _ => (&empty, place(&root, name)),
        };
        let has = |name: &str| matches!(sections.all.get(name), Some((Value::Object(_), _)));
        let mut config = Self {
            run: Run::default(),
            has_run: has("run"),
            conditions: Conditions::default(),
            target_simulator: fields.text("target_simulator"),
            components: Components::default(),
            networks: Networks::default(),
            node_sets: Map::new(),
            node_sets_file: root.file.clone(),
            inputs: IndexMap::new(),
            reports: IndexMap::new(),
            output: Output::absent(working),
            given: Vec::new(),
            json: Value::Null,
            file,
        };
        let (object, place) = section("run");
        if has("run") {
            config.run = Run::read(object, &place, &mut check);
        }
        let (object, place) = section("conditions");
        config.conditions = Conditions::read(object, &place, &mut check);
        let (object, place) = section("components");
        config.components = Components::read(object, &place, &mut check);
        let (object, place) = section("networks");
        if has("networks") {
            config.networks = Networks::read(object, &place, &mut check);
        }
        let (object, place) = section("inputs");
        for (name, value) in object {
            if let Some(input) = Input::read(name, value, &place.below(name), &mut check) {
                config.inputs.insert(name.clone(), input);
            }
        }
        let (object, place) = section("reports");
        for (name, value) in object {
            if let Some(report) = Report::read(name, value, &place.below(name), &mut check) {
                config.reports.insert(name.clone(), report);
            }
        }
        let (object, place) = section("output");
        if has("output") {
            config.output = Output::read(object, &place, &mut check);
        }
        sets::read(&mut config, &sections, &mut check);
        reports::one_file_each(&config, &mut check);
        config.given = std::mem::take(&mut check.given);
        config.json = resolved::json(&config, sections);
        config
    }
}

fn place<'a>(source: &'a Source, name: &str) -> Place<'a> {
    Place {
        source,
        path: name.to_owned(),
    }
}

fn working(options: &Options) -> PathBuf {
    match &options.working_dir {
        Some(folder) => std::path::absolute(folder).unwrap_or_else(|_| folder.clone()),
        None => std::env::current_dir().unwrap_or_else(|_| ".".into()),
    }
}

fn splitter<'a>(options: &'a Options, working: &Path, problems: &'a mut Problems) -> Splitter<'a> {
    let mut given = times::now();
    given.insert("workingdir".to_owned(), working.to_string_lossy().into());
    Splitter {
        options,
        given,
        problems,
        files: 0,
    }
}

#[cfg(test)]
mod tests;
