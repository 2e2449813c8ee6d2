//! What a configuration asks for, checked as a whole before anything runs.
//!
//! Owns the checks and their words. A [`Plan`] is what they leave: it can be run. Nothing is simulated or
//! written here, and of the edges only what their types say is looked at.

mod allen;
pub(crate) mod cells;
mod coded;
pub(crate) mod recordings;
pub(crate) mod selection;
pub(crate) mod stimuli;
pub(crate) mod synapses;
mod table;
mod written;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use blendtorch_circuit::config::{self, Config, Engine};
use blendtorch_circuit::{Circuit, EdgesFile, NodesFile, Problems, Severity};

use crate::engine::Grid;
use crate::load::load;
use crate::{NoFunctions, Options, SimulateError};
use cells::Cells;
use recordings::{Recorded, Times};
use selection::Selector;
use stimuli::Planned;
use synapses::Synapses;

/// A configuration that can be run.
#[derive(Debug)]
pub struct Plan {
    pub(crate) config: Config,
    pub(crate) circuit: Circuit,
    pub(crate) cells: Cells,
    pub(crate) times: Times,
    pub(crate) inputs: Vec<Planned>,
    pub(crate) recorded: Vec<Recorded>,
    pub(crate) threads: usize,
    /// What is odd, for the log.
    pub(crate) warnings: Vec<String>,
}

impl Plan {
    /// Reads a configuration and everything it names but edges and spikes, and says all that is wrong. A
    /// plan comes of it where nothing is an error.
    pub fn make(options: &Options) -> (Option<Self>, Problems) {
        let mut problems = Problems::new();
        let mut overrides = options.set.clone();
        if let Some(folder) = &options.output_dir {
            let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
            let folder = folder.to_string_lossy().into_owned();
            overrides.push(("output.output_dir".to_owned(), folder.into()));
        }
        let given = config::Options {
            overrides,
            ..config::Options::default()
        };
        let config = match &options.value {
            None => Config::load_with(&options.config, &given, &mut problems),
            Some(value) => {
                Config::from_value(value.clone(), &options.config, &given, &mut problems)
            }
        };
        let config = match config {
            Ok(config) => config,
            Err(error) => {
                problems.add(error);
                return (None, problems);
            }
        };
        let mut plan = Self::of(config, options.threads, &mut problems);
        if let Some(plan) = &mut plan {
            let warnings = problems.of(Severity::Warning).map(ToString::to_string);
            plan.warnings = warnings.collect();
        }
        (plan.filter(|_| problems.errors() == 0), problems)
    }

    /// The plan of a configuration that is at hand. It is none to run where `problems` has errors.
    pub(crate) fn of(
        config: Config,
        threads: Option<usize>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let times = times(&config, problems);
        let networks = &config.networks;
        let before = problems.errors();
        let circuit = Circuit::open(&networks.nodes, &networks.edges, problems);
        let whole = problems.errors() == before;
        if circuit.nodes.is_empty() && whole {
            let text = "there are no nodes to simulate: name their files in networks.nodes";
            problems.error(&config.file, "networks", text);
        }
        let dir = |name: &str| config.components.get(name).map(PathBuf::as_path);
        let cells = Cells::of(&circuit, dir("point_neuron_models_dir"), problems);
        // Of a network for another engine that is all that matters.
        if !cells.are_foreign() {
            unheeded(&config, problems);
        }
        for edges in &circuit.edges {
            Synapses::new(edges, dir("synaptic_models_dir")).check(problems);
        }
        let mut selector = Selector::new(&config, &circuit);
        // Of a network that is not whole, nobody knows what is missing in a node set.
        let (mut inputs, mut recorded) = (Vec::new(), Vec::new());
        if whole && !circuit.nodes.is_empty() {
            inputs = stimuli::planned(&config, &cells, &mut selector, problems);
            recorded = recordings::planned(&config, times, &cells, &mut selector, problems);
        }
        let plan = Self {
            threads: threads.unwrap_or_else(|| threads_of(&config)).max(1),
            times: times?,
            config,
            circuit,
            cells,
            inputs,
            recorded,
            warnings: Vec::new(),
        };
        plan.check_outputs(problems);
        Some(plan)
    }

    /// The folder that it writes into.
    pub fn output_dir(&self) -> &Path {
        &self.config.output.output_dir
    }

    /// The files of the network, each with that of its types: of nodes, and of edges.
    pub fn network(&self) -> (&[NodesFile], &[EdgesFile]) {
        let networks = &self.config.networks;
        (&networks.nodes, &networks.edges)
    }

    /// The configuration, as it is with all changes: one JSON object, paths resolved.
    pub fn config(&self) -> &serde_json::Value {
        self.config.json()
    }

    /// The time step in ms.
    pub fn dt(&self) -> f64 {
        self.times.grid.dt()
    }

    /// Reads all that a run would read, edges and spikes too, and keeps nothing: what is wrong with them
    /// is said before a run, all at once. What is only odd comes back.
    ///
    /// # Errors
    /// As [`Run::start`](crate::Run::start), but for the folder of the output.
    pub fn verify(&self) -> Result<Vec<String>, SimulateError> {
        Ok(load(self, &NoFunctions)?.warnings)
    }

    /// What it will do, for people.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        let Times {
            grid,
            tstart,
            tstop,
            steps,
        } = self.times;
        let _ = writeln!(
            text,
            "{tstart} to {tstop} ms in {steps} steps of {} ms, native engine, {}",
            grid.dt(),
            match self.threads {
                1 => "1 thread".to_owned(),
                threads => format!("{threads} threads"),
            }
        );
        for (population, nodes) in self.cells.populations.iter().zip(&self.circuit.nodes) {
            let simulated = population.simulated();
            let silent = nodes.len() as u64 - simulated;
            let _ = writeln!(
                text,
                "nodes {}: {simulated} cells are simulated, {silent} are virtual",
                population.name
            );
        }
        for edges in &self.circuit.edges {
            let _ = writeln!(
                text,
                "edges {}: {} from {} to {}",
                edges.name(),
                edges.len(),
                edges.source_population(),
                edges.target_population()
            );
        }
        for one in &self.recorded {
            let _ = writeln!(
                text,
                "report {}: {} of {} cells, {} rows",
                one.name,
                one.variable,
                one.columns(),
                one.rows()
            );
        }
        for file in self.files() {
            let _ = writeln!(text, "writes {}", file.display());
        }
        text
    }
}

fn threads_of(config: &Config) -> usize {
    config
        .run
        .n_thread
        .and_then(|number| usize::try_from(number).ok())
        .unwrap_or(1)
}

fn times(config: &Config, problems: &mut Problems) -> Option<Times> {
    let run = &config.run;
    let mut refuse = |key: &str, text: String| problems.error(&config.file, key, text);
    if !config.has_run {
        refuse("run", "is missing: give tstop and dt, in ms".to_owned());
        return None;
    }
    let grid = match Grid::new(run.dt) {
        Ok(grid) => grid,
        Err(error) => {
            refuse("run.dt", error.to_string());
            return None;
        }
    };
    if run.n_runs != 1 {
        let text = "one run at a time is simulated: leave it out, and run the command once for each, \
                    with --set inputs.NAME.input_file=… and --output-dir";
        refuse("run.n_runs", text.to_owned());
    }
    let tstop = run.tstop?;
    if let Err(error) = grid.steps(run.tstart) {
        refuse("run.tstart", error.to_string());
        return None;
    }
    match grid.steps(tstop - run.tstart) {
        Ok(steps) => Some(Times {
            grid,
            tstart: run.tstart,
            tstop,
            steps,
        }),
        Err(error) => {
            refuse("run.tstop", error.to_string());
            None
        }
    }
}

/// Keys that BMTK's PointNet heeds and the native engine does not, and why.
const NOT_NATIVE: &[(&str, &str)] = &[
    (
        "run.precise_times",
        "has no effect: spikes between two steps count for the later one, as with NEST's precise times",
    ),
    (
        "run.allow_offgrid_spikes",
        "has no effect: spikes between two steps count for the later one",
    ),
    (
        "components.nest_modules",
        "has no effect: there is no NEST behind it; models of a module are run by BMTK's PointNet (pip \
         install bmtk nest-simulator 'pandas<3')",
    ),
    (
        "components.custom_neuron_models",
        "has no effect: models in Python are run by BMTK (pip install bmtk 'pandas<3')",
    ),
    (
        "use_parrot_neurons",
        "has no effect: spikes go to their targets without a parrot, and so without its delay",
    ),
];

/// Keys that the native engine does not heed are said, each once.
fn unheeded(config: &Config, problems: &mut Problems) {
    for given in config.not_for(Engine::PointNet) {
        let engines: Vec<_> = given.engines.iter().map(Engine::name).collect();
        let text = match engines.as_slice() {
            [] => "is known, and no engine heeds it".to_owned(),
            engines => format!(
                "has no effect on point neurons: {} heeds it",
                engines.join(" and ")
            ),
        };
        problems.warning(&given.file, &*given.key, text);
    }
    for (key, text) in NOT_NATIVE {
        let named = |given: &&config::Given| {
            given.key == *key
                || given
                    .key
                    .rsplit_once('.')
                    .is_some_and(|(_, last)| last == *key)
        };
        for given in config.given().iter().filter(named) {
            problems.warning(&given.file, &*given.key, *text);
        }
    }
    let simulator = config.target_simulator.as_deref().unwrap_or("NEST");
    if !["nest", "native", "blendtorch"].contains(&simulator.to_lowercase().as_str()) {
        let text = format!(
            "{simulator} is asked for, and the native engine simulates, as NEST would: cells with \
             morphologies need BMTK's BioNet"
        );
        problems.warning(&config.file, "target_simulator", text);
    }
}
