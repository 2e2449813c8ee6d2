//! What is recorded of the cells.
//!
//! Owns how the reports of a configuration become rows of variables, with which times, and what is said of
//! those that the engine has not.

use std::path::PathBuf;

use blendtorch_circuit::config::{Config, Engine, Recording, Report};
use blendtorch_circuit::{Problems, nearest};

use super::cells::{Cells, VIRTUAL};
use super::selection::{Selected, Selector};
use crate::engine::Grid;
use crate::models::Parameters;

/// A variable of some cells that is written to a file.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    /// The report's name.
    pub(crate) name: String,
    /// By NEST's name.
    pub(crate) variable: String,
    /// Its unit.
    pub(crate) units: String,
    pub(crate) file: PathBuf,
    pub(crate) cells: Vec<Selected>,
    /// The step of the first row, steps between rows, and the step at which it ends (open), all
    /// counted from the start of the run.
    pub(crate) first: u64,
    pub(crate) every: u64,
    pub(crate) end: u64,
}

impl Recorded {
    /// How many rows a whole run has.
    pub(crate) fn rows(&self) -> u64 {
        self.end
            .saturating_sub(self.first)
            .div_ceil(self.every.max(1))
    }

    /// How many cells.
    pub(crate) fn columns(&self) -> u64 {
        self.cells.iter().map(|one| one.nodes.len() as u64).sum()
    }
}

/// The times of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) grid: Grid,
    /// In ms.
    pub(crate) tstart: f64,
    pub(crate) tstop: f64,
    /// From one to the other.
    pub(crate) steps: u64,
}

impl Times {
    /// The time of a step of the run, in ms, as the double that is nearest to its decimal.
    pub(crate) fn ms(&self, step: u64) -> f64 {
        let before = self.grid.steps(self.tstart).unwrap_or(0);
        self.grid.ms(before + step)
    }
}

/// All reports.
pub(super) fn planned(
    config: &Config,
    times: Option<Times>,
    cells: &Cells,
    selector: &mut Selector<'_>,
    problems: &mut Problems,
) -> Vec<Recorded> {
    let mut all = Vec::new();
    for report in config.reports.values() {
        all.extend(plan(report, config, times, cells, selector, problems));
    }
    all
}

fn plan(
    report: &Report,
    config: &Config,
    times: Option<Times>,
    cells: &Cells,
    selector: &mut Selector<'_>,
    problems: &mut Problems,
) -> Vec<Recorded> {
    let key = |name: &str| format!("{}.{name}", report.key);
    if report.module == "spikes_report" {
        let text = "spikes are written as output.spikes_file says; leave this report out";
        problems.error(&report.file, key("module"), text);
        return Vec::new();
    }
    let Recording::Membrane {
        variables,
        dt,
        start_time,
        end_time,
        unit,
        ..
    } = &report.recording
    else {
        let text = match report.module {
            "weight_recorder" => {
                "weights are static here: they are in the files of the edges; leave this report out, or \
                 run plastic synapses by BMTK's PointNet (pip install bmtk nest-simulator 'pandas<3')"
                    .to_owned()
            }
            module => format!(
                "{module} is no report of point neurons: BMTK's BioNet has it (pip install bmtk neuron \
                 'pandas<3')"
            ),
        };
        problems.error(&report.file, key("module"), text);
        return Vec::new();
    };
    if !report.engines.contains(Engine::PointNet) {
        let text = format!(
            "{} is no report of point neurons: BMTK's BioNet has it",
            report.module
        );
        problems.error(&report.file, key("module"), text);
        return Vec::new();
    }
    let place = key("cells");
    let selected = selector.select(report.cells.as_ref(), &report.file, &place, problems);
    let Some(selected) = selected else {
        return Vec::new();
    };
    let selected = simulated(selected, report, cells, problems);
    if selected.is_empty() {
        problems.error(&report.file, place, "selects no simulated cell");
        return Vec::new();
    }
    let files = report.files(&config.output.output_dir);
    let mut known = Vec::new();
    for (variable, file) in variables
        .iter()
        .zip(files.into_iter().map(|(_, file)| file))
    {
        let Some(units) = units(variable, &selected, cells, report, problems) else {
            continue;
        };
        if unit.as_ref().is_some_and(|unit| *unit != units) {
            let text = format!("{variable} is in {units}");
            problems.warning(&report.file, key("unit"), text);
        }
        known.push((variable.clone(), units, file));
    }
    let Some(times) = times else {
        return Vec::new();
    };
    let window = window(times, [*dt, *start_time, *end_time], report, problems);
    let Some((first, every, end)) = window else {
        return Vec::new();
    };
    let recorded = |(variable, units, file)| Recorded {
        name: report.name.clone(),
        variable,
        units,
        file,
        cells: selected.clone(),
        first,
        every,
        end,
    };
    known.into_iter().map(recorded).collect()
}

/// Cells that have a state; that others are left out is said.
fn simulated(
    selected: Vec<Selected>,
    report: &Report,
    cells: &Cells,
    problems: &mut Problems,
) -> Vec<Selected> {
    let mut left_out = 0;
    let mut kept = Vec::new();
    for mut one in selected {
        let Some(population) = cells.populations.get(one.population) else {
            continue;
        };
        let before = one.nodes.len();
        one.nodes
            .retain(|node| population.of.get(*node as usize) != Some(&VIRTUAL));
        left_out += before - one.nodes.len();
        if !one.nodes.is_empty() {
            kept.push(one);
        }
    }
    if left_out > 0 && !kept.is_empty() && report.cells.is_some() {
        let text = format!("{left_out} of its cells are virtual and have no variables: left out");
        problems.warning(&report.file, format!("{}.cells", report.key), text);
    }
    kept
}

/// First row, steps between rows and end, in steps from the start.
fn window(
    times: Times,
    [dt, start, end]: [Option<f64>; 3],
    report: &Report,
    problems: &mut Problems,
) -> Option<(u64, u64, u64)> {
    let Times {
        grid,
        tstart,
        tstop,
        steps,
    } = times;
    let mut on_grid = |name: &str, ms: f64| match grid.steps(ms) {
        Ok(steps) => Some(steps),
        Err(error) => {
            problems.error(
                &report.file,
                format!("{}.{name}", report.key),
                error.to_string(),
            );
            None
        }
    };
    let every = dt.map_or(Some(1), |dt| on_grid("dt", dt))?;
    let first = on_grid("start_time", start.unwrap_or(tstart).max(tstart) - tstart)?;
    let last = on_grid("end_time", end.unwrap_or(tstop).min(tstop) - tstart)?;
    let mut refuse = |name: &str, text: String| {
        problems.error(&report.file, format!("{}.{name}", report.key), text);
    };
    if every == 0 {
        refuse("dt", format!("is shorter than a step of {} ms", grid.dt()));
        return None;
    }
    if first >= last.min(steps) {
        let text = format!("nothing of it lies in the run from {tstart} to {tstop} ms");
        refuse("start_time", text);
        return None;
    }
    if end.is_some_and(|end| end > tstop) {
        let text = format!("is after the end of the run at {tstop} ms, where the report ends");
        problems.warning(&report.file, format!("{}.end_time", report.key), text);
    }
    Some((first, every, last.min(steps)))
}

/// The unit of a variable, if all cells have it.
fn units(
    variable: &str,
    selected: &[Selected],
    cells: &Cells,
    report: &Report,
    problems: &mut Problems,
) -> Option<String> {
    let mut units = None;
    let mut sets: Vec<u32> = selected
        .iter()
        .filter_map(|one| Some((cells.populations.get(one.population)?, &one.nodes)))
        .flat_map(|(population, nodes)| {
            let set = |node: &u32| population.of.get(*node as usize).copied();
            nodes.iter().filter_map(set)
        })
        .collect();
    sets.sort_unstable();
    sets.dedup();
    for set in sets {
        let Some(kind) = cells.parameters.get(set as usize).map(Parameters::kind) else {
            continue;
        };
        match kind.unit(variable) {
            Some(unit) => units = Some(unit.to_owned()),
            None => {
                let known = kind.recordables();
                // What NEURON calls v is V_m in NEST.
                let meant = match variable {
                    "v" | "V" | "vm" | "soma.v" => Some("V_m"),
                    other => nearest(other, known.iter().copied()),
                };
                let meant =
                    meant.map_or_else(String::new, |name| format!("; did you mean {name:?}?"));
                let text = format!(
                    "{} has no variable {variable:?}, but {}{meant}",
                    kind.name(),
                    known.join(", ")
                );
                problems.error(&report.file, format!("{}.variable_name", report.key), text);
                return None;
            }
        }
    }
    units
}
