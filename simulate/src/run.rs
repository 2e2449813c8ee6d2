//! A run: a plan that is simulated, in pieces if that is wanted.
//!
//! Owns the order of things: load, simulate while everything that comes out is written beside its place,
//! move it there. Between two pieces a run can be asked and changed. A run that is dropped before it is
//! finished leaves what was there before.

use std::time::{Duration, Instant};

use blendtorch_circuit::CircuitError;
use blendtorch_live::{LinkCounts, News};
use blendtorch_wire::End;

use crate::engine::Simulation;
use crate::load::{Loaded, Members, load};
use crate::outputs::OutputFolder;
use crate::plan::Plan;
use crate::plan::recordings::Times;
use crate::plot::Sketch;
use crate::publish::Publisher;
use crate::record::{Level, Recorder};
use crate::{Functions, NoFunctions, Publish, SimulateError, Summary};

/// About how long a piece takes on the clock.
const PIECE: Duration = Duration::from_millis(50);

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// In ms.
    pub time_ms: f64,
    /// Where it ends, in ms.
    pub tstop_ms: f64,
    /// Spikes until now.
    pub spikes: u64,
}

/// A network that is simulated.
pub struct Run {
    plan: Plan,
    simulation: Simulation,
    members: Members,
    recorder: Recorder,
    publisher: Option<Publisher>,
    folder: OutputFolder,
    warnings: Vec<String>,
    connections: u64,
    loading: Duration,
    simulating: Duration,
    /// Steps of the next piece.
    piece: u64,
}

impl Run {
    /// Loads a network.
    ///
    /// # Errors
    /// Where a file is damaged or names what is not there, an edge or a spike cannot be, a function in Python
    /// is asked for ([`Self::start_with`]), or the folder of the output cannot be used.
    pub fn start(plan: Plan) -> Result<Self, SimulateError> {
        Self::start_with(plan, &NoFunctions)
    }

    /// The same, with functions of the user's.
    ///
    /// # Errors
    /// The same, and what a function says.
    pub fn start_with(plan: Plan, functions: &dyn Functions) -> Result<Self, SimulateError> {
        let began = Instant::now();
        let Loaded {
            network,
            members,
            probes,
            warnings,
        } = load(&plan, functions)?;
        let connections = network.edges();
        let simulation = Simulation::new(network, plan.threads)?;
        let output = &plan.config.output;
        let folder = OutputFolder::take(&output.output_dir, &plan.files())?;
        let mut recorder = Recorder::new(&plan, &members, &probes, &folder)?;
        for warning in plan.warnings.iter().chain(&warnings) {
            recorder.log(Level::Warning, warning);
        }
        for line in plan.describe().lines() {
            recorder.log(Level::Info, line);
        }
        Ok(Self {
            plan,
            simulation,
            members,
            recorder,
            publisher: None,
            folder,
            warnings,
            connections,
            loading: began.elapsed(),
            simulating: Duration::ZERO,
            piece: 16,
        })
    }

    /// What was odd while it was loaded, for people.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        Progress {
            time_ms: self.plan.times.ms(self.simulation.now()),
            tstop_ms: self.plan.times.tstop,
            spikes: self.recorder.spikes(),
        }
    }

    /// From now on viewers are told what spikes, an interval at a time; what is odd about it is said. Such a
    /// run stops at each interval's end, and, if that is asked for, for viewers that are behind.
    ///
    /// # Errors
    /// No address, or one that cannot be used, places of cells that cannot be read, a description or an
    /// interval that cannot be.
    pub fn publish(&mut self, how: &Publish) -> Result<Vec<String>, SimulateError> {
        let now = self.simulation.now();
        let (publisher, said) = Publisher::start(how, &self.plan, &self.members, now)?;
        for line in &said {
            self.recorder.log(Level::Warning, line);
        }
        self.recorder.tap();
        self.publisher = Some(publisher);
        Ok(said)
    }

    /// Whether all viewers are there that it is published to; yes where it is not.
    pub fn viewers_are_there(&self) -> bool {
        self.publisher
            .as_ref()
            .is_none_or(Publisher::is_seen_by_all)
    }

    /// What happened to viewers since the last call, for people.
    pub fn news(&mut self) -> Vec<News> {
        self.publisher
            .as_mut()
            .map(Publisher::news)
            .unwrap_or_default()
    }

    /// Tells viewers how it ended, waits for a moment until they have it, and says what was counted of each;
    /// [`Self::finish`] does so too, with as much as it knows.
    ///
    /// # Errors
    /// Where the last interval cannot be sent.
    pub fn end_publishing(
        &mut self,
        end: &End,
    ) -> Result<(Vec<LinkCounts>, Vec<News>), SimulateError> {
        let Some(mut publisher) = self.publisher.take() else {
            return Ok((Vec::new(), Vec::new()));
        };
        let rest = self
            .recorder
            .tapped()
            .map(std::mem::take)
            .unwrap_or_default();
        let counts = publisher.end(rest, self.simulation.now(), end)?;
        Ok((counts, publisher.news()))
    }

    /// Simulates a piece, about a twentieth of a second on the clock, and says whether there is more. Where it
    /// is published it may wait half a second for viewers that are behind, and simulate nothing.
    ///
    /// # Errors
    /// Where something cannot be written: what was written before can still be finished.
    pub fn advance(&mut self) -> Result<bool, SimulateError> {
        self.piece_towards(self.plan.times.steps)
    }

    /// Simulates to a time in ms, at most to the end.
    ///
    /// # Errors
    /// A time between two steps, and as [`Self::advance`].
    pub fn advance_to(&mut self, time_ms: f64) -> Result<(), SimulateError> {
        while self.advance_towards(time_ms)? {}
        Ok(())
    }

    /// A piece of that, as of [`Self::advance`]; whether there is more until then.
    ///
    /// # Errors
    /// As [`Self::advance_to`].
    pub fn advance_towards(&mut self, time_ms: f64) -> Result<bool, SimulateError> {
        let Times {
            grid,
            tstart,
            steps,
            ..
        } = self.plan.times;
        let step = grid.steps((time_ms - tstart).max(0.0))?.min(steps);
        self.piece_towards(step)
    }

    fn piece_towards(&mut self, end: u64) -> Result<bool, SimulateError> {
        let (now, began) = (self.simulation.now(), Instant::now());
        self.run_to(end.min(now + self.piece))?;
        let ran = self.simulation.now().saturating_sub(now);
        // Where viewers were waited for nothing is known of the next piece.
        if ran > 0 {
            let took = began.elapsed().as_secs_f64().max(1e-6);
            let fits = ran as f64 * PIECE.as_secs_f64() / took;
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 1 and 2^32"
            )]
            let next = fits.clamp(1.0, f64::from(u32::MAX)) as u64;
            self.piece = next.min(self.piece * 8);
        }
        Ok(self.simulation.now() < end)
    }

    fn run_to(&mut self, step: u64) -> Result<(), SimulateError> {
        let mut publisher = self.publisher.take();
        let ran = match &mut publisher {
            None => self.run_without_stop(step),
            Some(publisher) => self.run_published(step, publisher),
        };
        self.publisher = publisher;
        ran
    }

    fn run_without_stop(&mut self, step: u64) -> Result<(), SimulateError> {
        let began = Instant::now();
        self.simulation.run_to(step, &mut self.recorder);
        self.simulating += began.elapsed();
        self.recorder.failed()
    }

    /// To a step, or as far as viewers that are behind allow.
    fn run_published(&mut self, step: u64, publisher: &mut Publisher) -> Result<(), SimulateError> {
        while self.simulation.now() < step && publisher.may_go_on() {
            self.run_without_stop(step.min(publisher.next()))?;
            let now = self.simulation.now();
            if let Some(tapped) = self.recorder.tapped() {
                publisher.take(tapped, now)?;
            }
        }
        Ok(())
    }

    /// A variable of cells as it is now, in the order of their ids; of all cells of the population that are
    /// simulated where no ids are given.
    ///
    /// # Errors
    /// A population, cell or variable that is not there.
    pub fn state(
        &mut self,
        population: &str,
        ids: Option<&[u64]>,
        variable: &str,
    ) -> Result<Vec<f64>, SimulateError> {
        let members = self.cells(population, ids)?;
        let mut values = Vec::with_capacity(members.len());
        for member in members {
            values.push(self.simulation.state(member, variable)?);
        }
        Ok(values)
    }

    /// Sets a state variable or a parameter of cells, from the next step on: one value for all, or one for
    /// each.
    ///
    /// # Errors
    /// A population, cell or name that is not there, a value that the model refuses, or another number of
    /// values than of cells.
    pub fn set(
        &mut self,
        population: &str,
        ids: Option<&[u64]>,
        name: &str,
        values: &[serde_json::Value],
    ) -> Result<(), SimulateError> {
        let members = self.cells(population, ids)?;
        if values.len() != 1 && values.len() != members.len() {
            let text = format!("{} values for {} cells", values.len(), members.len());
            return Err(CircuitError::file(&self.plan.config.file, name, text).into());
        }
        for (member, value) in members.into_iter().zip(values.iter().cycle()) {
            self.simulation.set(member, name, value)?;
        }
        Ok(())
    }

    /// Gives a virtual cell more spikes, at times in ms that are still to come.
    ///
    /// # Errors
    /// A population or cell that is not there or is simulated, or a time that has passed.
    pub fn send(&mut self, population: &str, id: u64, times: &[f64]) -> Result<(), SimulateError> {
        let members = self.members_of(population, &[id])?;
        let now = self.progress().time_ms;
        if let Some(early) = times.iter().find(|time| **time <= now || time.is_nan()) {
            let text = format!("a spike at {early} ms cannot be sent at {now} ms");
            return Err(CircuitError::file(&self.plan.config.file, population, text).into());
        }
        let start = self.plan.times.tstart;
        let times: Vec<f64> = times.iter().map(|time| time - start).collect();
        for member in members {
            self.simulation.train(member, &times)?;
        }
        Ok(())
    }

    fn cells(&self, population: &str, ids: Option<&[u64]>) -> Result<Vec<u32>, SimulateError> {
        match ids {
            Some(ids) => self.members_of(population, ids),
            None => {
                let found = self.members.population(population);
                let found = found.and_then(|at| self.members.populations.get(at));
                let found = found.ok_or_else(|| self.unknown(population))?;
                Ok(found.cells.clone().collect())
            }
        }
    }

    fn members_of(&self, population: &str, ids: &[u64]) -> Result<Vec<u32>, SimulateError> {
        let at = self.members.population(population);
        let found = at.and_then(|at| {
            let members = self.members.populations.get(at)?;
            Some((members, self.plan.circuit.nodes.get(at)?))
        });
        let (members, nodes) = found.ok_or_else(|| self.unknown(population))?;
        let member = |id: &u64| {
            let node = nodes.node_ids().position(*id);
            let node = node.and_then(|node| u32::try_from(node).ok());
            node.map(|node| members.member(node)).ok_or_else(|| {
                let text = format!("has no cell {id}");
                CircuitError::file(nodes.file(), population, text).into()
            })
        };
        ids.iter().map(member).collect()
    }

    fn unknown(&self, population: &str) -> SimulateError {
        let names = || self.members.populations.iter().map(|one| one.name.as_str());
        let meant = blendtorch_circuit::meant(population, names());
        let known = names().collect::<Vec<_>>().join(", ");
        let text = format!("there is no population {population:?}, but {known}{meant}");
        CircuitError::file(&self.plan.config.file, "networks", text).into()
    }

    /// What came of it until now, without the populations and files that only its end tells.
    pub fn summary(&self) -> Summary {
        let progress = self.progress();
        Summary {
            time_ms: progress.time_ms,
            tstop_ms: progress.tstop_ms,
            seconds: self.simulating.as_secs_f64(),
            loading_seconds: self.loading.as_secs_f64(),
            connections: self.connections,
            populations: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Ends it, wherever it is: closes all files and moves them to their places.
    ///
    /// # Errors
    /// Where something cannot be written or moved.
    pub fn finish(self) -> Result<(Summary, Sketch), SimulateError> {
        let (summary, progress) = (self.summary(), self.progress());
        let mut run = self;
        let end = match summary.is_cut() {
            true => End::interrupted(),
            false => End::finished(),
        };
        run.end_publishing(&end)?;
        let mut recorder = run.recorder;
        let cut = progress.time_ms < progress.tstop_ms;
        let word = if cut { "stopped" } else { "ended" };
        let (time, spikes) = (progress.time_ms, progress.spikes);
        recorder.log(
            Level::Info,
            &format!("{word} at {time} ms with {spikes} spikes"),
        );
        let (populations, sketch) = recorder.finish(time)?;
        let files = run.folder.finish()?;
        let summary = Summary {
            populations,
            files,
            ..summary
        };
        Ok((summary, sketch))
    }
}
