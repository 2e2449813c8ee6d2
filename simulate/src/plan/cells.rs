//! Which cells there are, and their parameters.
//!
//! Owns how a node becomes a cell of the engine or a virtual one, and what is said of one that can be
//! neither. Sources: the SONATA developer guide (`model_type`, `model_template`, `dynamics_params`), and
//! BMTK's PointNet for what a parameter file holds.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use blendtorch_circuit::{Circuit, CircuitError, Column, NodePopulation, Problems, meant};
use serde_json::{Map, Value};

use super::allen;
use super::coded::Coded;
use crate::models::{Kind, Parameters};

/// A node that gives spikes and is not simulated.
pub(crate) const VIRTUAL: u32 = u32::MAX;
/// A node that cannot be simulated: that was said.
const NEITHER: u32 = u32::MAX - 1;
/// No parameter file is larger.
const LARGEST: u64 = 16 << 20;

/// All cells of a network.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// As the network has its populations of nodes.
    pub(crate) populations: Vec<CellPopulation>,
    /// The different parameters.
    pub(crate) parameters: Vec<Parameters>,
}

/// The cells of a population.
#[derive(Debug)]
pub(crate) struct CellPopulation {
    pub(crate) name: String,
    /// For each node its place in [`Cells::parameters`], or [`VIRTUAL`].
    pub(crate) of: Vec<u32>,
}

impl CellPopulation {
    /// How many nodes are simulated.
    pub(crate) fn simulated(&self) -> u64 {
        self.of.iter().filter(|one| **one != VIRTUAL).count() as u64
    }
}

impl Cells {
    /// Whether there are cells that only another engine simulates.
    pub(crate) fn are_foreign(&self) -> bool {
        let all = self.populations.iter().flat_map(|one| &one.of);
        all.into_iter().any(|set| *set == NEITHER)
    }

    /// Looks at all nodes of a network. `folder` has the files of parameters, from the component
    /// `point_neuron_models_dir`.
    pub(crate) fn of(circuit: &Circuit, folder: Option<&Path>, problems: &mut Problems) -> Self {
        let mut cells = Self::default();
        let mut files = Files::new(folder);
        for population in &circuit.nodes {
            let of = match cells.look(population, &mut files, problems) {
                Ok(of) => of,
                Err(error) => {
                    problems.add(error);
                    Vec::new()
                }
            };
            let name = population.name().to_owned();
            cells.populations.push(CellPopulation { name, of });
        }
        cells
    }

    fn look(
        &mut self,
        population: &NodePopulation,
        files: &mut Files,
        problems: &mut Problems,
    ) -> Result<Vec<u32>, CircuitError> {
        let members = population.len();
        let column = |name: &str| -> Result<Coded, CircuitError> {
            Ok(Coded::new(population.attribute(name)?, members))
        };
        let types = column("model_type")?;
        let templates = column("model_template")?;
        let params = column("dynamics_params")?;
        let overrides = population.dynamics_params()?;
        let mut made: HashMap<[u32; 3], u32> = HashMap::new();
        let mut own: HashMap<(u32, Vec<Option<u64>>), u32> = HashMap::new();
        let mut of = Vec::with_capacity(members);
        for member in 0..members {
            let key = [types.at(member), templates.at(member), params.at(member)];
            let set = match made.get(&key) {
                Some(set) => *set,
                None => {
                    let words = [
                        types.word(key[0]),
                        templates.word(key[1]),
                        params.word(key[2]),
                    ];
                    let set = self.kind(population, words, files, problems);
                    made.insert(key, set);
                    set
                }
            };
            let set = match overrides.is_empty() || set >= NEITHER {
                true => set,
                false => {
                    let values = overrides.iter().map(|(_, column)| {
                        let value = column.float(member)?;
                        Some(value.to_bits())
                    });
                    let key = (set, values.collect());
                    match own.get(&key) {
                        Some(set) => *set,
                        None => {
                            let changed =
                                self.overridden(set, &overrides, member, population, problems);
                            own.insert(key, changed);
                            changed
                        }
                    }
                }
            };
            of.push(set);
        }
        Ok(of)
    }

    /// What a type of node is: a place in the parameters, [`VIRTUAL`], or [`NEITHER`].
    fn kind(
        &mut self,
        population: &NodePopulation,
        [model_type, template, params]: [Option<&str>; 3],
        files: &mut Files,
        problems: &mut Problems,
    ) -> u32 {
        let place = format!("/nodes/{}", population.name());
        let types = population
            .types()
            .map_or(population.file(), |types| types.file());
        let mut refuse = |key: &str, text: String| {
            problems.error(types, format!("{place}: {key}"), text);
            NEITHER
        };
        match model_type {
            Some("virtual") => return VIRTUAL,
            Some("point_neuron" | "point_process") => {}
            Some("biophysical" | "single_compartment") => {
                let text = "cells with morphologies are not simulated by the native engine: BMTK's \
                            BioNet does (pip install bmtk neuron 'pandas<3')";
                return refuse("model_type", text.to_owned());
            }
            Some(other) => {
                let known = ["virtual", "point_neuron", "point_process", "biophysical"];
                return refuse("model_type", unknown(other, "kinds of cells", known));
            }
            None => {
                let text = "is missing: say point_neuron or virtual for each type of node";
                return refuse("model_type", text.to_owned());
            }
        }
        let Some(template) = template else {
            let text = "is missing: say a neuron model, as nest:iaf_psc_exp";
            return refuse("model_template", text.to_owned());
        };
        let (schema, model) = template.split_once(':').unwrap_or(("nest", template));
        if !schema.eq_ignore_ascii_case("nest") {
            let text = format!(
                "{template:?} is not simulated by the native engine, which knows NEST's models (as \
                 nest:iaf_psc_exp); models of NEURON are run by BMTK's BioNet (pip install bmtk neuron \
                 'pandas<3')"
            );
            return refuse("model_template", text);
        }
        let mechanisms = allen::mechanisms(model);
        let kind = match (Kind::from_name(model), mechanisms) {
            (Some(kind), _) => kind,
            (None, Some(_)) => Kind::GlifPsc,
            (None, None) => {
                let text = format!(
                    "{}; other models of NEST are run by BMTK's PointNet (pip install bmtk \
                     nest-simulator 'pandas<3')",
                    unknown(model, "models of the native engine", Kind::names())
                );
                return refuse("model_template", text);
            }
        };
        let (file, given) = match files.read(params) {
            Ok(found) => found,
            Err(text) => return refuse("dynamics_params", text),
        };
        let file = file.unwrap_or_else(|| types.to_owned());
        let given = match (allen::is_glif(&given), mechanisms) {
            (true, Some(mechanisms)) => match allen::glif(&given, mechanisms) {
                Ok(converted) => converted,
                Err(text) => {
                    problems.error(&file, "", text);
                    return NEITHER;
                }
            },
            (true, None) if kind == Kind::GlifPsc => {
                let text = "is a model of the Allen Cell Types Database: say which mechanisms it has by \
                            model_template nest:glif_lif_psc, nest:glif_lif_r_psc, \
                            nest:glif_lif_asc_psc, nest:glif_lif_r_asc_psc or \
                            nest:glif_lif_r_asc_a_psc";
                problems.error(&file, "type", text);
                return NEITHER;
            }
            _ => given,
        };
        let zeros = |value: &Value| {
            let all = value.as_array().into_iter().flatten();
            all.into_iter().all(|one| one.as_f64() == Some(0.0))
        };
        if given.get("asc_init").is_some_and(|value| !zeros(value)) {
            let text = "asc_init (init_AScurrents in files of the Allen Cell Types Database) has no effect, \
                        as in NEST: ASCurrents are the currents at the start";
            problems.warning(&file, "asc_init", text);
        }
        match Parameters::from_json(kind, &given) {
            Ok(parameters) => self.add(parameters),
            Err(errors) => {
                for error in errors {
                    problems.error(&file, "", error.to_string());
                }
                NEITHER
            }
        }
    }

    /// The parameters of a type, with those of a node over them: `dynamics_params` in HDF5.
    fn overridden(
        &mut self,
        set: u32,
        overrides: &[(String, Column)],
        member: usize,
        population: &NodePopulation,
        problems: &mut Problems,
    ) -> u32 {
        let Some(mut parameters) = self.parameters.get(set as usize).cloned() else {
            return set;
        };
        let mut wrong = |name: &str, text: String| {
            let place = format!("/nodes/{}/…/dynamics_params/{name}", population.name());
            problems.error(population.file(), place, text);
            NEITHER
        };
        let mut changed = false;
        for (name, column) in overrides {
            if column.is_absent(member) {
                continue;
            }
            let Some(value) = column.float(member) else {
                return wrong(name, "is text; a number is needed".to_owned());
            };
            changed = true;
            if let Err(error) = parameters.set(name, &Value::from(value)) {
                return wrong(name, error.to_string());
            }
        }
        if !changed {
            return set;
        }
        match parameters.check() {
            Ok(()) => self.add(parameters),
            Err(error) => wrong("", format!("node {member}: {error}")),
        }
    }

    fn add(&mut self, parameters: Parameters) -> u32 {
        self.parameters.push(parameters);
        u32::try_from(self.parameters.len() - 1)
            .unwrap_or(NEITHER)
            .min(NEITHER)
    }
}

/// "x" is none of …; did you mean …?
fn unknown<'a>(word: &str, what: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.into_iter().collect();
    let meant = meant(word, known.iter().copied());
    let word: String = word.chars().take(100).collect();
    format!(
        "{word:?} is none of the {what} ({}){meant}",
        known.join(", ")
    )
}

/// Files of parameters, each read once.
pub(super) struct Files {
    folder: Option<PathBuf>,
    read: HashMap<String, (PathBuf, Map<String, Value>)>,
}

impl Files {
    pub(super) fn new(folder: Option<&Path>) -> Self {
        Self {
            folder: folder.map(Path::to_owned),
            read: HashMap::new(),
        }
    }

    /// The file of that name and what it holds; nothing where no name is given.
    pub(super) fn read(
        &mut self,
        name: Option<&str>,
    ) -> Result<(Option<PathBuf>, Map<String, Value>), String> {
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Ok((None, Map::new()));
        };
        if let Some((path, values)) = self.read.get(name) {
            return Ok((Some(path.clone()), values.clone()));
        }
        let Some(folder) = &self.folder else {
            return Err(format!(
                "names {name:?}, and the configuration does not say where such files are: add \
                 point_neuron_models_dir (cells) or synaptic_models_dir (synapses) to components"
            ));
        };
        let path = folder.join(name);
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let size = std::fs::metadata(&path)
            .map_err(|error| failed(&error))?
            .len();
        if size > LARGEST {
            return Err(failed(
                &"is larger than 16 MB, which no file of parameters is",
            ));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| failed(&error))?;
        let values: Map<String, Value> =
            serde_json::from_str(&text).map_err(|error| failed(&error))?;
        self.read
            .insert(name.to_owned(), (path.clone(), values.clone()));
        Ok((Some(path), values))
    }
}
