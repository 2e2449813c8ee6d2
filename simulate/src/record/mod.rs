//! What comes out of a run, to files and to the sketch of it.
//!
//! Owns which spike and which row goes where while the engine runs. An error is kept until the engine has
//! returned; what comes after it is not written.

mod log;
mod rows;
mod spikes;

use blendtorch_circuit::CircuitError;

use crate::engine::{Observer, ProbeId};
use crate::load::Members;
use crate::outputs::OutputFolder;
use crate::plan::Plan;
use crate::plan::recordings::Times;
use crate::plot::{Sketch, Trace};
use crate::{PopulationSummary, SimulateError};
pub(crate) use log::Level;
use rows::Rows;
use spikes::Spikes;

/// All that is recorded of a run.
pub(crate) struct Recorder {
    times: Times,
    spikes: Spikes,
    reports: Vec<(ProbeId, Rows)>,
    sketch: Sketch,
    log: Option<log::Log>,
    /// Spikes for who publishes them.
    tap: Option<Vec<(u64, u32)>>,
    error: Option<CircuitError>,
}

impl Recorder {
    /// Begins all files.
    pub(crate) fn new(
        plan: &Plan,
        members: &Members,
        probes: &[ProbeId],
        folder: &OutputFolder,
    ) -> Result<Self, SimulateError> {
        let simulated: Vec<_> = members
            .populations
            .iter()
            .map(|one| (one.name.clone(), u64::from(one.cells.end - one.cells.start)))
            .filter(|(_, cells)| *cells > 0)
            .collect();
        let window = (plan.times.tstart, plan.times.tstop);
        let mut sketch = Sketch::new(&simulated, window);
        let mut reports = Vec::new();
        for (one, probe) in plan.recorded.iter().zip(probes) {
            sketch.traces.push(trace(plan, one));
            reports.push((*probe, Rows::new(plan, one, folder)?));
        }
        Ok(Self {
            times: plan.times,
            spikes: Spikes::new(plan, members, folder)?,
            reports,
            sketch,
            log: log::Log::new(plan, folder)?,
            tap: None,
            error: None,
        })
    }

    /// How many spikes there were.
    pub(crate) fn spikes(&self) -> u64 {
        self.spikes.total()
    }

    /// A line in the log, where there is one.
    pub(crate) fn log(&mut self, level: Level, line: &str) {
        if let Some(log) = &mut self.log {
            log.line(level, line);
        }
    }

    /// From now on spikes are kept for [`Self::tapped`] too.
    pub(crate) fn tap(&mut self) {
        self.tap.get_or_insert_default();
    }

    /// Those that were kept: (step, member).
    pub(crate) fn tapped(&mut self) -> Option<&mut Vec<(u64, u32)>> {
        self.tap.as_mut()
    }

    /// The error that came up since the last call.
    pub(crate) fn failed(&mut self) -> Result<(), SimulateError> {
        match self.error.take() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Closes all files.
    pub(crate) fn finish(
        self,
        time_ms: f64,
    ) -> Result<(Vec<PopulationSummary>, Sketch), SimulateError> {
        let seconds = (time_ms - self.times.tstart) / 1000.0;
        let populations = self.spikes.finish(seconds)?;
        for (_, rows) in self.reports {
            rows.finish()?;
        }
        if let Some(log) = self.log {
            log.finish()?;
        }
        Ok((populations, self.sketch))
    }
}

impl Observer for Recorder {
    fn spikes(&mut self, spikes: &[(u64, u32)]) {
        if let Some(tap) = &mut self.tap {
            tap.extend_from_slice(spikes);
        }
        if self.error.is_none()
            && let Err(error) = self.spikes.add(spikes, &self.times, &mut self.sketch)
        {
            self.error = Some(error);
        }
    }

    fn rows(&mut self, probe: ProbeId, step: u64, values: &[f64]) {
        let found = self.reports.iter_mut().enumerate();
        let mut found = found.filter(|(_, (mine, _))| *mine == probe);
        let Some((at, (_, rows))) = found.next() else {
            return;
        };
        if let Some(trace) = self.sketch.traces.get_mut(at) {
            trace.row(self.times.ms(step), values);
        }
        if self.error.is_none()
            && let Err(error) = rows.add(values)
        {
            self.error = Some(error);
        }
    }
}

/// What of a report is drawn.
fn trace(plan: &Plan, one: &crate::plan::recordings::Recorded) -> Trace {
    let several = one.cells.len() > 1;
    let name = |place: usize| {
        let mut rest = place;
        for selected in &one.cells {
            if let Some(node) = selected.nodes.get(rest) {
                let nodes = plan.circuit.nodes.get(selected.population);
                let id = nodes.and_then(|nodes| nodes.node_ids().id(u64::from(*node)));
                let id = id.unwrap_or_default();
                return match nodes.filter(|_| several) {
                    Some(nodes) => format!("{} {id}", nodes.name()),
                    None => id.to_string(),
                };
            }
            rest -= selected.nodes.len();
        }
        String::new()
    };
    let variable = format!("{} ({})", one.variable, one.units);
    let cells = usize::try_from(one.columns()).unwrap_or(usize::MAX);
    Trace::new(one.name.clone(), variable, cells, name)
}
