//! Bindings of `blendtorch-simulate`: runs that can be asked and changed.

mod functions;

use std::path::PathBuf;

use blendtorch_circuit::{CircuitError, Severity};
use blendtorch_live::Policy;
use blendtorch_simulate::engine::EngineError;
use blendtorch_simulate::plot::plot;
use blendtorch_simulate::{Choice, NoFunctions, Options, Plan, Publish, Run, SimulateError};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use serde_json::Value;

use crate::circuit::{Numbers, error as circuit_error};
use crate::live::live_error;
use functions::InPython;

fn simulate_error(error: &SimulateError) -> PyErr {
    let text = error.to_string();
    match error {
        SimulateError::Circuit(error) => circuit_error(error),
        SimulateError::Engine(EngineError::Size(_)) => PyRuntimeError::new_err(text),
        SimulateError::Engine(_) => PyValueError::new_err(text),
        SimulateError::Publish(error) => live_error(error),
        _ => PyOSError::new_err(text),
    }
}

fn json(text: &str) -> PyResult<Value> {
    serde_json::from_str(text).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// A run: made, advanced, asked and changed, finished.
#[pyclass(module = "blendtorch._blendtorch")]
struct SimulationRun {
    run: Option<Run>,
    warnings: Vec<String>,
    output_dir: PathBuf,
    dt: f64,
    /// Where it was when it was finished.
    last: (f64, f64, u64),
}

impl SimulationRun {
    fn running(&mut self) -> PyResult<&mut Run> {
        let ended = || PyRuntimeError::new_err("the simulation is finished");
        self.run.as_mut().ok_or_else(ended)
    }
}

#[pymethods]
impl SimulationRun {
    /// A configuration: its file, or JSON of one that is at hand and the folder it would be in.
    /// `changed` has pairs of a dotted key and a value as JSON; `functions` those of the user's.
    #[new]
    #[pyo3(signature = (config, json_text, changed, engine, threads, output_dir, functions))]
    #[allow(
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        reason = "PyO3 hands arguments over by value, and they are many"
    )]
    fn new(
        py: Python<'_>,
        config: PathBuf,
        json_text: Option<&str>,
        changed: Vec<(String, String)>,
        engine: &str,
        threads: Option<usize>,
        output_dir: Option<PathBuf>,
        functions: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let change = |(key, value): (String, String)| Ok((key, json(&value)?));
        let options = Options {
            config,
            value: json_text.map(json).transpose()?,
            set: changed.into_iter().map(change).collect::<PyResult<_>>()?,
            engine: engine.parse::<Choice>().map_err(PyValueError::new_err)?,
            threads,
            output_dir,
        };
        let (plan, problems) = py.detach(|| Plan::make(&options));
        let warnings = problems.of(Severity::Warning).map(ToString::to_string);
        let mut warnings: Vec<_> = warnings.collect();
        let Some(plan) = plan else {
            return Err(circuit_error(&CircuitError::Invalid(problems)));
        };
        let (folder, dt) = (plan.output_dir().to_owned(), plan.dt());
        let run = match functions {
            Some(object) => {
                let (nodes, edges) = plan.network();
                let nodes = nodes
                    .iter()
                    .map(|one| (&one.nodes_file, &one.node_types_file));
                let edges = edges
                    .iter()
                    .map(|one| (&one.edges_file, &one.edge_types_file));
                let files = (nodes.collect::<Vec<_>>(), edges.collect::<Vec<_>>());
                object.call_method1(py, "found", files)?;
                let functions = InPython {
                    object,
                    raised: None.into(),
                };
                let run = Run::start_with(plan, &functions);
                if let Some(raised) = functions.raised.into_inner() {
                    return Err(raised);
                }
                run
            }
            None => py.detach(|| Run::start_with(plan, &NoFunctions)),
        };
        let run = run.map_err(|error| simulate_error(&error))?;
        warnings.extend(run.warnings().iter().cloned());
        Ok(Self {
            run: Some(run),
            warnings,
            output_dir: folder,
            dt,
            last: (0.0, 0.0, 0),
        })
    }

    /// What was odd, for people.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    /// The folder of the output.
    #[getter]
    fn output_dir(&self) -> PathBuf {
        self.output_dir.clone()
    }

    /// The time step in ms.
    #[getter]
    fn dt(&self) -> f64 {
        self.dt
    }

    /// (time, end, spikes): in ms.
    fn progress(&self) -> (f64, f64, u64) {
        self.run.as_ref().map_or(self.last, |run| {
            let progress = run.progress();
            (progress.time_ms, progress.tstop_ms, progress.spikes)
        })
    }

    /// A piece further; whether there is more.
    fn advance(&mut self, py: Python<'_>) -> PyResult<bool> {
        py.check_signals()?;
        let run = self.running()?;
        py.detach(|| run.advance())
            .map_err(|error| simulate_error(&error))
    }

    /// A piece further towards a time in ms; whether there is more until then.
    fn advance_towards(&mut self, py: Python<'_>, time: f64) -> PyResult<bool> {
        let run = self.running()?;
        py.detach(|| run.advance_towards(time))
            .map_err(|error| simulate_error(&error))
    }

    /// Lets viewers see it from now on; what is odd about that, for people.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands arguments over by value"
    )]
    fn publish(
        &mut self,
        py: Python<'_>,
        to: Vec<String>,
        every_ms: f64,
        policy: (String, u32),
        description: Option<String>,
    ) -> PyResult<Vec<String>> {
        let policy = Policy::of(&policy.0, policy.1).map_err(|error| live_error(&error))?;
        let how = Publish {
            to,
            every_ms,
            policy,
            description,
        };
        let run = self.running()?;
        py.detach(|| run.publish(&how))
            .map_err(|error| simulate_error(&error))
    }

    /// Whether all viewers are there.
    fn viewers_are_there(&self) -> bool {
        self.run.as_ref().is_none_or(Run::viewers_are_there)
    }

    /// What happened to viewers since the last call.
    fn news(&mut self) -> Vec<String> {
        let news = self.run.as_mut().map(Run::news).unwrap_or_default();
        news.into_iter().map(|one| one.text).collect()
    }

    /// A variable of cells as it is now.
    #[pyo3(signature = (population, ids, variable))]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands arguments over by value"
    )]
    fn state(
        &mut self,
        population: &str,
        ids: Option<Vec<u64>>,
        variable: &str,
    ) -> PyResult<Numbers> {
        let run = self.running()?;
        let values = run.state(population, ids.as_deref(), variable);
        values
            .map(Numbers::from)
            .map_err(|error| simulate_error(&error))
    }

    /// Sets a variable or a parameter of cells: a list of values as JSON.
    #[pyo3(signature = (population, ids, name, values))]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands arguments over by value"
    )]
    fn set(
        &mut self,
        population: &str,
        ids: Option<Vec<u64>>,
        name: &str,
        values: &str,
    ) -> PyResult<()> {
        let values = match json(values)? {
            Value::Array(values) => values,
            value => vec![value],
        };
        let run = self.running()?;
        run.set(population, ids.as_deref(), name, &values)
            .map_err(|error| simulate_error(&error))
    }

    /// Gives a virtual cell more spikes, at times in ms.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands arguments over by value"
    )]
    fn send(&mut self, population: &str, node_id: u64, times: Vec<f64>) -> PyResult<()> {
        let run = self.running()?;
        run.send(population, node_id, &times)
            .map_err(|error| simulate_error(&error))
    }

    /// Closes all files, draws the plot if one is wanted; the summary as JSON, and as a table.
    #[pyo3(signature = (picture=None))]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands arguments over by value"
    )]
    fn finish(&mut self, py: Python<'_>, picture: Option<PathBuf>) -> PyResult<(String, String)> {
        self.running()?;
        self.last = self.progress();
        let run = self.run.take();
        let finished = py.detach(|| -> Result<_, SimulateError> {
            let Some(run) = run else {
                return Ok(None);
            };
            let (mut summary, sketch) = run.finish()?;
            if let Some(picture) = picture {
                plot(&sketch, &picture)?;
                summary.files.push(picture);
            }
            Ok(Some(summary))
        });
        let summary = finished.map_err(|error| simulate_error(&error))?;
        Ok(summary.map_or_else(Default::default, |summary| {
            (serde_json::json!(summary).to_string(), summary.table())
        }))
    }

    /// Ends it without files: what was there before stays.
    fn abandon(&mut self) {
        self.run = None;
    }
}

/// Adds this module's class to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<SimulationRun>()
}
