//! What the edges of a type are, besides what single edges say.
//!
//! Owns how a row of the table of edge types becomes a receptor and a delay, and what is said of synapses
//! that the engine has not. Source: BMTK's PointNet, where `model_template` is NEST's name of a synapse and
//! `dynamics_params` its parameters.

use std::borrow::Cow;
use std::path::Path;

use blendtorch_circuit::{CircuitError, EdgeBlock, EdgePopulation, Problems, meant, nearest};
use serde_json::{Map, Value};

use super::cells::Files;
use super::coded::Coded;

/// Columns of edges that count here.
const HEEDED: &[&str] = &[
    "syn_weight",
    "weight_function",
    "delay",
    "delay_function",
    "nsyns",
    "receptor_type",
    "model_template",
    "dynamics_params",
];
/// Columns of edges whose names are near to those and mean something else, to BMTK or to builders.
const OTHERS: &[&str] = &[
    "weight_sigma",
    "weight_max",
    "distance",
    "syn_weights",
    "nsyn_range",
];

/// A type of synapse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Synapse {
    /// NEST's `receptor_type`; 0 where there is none to choose.
    pub(crate) receptor: u32,
    /// In ms, where a file of parameters says one.
    pub(crate) delay: Option<f64>,
}

/// A column of edges that is one of few words, looked up once a word.
pub(crate) struct Synapses<'a> {
    population: &'a EdgePopulation,
    files: Files,
    known: std::collections::HashMap<(String, String), Result<Synapse, String>>,
}

impl<'a> Synapses<'a> {
    /// `folder` has the files of parameters, from the component `synaptic_models_dir`.
    pub(crate) fn new(population: &'a EdgePopulation, folder: Option<&Path>) -> Self {
        Self {
            population,
            files: Files::new(folder),
            known: std::collections::HashMap::new(),
        }
    }

    /// Says what is wrong with the types in the table, before any edge is read.
    pub(crate) fn check(&mut self, problems: &mut Problems) {
        let Some(types) = self.population.types() else {
            return;
        };
        for row in 0..types.len() {
            let word = |name: &str| {
                let column = types.column(name)?;
                column.word(row).map(Cow::into_owned)
            };
            let template = word("model_template").unwrap_or_default();
            let params = word("dynamics_params").unwrap_or_default();
            if let Err(text) = self.synapse(&template, &params) {
                let id = types.ids().get(row).copied().unwrap_or_default();
                let place = format!("/edges/{}: type {id}", self.population.name());
                problems.error(types.file(), place, text);
            }
        }
        self.check_columns(types.file(), problems);
        if !["syn_weight", "weight_function"]
            .iter()
            .any(|name| self.population.has_attribute(name))
        {
            let text = format!(
                "no edge has a weight: add syn_weight (pA, or mV in iaf_psc_delta and izhikevich) to the \
                 edges or to {}{}",
                types.file().display(),
                self.population.meant("syn_weight")
            );
            let place = format!("/edges/{}", self.population.name());
            problems.error(self.population.file(), place, text);
        }
    }

    /// Columns that are nearly those that count, and a delay that nobody gave.
    fn check_columns(&self, types: &Path, problems: &mut Problems) {
        let place = format!("/edges/{}", self.population.name());
        let mut meant_delay = false;
        for name in self.population.attribute_names() {
            if HEEDED.contains(&name.as_str()) || OTHERS.contains(&name.as_str()) {
                continue;
            }
            if let Some(near) = nearest(&name, HEEDED.iter().copied()) {
                meant_delay |= near == "delay";
                let text = format!("{name:?} has no effect; did you mean {near:?}?");
                problems.warning(types, &*place, text);
            }
        }
        let delayed = ["delay", "delay_function"].iter();
        let mut delayed = delayed.filter(|name| self.population.has_attribute(name));
        let in_files = self.known.values().flatten().any(|one| one.delay.is_some());
        if delayed.next().is_none() && !in_files && !meant_delay {
            let text = "no edge has a delay: 1 ms counts for all, as for NEST";
            problems.warning(types, place, text);
        }
    }

    /// The synapse of each edge of a block.
    pub(crate) fn of(&mut self, block: &EdgeBlock<'_>) -> Result<Vec<Synapse>, CircuitError> {
        let templates = Coded::new(block.column("model_template")?, block.len());
        let params = Coded::new(block.column("dynamics_params")?, block.len());
        let mut last: Option<([u32; 2], Synapse)> = None;
        let mut found = Vec::with_capacity(block.len());
        for edge in 0..block.len() {
            let key = [templates.at(edge), params.at(edge)];
            let synapse = match last {
                Some((same, synapse)) if same == key => synapse,
                _ => {
                    let template = templates.word(key[0]).unwrap_or_default();
                    let file = params.word(key[1]).unwrap_or_default();
                    self.synapse(template, file).map_err(|text| {
                        let place = format!("/edges/{}", self.population.name());
                        CircuitError::file(self.population.file(), place, text)
                    })?
                }
            };
            last = Some((key, synapse));
            found.push(synapse);
        }
        if let Some(values) = block.attribute("receptor_type")? {
            let place = || format!("/edges/{}: receptor_type", self.population.name());
            let wrong = |text: String| CircuitError::file(self.population.file(), place(), text);
            for (synapse, value) in found.iter_mut().zip(values) {
                if !value.is_nan() {
                    set(synapse, "receptor_type", &Value::from(value)).map_err(wrong)?;
                }
            }
        }
        for name in self.population.dynamics_names() {
            let place = || format!("/edges/{}/…/dynamics_params/{name}", self.population.name());
            let wrong = |text: String| CircuitError::file(self.population.file(), place(), text);
            let Some(values) = block.dynamics(&name)? else {
                continue;
            };
            for (edge, synapse) in found.iter_mut().enumerate() {
                if let Some(value) = values.float(edge) {
                    set(synapse, &name, &Value::from(value)).map_err(wrong)?;
                }
            }
        }
        Ok(found)
    }

    fn synapse(&mut self, template: &str, file: &str) -> Result<Synapse, String> {
        let key = (template.to_owned(), file.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let made = self.make(template, file);
        self.known.insert(key, made.clone());
        made
    }

    fn make(&mut self, template: &str, file: &str) -> Result<Synapse, String> {
        let model = template.strip_prefix("nest:").unwrap_or(template);
        if !["static_synapse", ""].contains(&model) {
            let meant = match nearest(model, ["static_synapse"]) {
                Some(name) => format!(" (did you mean {name:?}?)"),
                None => String::new(),
            };
            let model: String = model.chars().take(100).collect();
            return Err(format!(
                "model_template {model:?} is no synapse of the native engine, which has static_synapse{meant}; \
                 other synapses of NEST are run by BMTK's PointNet (pip install bmtk nest-simulator \
                 'pandas<3'), those of NEURON by its BioNet"
            ));
        }
        let (path, given) = self.files.read(Some(file))?;
        let mut synapse = Synapse {
            receptor: 0,
            delay: None,
        };
        let place = path.map_or_else(String::new, |path| format!("{}: ", path.display()));
        from(&mut synapse, &given).map_err(|text| format!("{place}{text}"))?;
        Ok(synapse)
    }
}

fn from(synapse: &mut Synapse, given: &Map<String, Value>) -> Result<(), String> {
    for (name, value) in given {
        set(synapse, name, value)?;
    }
    Ok(())
}

/// Sets a parameter of a synapse by NEST's name.
fn set(synapse: &mut Synapse, name: &str, value: &Value) -> Result<(), String> {
    let number = value.as_f64().filter(|value| value.is_finite());
    let Some(number) = number else {
        return Err(format!("{name} must be a number, and is {value}"));
    };
    match name {
        "receptor_type" =>
        {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be whole and small"
            )]
            if number.fract() == 0.0 && (0.0..1e6).contains(&number) {
                synapse.receptor = number as u32;
            } else {
                return Err(format!("receptor_type must be 1, 2, …, and is {number}"));
            }
        }
        "delay" => synapse.delay = Some(number),
        // BMTK puts syn_weight × nsyns over it.
        "weight" => {}
        other => {
            let known = ["receptor_type", "delay"];
            let meant = meant(other, known);
            let other: String = other.chars().take(100).collect();
            return Err(format!(
                "a static synapse has no parameter {other:?}, only receptor_type and delay (weights are \
                 syn_weight){meant}"
            ));
        }
    }
    Ok(())
}
