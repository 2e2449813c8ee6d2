//! What acts on the cells.
//!
//! Owns how the inputs of a configuration become spike trains of virtual cells and currents into simulated
//! ones, and what is said of those that the engine has not. It reads no spike.

use std::path::PathBuf;

use blendtorch_circuit::Problems;
use blendtorch_circuit::config::{Config, Engine, Input, Stimulus, TrainsFormat};

use super::cells::{Cells, VIRTUAL};
use super::selection::{Selected, Selector};
use super::table::{self, Steps};

/// An input as the engine will have it.
#[derive(Debug)]
pub(crate) enum Planned {
    /// Trains of virtual cells, from files.
    Trains(Trains),
    /// Trains of virtual cells, from a function of the user's.
    Function {
        /// Its name.
        name: String,
        /// The cells.
        cells: Vec<Selected>,
        /// Where it is said.
        key: String,
    },
    /// Steps of current into cells.
    Clamp {
        /// Begin and end in ms, amplitude in pA.
        steps: Steps,
        /// The cells.
        cells: Vec<Selected>,
        /// Where it is said.
        key: String,
    },
}

/// Trains of virtual cells, from files.
#[derive(Debug)]
pub(crate) struct Trains {
    pub(crate) format: TrainsFormat,
    pub(crate) files: Vec<PathBuf>,
    /// The population in the file, where it is not that of the cells.
    pub(crate) population: Option<String>,
    /// The unit where the file has none.
    pub(crate) units: Option<String>,
    pub(crate) cells: Vec<Selected>,
    /// Where it is said.
    pub(crate) said_in: PathBuf,
    pub(crate) key: String,
}

/// All inputs.
pub(super) fn planned(
    config: &Config,
    cells: &Cells,
    selector: &mut Selector<'_>,
    problems: &mut Problems,
) -> Vec<Planned> {
    let mut all = Vec::new();
    for input in config.inputs.values() {
        if let Some(one) = plan(input, cells, selector, problems) {
            all.push(one);
        }
    }
    said_of_silent_populations(config, cells, &all, problems);
    all
}

fn plan(
    input: &Input,
    cells: &Cells,
    selector: &mut Selector<'_>,
    problems: &mut Problems,
) -> Option<Planned> {
    if !input.engines.contains(Engine::PointNet) {
        let engines: Vec<_> = input.engines.iter().map(Engine::name).collect();
        let text = format!(
            "{} with {} is not an input of point neurons: {} has it{}",
            input.input_type,
            input.module,
            engines.join(" or "),
            match engines.first() {
                Some(&"BioNet") => " (pip install bmtk neuron 'pandas<3')",
                _ => " (pip install bmtk 'pandas<3')",
            }
        );
        problems.error(&input.file, format!("{}.module", input.key), text);
        return None;
    }
    let place = (&input.file, format!("{}.node_set", input.key));
    let wanted = match &input.stimulus {
        Stimulus::Spikes { .. } | Stimulus::SpikesFunction { .. } => Wanted::Virtual,
        _ => Wanted::Simulated,
    };
    let selected = selector.select(input.node_set.as_ref(), place.0, &place.1, problems)?;
    let whole = input.node_set.is_none();
    let selected = wanted.of(selected, whole, cells, &place, problems)?;
    match &input.stimulus {
        Stimulus::Spikes {
            format,
            files,
            population,
            units,
        } => {
            if *format == TrainsFormat::Nwb {
                let text = "NWB files are not read: convert it once by BMTK (bmtk.utils.reports.\
                            SpikeTrains.load(…).to_sonata(…)) and read the result with module sonata";
                problems.error(&input.file, format!("{}.module", input.key), text);
                return None;
            }
            for file in files.iter().filter(|file| !file.is_file()) {
                let text = format!("{} is not there", file.display());
                problems.error(&input.file, format!("{}.input_file", input.key), text);
            }
            Some(Planned::Trains(Trains {
                format: *format,
                files: files.clone(),
                population: population.clone(),
                units: units.clone(),
                cells: selected,
                said_in: input.file.clone(),
                key: input.key.clone(),
            }))
        }
        Stimulus::SpikesFunction { function } => Some(Planned::Function {
            name: function.clone(),
            cells: selected,
            key: input.key.clone(),
        }),
        Stimulus::CurrentClamp {
            amp,
            delay,
            duration,
        } => {
            let mut steps = Steps::new();
            for ((amp, delay), duration) in amp.iter().zip(delay).zip(duration) {
                if steps.last().is_some_and(|(before, _, _)| delay <= before) {
                    let text =
                        format!("{delay} ms is not later than the one before; delays ascend");
                    problems.error(&input.file, format!("{}.delay", input.key), text);
                    return None;
                }
                steps.push((*delay, delay + duration, *amp));
            }
            Some(Planned::Clamp {
                steps,
                cells: selected,
                key: input.key.clone(),
            })
        }
        Stimulus::CurrentTable {
            file,
            separator,
            timestamps_column,
            amplitudes_column,
        } => match table::read(file, separator, timestamps_column, amplitudes_column) {
            Ok(steps) => Some(Planned::Clamp {
                steps,
                cells: selected,
                key: input.key.clone(),
            }),
            Err(error) => {
                problems.add(error);
                None
            }
        },
        _ => {
            let text = format!(
                "{} with {} is not run by the native engine yet; BMTK's PointNet may have it (pip install \
                 bmtk nest-simulator 'pandas<3')",
                input.input_type, input.module
            );
            problems.error(&input.file, format!("{}.module", input.key), text);
            None
        }
    }
}

/// Which cells an input can act on.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Virtual,
    Simulated,
}

impl Wanted {
    /// Those of the cells that it can act on. Others that were named are an error; where no cells were
    /// named they are left out.
    fn of(
        self,
        selected: Vec<Selected>,
        whole: bool,
        cells: &Cells,
        (file, key): &(&PathBuf, String),
        problems: &mut Problems,
    ) -> Option<Vec<Selected>> {
        let mut kept = Vec::new();
        let mut others = 0_usize;
        for one in selected {
            let Some(population) = cells.populations.get(one.population) else {
                continue;
            };
            let fits = |node: &u32| {
                let is_virtual = population.of.get(*node as usize) == Some(&VIRTUAL);
                is_virtual == (self == Self::Virtual)
            };
            let (fit, other): (Vec<_>, Vec<_>) = one.nodes.into_iter().partition(fits);
            others += other.len();
            if !fit.is_empty() {
                kept.push(Selected {
                    population: one.population,
                    nodes: fit,
                });
            }
        }
        let text = match self {
            Self::Virtual => "are simulated; spikes are given to virtual cells",
            Self::Simulated => "are virtual; currents go into simulated cells",
        };
        if kept.is_empty() {
            let text = match others {
                0 => "selects no cell".to_owned(),
                others => format!("selects {others} cells that {text}"),
            };
            problems.error(file, key, text);
            return None;
        }
        if others > 0 && !whole {
            problems.warning(
                file,
                key,
                format!("{others} of its cells {text}; they are left out"),
            );
        }
        Some(kept)
    }
}

/// Virtual cells that no input gives spikes to are silent, which is seldom meant.
fn said_of_silent_populations(
    config: &Config,
    cells: &Cells,
    inputs: &[Planned],
    problems: &mut Problems,
) {
    for (at, population) in cells.populations.iter().enumerate() {
        let reached = inputs.iter().any(|input| match input {
            Planned::Trains(Trains { cells, .. }) | Planned::Function { cells, .. } => {
                cells.iter().any(|one| one.population == at)
            }
            Planned::Clamp { .. } => false,
        });
        if !reached && population.of.contains(&VIRTUAL) {
            let text = format!(
                "the cells of {} are virtual and no input gives them spikes: they are silent",
                population.name
            );
            problems.warning(&config.file, "inputs", text);
        }
    }
}
