//! The section `inputs`: what acts on which cells.
//!
//! Owns how a block becomes an [`Input`], in the guide's spelling of modules, in SONATA's and in BMTK's.
//! It opens no file that an input names.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::fit::{kind, not_one_of};
use super::keys::{Key, Shape, key};
use super::section::{Check, Fields, Place};
use super::stimuli::{COMMON, STIMULI, StimulusModule};
use super::{Engine, Engines};

/// A block of `inputs`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its `input_type`, as SONATA spells it.
    pub input_type: &'static str,
    /// Its `module`, as BMTK spells it.
    pub module: &'static str,
    /// The cells: the name of a node set, a list, or an object that describes one. `None`: all.
    pub node_set: Option<Value>,
    /// What it does.
    pub stimulus: Stimulus,
    /// The engines that run it.
    pub engines: Engines,
    /// The file that it stands in, for what is said of it.
    pub file: PathBuf,
    /// Its place there: `inputs.NAME`.
    pub key: String,
}

/// What an input does.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Stimulus {
    /// Spike trains from files; one after another where there are several runs.
    Spikes {
        /// What the files are.
        format: TrainsFormat,
        /// The files.
        files: Vec<PathBuf>,
        /// The population in the file, where it is not that of the node set.
        population: Option<String>,
        /// The unit of the times where the file names none: `ms` or `s`.
        units: Option<String>,
    },
    /// Spike trains from a function that is registered under a name.
    SpikesFunction {
        /// The name.
        function: String,
    },
    /// Steps of current. The lists are of equal length.
    CurrentClamp {
        /// pA in PointNet, nA in BioNet.
        amp: Vec<f64>,
        /// Begin in ms.
        delay: Vec<f64>,
        /// ms.
        duration: Vec<f64>,
    },
    /// A current that a table gives.
    CurrentTable {
        /// The csv file.
        file: PathBuf,
        /// What parts its columns.
        separator: String,
        /// The column of the times in ms.
        timestamps_column: String,
        /// The column of the currents.
        amplitudes_column: String,
    },
    /// The spikes of an earlier simulation, through other edges.
    Replay {
        /// The spikes.
        spikes_file: PathBuf,
        /// The edges.
        edges_file: PathBuf,
        /// Their types.
        edge_types_file: Option<PathBuf>,
        /// Which cells send; `None`: all.
        source_node_set: Option<Value>,
        /// Which cells receive; `None`: all.
        target_node_set: Option<Value>,
    },
    /// What only other engines do, checked against the module's keys: its parameters by their own names,
    /// paths resolved.
    Other(Map<String, Value>),
}

/// What a file of spike trains is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainsFormat {
    /// SONATA's HDF5.
    Sonata,
    /// Text.
    Csv,
    /// Neurodata Without Borders.
    Nwb,
}

impl Input {
    /// The block of that name; `None` where it is switched off or wrong.
    pub(super) fn read(
        name: &str,
        value: &Value,
        place: &Place<'_>,
        check: &mut Check<'_>,
    ) -> Option<Self> {
        let object = check.object(value, place)?;
        if object.get("enabled") == Some(&Value::Bool(false)) {
            return None;
        }
        let module = find(object, place, check)?;
        let mut fields = check.fields(object, &[COMMON, module.keys], place);
        let missing = module.needs.iter().filter(|need| !fields.has(need));
        let mut complete = true;
        for need in missing {
            complete = false;
            let engines: Vec<_> = module.engines.iter().map(Engine::name).collect();
            let text = format!(
                "is missing; {} (an input of {}) needs it",
                module.module,
                engines.join(" and ")
            );
            check.error(place, need, text);
        }
        if fields.spelling("node_set") == "cells" {
            check.warning(
                place,
                "cells",
                "is read as \"node_set\", which inputs have; BMTK ignores it",
            );
        }
        let node_set = fields.take("node_set");
        let stimulus = complete
            .then(|| stimulus(module, fields, place, check))
            .flatten()?;
        Some(Self {
            name: name.to_owned(),
            input_type: module.input_type,
            module: module.module,
            node_set,
            stimulus,
            engines: module.engines,
            file: place.source.file.clone(),
            key: place.path.clone(),
        })
    }
}

/// Modules of SONATA's and libsonata's configurations that no engine here has, and what to use.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "poisson",
        "No engine makes random trains itself: write them into a file and read it with \"sonata\"",
    ),
    (
        "synapse_replay",
        "What it does is \"sonata\" here: the file of spikes is \"input_file\"",
    ),
    (
        "linear",
        "A constant current is \"IClamp\" here: amp, delay and duration",
    ),
];

/// The module of a block, in any spelling.
fn find(
    object: &Map<String, Value>,
    place: &Place<'_>,
    check: &mut Check<'_>,
) -> Option<&'static StimulusModule> {
    let mut word = |name: &str| match object.get(name) {
        Some(Value::String(text)) => Some(text.as_str()),
        Some(Value::Null) | None => {
            let types = "e.g. \"spikes\" with \"sonata\", or \"current_clamp\" with \"IClamp\"";
            check.error(place, name, format!("is missing; {types}"));
            None
        }
        Some(other) => {
            check.error(place, name, format!("is {}; text is needed", kind(other)));
            None
        }
    };
    let (input_type, module) = (word("input_type"), word("module"));
    let (given_type, given_module) = (input_type?, module?);
    // BMTK has the file's format as the type and IClamp as the module; its guide has them the other way.
    let table = ["csv", "file", "nwb", "allen"]
        .iter()
        .find(|one| one.eq_ignore_ascii_case(given_type));
    let (input_type, module) = match table {
        Some(table) if given_module.eq_ignore_ascii_case("IClamp") => ("current_clamp", *table),
        _ => (given_type, given_module),
    };
    let of_type: Vec<&StimulusModule> = STIMULI
        .iter()
        .filter(|one| one.input_type.eq_ignore_ascii_case(input_type))
        .collect();
    let Some(first) = of_type.first() else {
        let mut types: Vec<&str> = STIMULI.iter().map(|one| one.input_type).collect();
        types.dedup();
        check.error(place, "input_type", not_one_of(input_type, &types));
        return None;
    };
    if first.input_type != input_type {
        let text = format!(
            "is read as {:?}; BMTK knows only that spelling",
            first.input_type
        );
        check.warning(place, "input_type", text);
    }
    let found = of_type
        .iter()
        .find(|one| one.names().any(|name| name.eq_ignore_ascii_case(module)));
    let Some(found) = found else {
        let names: Vec<&str> = of_type.iter().flat_map(|one| one.names()).collect();
        let mut text = not_one_of(module, &names);
        let module = module.to_lowercase();
        if let Some((_, hint)) = ELSEWHERE.iter().find(|(name, _)| *name == module) {
            text.push_str(". ");
            text.push_str(hint);
        }
        check.error(place, "module", text);
        return None;
    };
    if !found.names().any(|name| name == module) {
        let text = format!(
            "{module:?} is read as {:?}; BMTK knows only that spelling",
            found.module
        );
        check.warning(place, "module", text);
    }
    Some(found)
}

const REPLAY_EDGES: &[Key] = &[
    key("edges_file", Shape::Path),
    key("edge_types_file", Shape::Path),
];

fn stimulus(
    module: &StimulusModule,
    fields: Fields,
    place: &Place<'_>,
    check: &mut Check<'_>,
) -> Option<Stimulus> {
    let format = match module.module {
        "csv" => TrainsFormat::Csv,
        "nwb" => TrainsFormat::Nwb,
        _ => TrainsFormat::Sonata,
    };
    match (module.input_type, module.module) {
        ("spikes", "sonata" | "csv" | "nwb") => {
            let texts = fields.texts("input_file");
            let spelling = fields.spelling("input_file");
            let files: Vec<PathBuf> = texts
                .iter()
                .map(|text| check.path(text, place, spelling))
                .collect();
            (!files.is_empty()).then_some(Stimulus::Spikes {
                format,
                files,
                population: fields.text("population"),
                units: fields.text("units"),
            })
        }
        ("spikes", "function") => Some(Stimulus::SpikesFunction {
            function: fields.text("spikes_function")?,
        }),
        ("current_clamp", "IClamp") => clamp(&fields, place, check),
        ("current_clamp", "csv") => Some(Stimulus::CurrentTable {
            file: fields.path("file", place, check)?,
            separator: fields.text("separator").unwrap_or_else(|| " ".to_owned()),
            timestamps_column: fields
                .text("timestamps_column")
                .unwrap_or_else(|| "timestamps".to_owned()),
            amplitudes_column: fields
                .text("amplitudes_column")
                .unwrap_or_else(|| "amps".to_owned()),
        }),
        ("replay", _) => {
            let below = place.below("edges");
            let edges = fields.value("edges").and_then(Value::as_object)?;
            let edges = check.fields(edges, &[REPLAY_EDGES], &below);
            if !edges.has("edges_file") {
                check.error(&below, "edges_file", "is missing; replay needs it");
            }
            Some(Stimulus::Replay {
                spikes_file: fields.path("spikes_file", place, check)?,
                edges_file: edges.path("edges_file", &below, check)?,
                edge_types_file: edges.path("edge_types_file", &below, check),
                source_node_set: fields.value("source_node_set").cloned(),
                target_node_set: fields.value("target_node_set").cloned(),
            })
        }
        _ => {
            let mut values = fields.into_values();
            for key in module
                .keys
                .iter()
                .filter(|key| matches!(key.shape, Shape::Path | Shape::Paths))
            {
                let mut resolve = |text: &mut String| {
                    *text = check
                        .path(text, place, key.name)
                        .to_string_lossy()
                        .into_owned();
                };
                match values.get_mut(key.name) {
                    Some(Value::String(text)) => resolve(text),
                    Some(Value::Array(items)) => {
                        for item in items {
                            if let Value::String(text) = item {
                                resolve(text);
                            }
                        }
                    }
                    _ => {}
                }
            }
            Some(Stimulus::Other(values))
        }
    }
}

fn clamp(fields: &Fields, place: &Place<'_>, check: &mut Check<'_>) -> Option<Stimulus> {
    let (amp, delay, duration) = (
        fields.numbers("amp")?,
        fields.numbers("delay")?,
        fields.numbers("duration")?,
    );
    if amp.len() != delay.len() || delay.len() != duration.len() {
        let text = format!(
            "amp, delay and duration have {}, {} and {} values; give each as many",
            amp.len(),
            delay.len(),
            duration.len()
        );
        check.error(place, "amp", text);
        return None;
    }
    for (name, values) in [("delay", &delay), ("duration", &duration)] {
        if let Some(negative) = values.iter().find(|value| **value < 0.0) {
            check.error(
                place,
                name,
                format!("is {negative}; times in ms are 0 or more"),
            );
        }
    }
    Some(Stimulus::CurrentClamp {
        amp,
        delay,
        duration,
    })
}
