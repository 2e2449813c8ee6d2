//! A network that runs, rests between two steps, and can be asked and changed there.

use std::sync::Arc;
use std::thread::JoinHandle;

use serde_json::Value as Json;

use super::assemble;
use super::block::Injection;
use super::clamps::{self, Clamp};
use super::conductor::Told;
use super::crew::{Shared, lock};
use super::layout;
use super::network::{ClampId, Network, ProbeId};
use super::{EngineError, Grid};
use crate::models::{Kind, ParameterError, Parameters};

/// What is told of what happens. Calls come on the thread that called [`Simulation::run_to`], some
/// thousand spikes or values at a time, all before it returns.
pub trait Observer {
    /// Spikes as (step, cell), in that order.
    fn spikes(&mut self, spikes: &[(u64, u32)]) {
        let _ = spikes;
    }

    /// What a probe read at a step: all cells of its first variable, then of its second.
    fn rows(&mut self, probe: ProbeId, step: u64, values: &[f64]) {
        let _ = (probe, step, values);
    }
}

impl Observer for () {}

/// What may be on its way, in bytes.
const MOST_ON_THE_WAY: u64 = 8 << 30;

/// A network that runs.
pub struct Simulation {
    /// What is still asked for: parameters and places.
    network: Network,
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
    told: Told,
    begun: bool,
}

impl Simulation {
    /// A network at step 0, to be run by so many threads, this one among them. There are never more
    /// than its blocks of cells, from 500 to 2560 each; a network of fewer than 1000 has one.
    ///
    /// # Errors
    /// Edges that were counted and not placed; delays so long that what is on its way needs more than
    /// 8 GiB; a system that gives no thread.
    pub fn new(mut network: Network, threads: usize) -> Result<Self, EngineError> {
        network.finish()?;
        let rows = u64::from(network.longest) + 1;
        let width: u64 = network.layouts.iter().map(|one| one.width as u64).sum();
        let bytes = width.saturating_mul(rows).saturating_mul(8);
        if bytes > MOST_ON_THE_WAY {
            return Err(EngineError::Size(format!(
                "a delay of {} steps for {} cells needs {} GiB for what is on its way: at most {} are \
                 possible; use shorter delays or longer steps",
                network.longest,
                network.cells(),
                bytes >> 30,
                MOST_ON_THE_WAY >> 30
            )));
        }
        let conductor = assemble::conductor(&mut network, rows);
        let blocks = assemble::blocks(&mut network, rows as usize);
        let helpers = threads.min(blocks.len()).saturating_sub(1);
        let mut simulation = Self {
            network,
            shared: Arc::new(Shared::new(blocks, conductor)),
            helpers: Vec::with_capacity(helpers),
            told: Told::default(),
            begun: false,
        };
        for _ in 0..helpers {
            let shared = Arc::clone(&simulation.shared);
            let helper = std::thread::Builder::new()
                .name("simulate".to_owned())
                .spawn(move || shared.serve())
                .map_err(|error| EngineError::Size(format!("no thread to be had: {error}")))?;
            simulation.helpers.push(helper);
        }
        simulation.schedule_clamps();
        Ok(simulation)
    }

    /// The step that it is at.
    pub fn now(&self) -> u64 {
        lock(&self.shared.conductor).now
    }

    /// The grid of time.
    pub fn grid(&self) -> Grid {
        self.network.grid
    }

    /// How many threads it runs on.
    pub fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Runs until a step is reached; nothing happens where it is already.
    pub fn run_to(&mut self, step: u64, observer: &mut dyn Observer) {
        if !self.begun {
            self.begun = true;
            self.tell_beginning(observer);
        }
        let shared = Arc::clone(&self.shared);
        lock(&shared.conductor).goal = step;
        if shared.blocks.is_empty() {
            let mut conductor = lock(&shared.conductor);
            conductor.now = conductor.now.max(step);
            return;
        }
        let widths: Vec<usize> = self.network.probes.iter().map(|one| one.width).collect();
        shared.run(&mut self.told, |told| {
            if !told.spikes.is_empty() {
                observer.spikes(&told.spikes);
            }
            let mut values = told.values.as_slice();
            for (probe, step) in &told.rows {
                let width = widths.get(*probe).copied().unwrap_or(0);
                let (row, rest) = values.split_at(width.min(values.len()));
                observer.rows(ProbeId(*probe), *step, row);
                values = rest;
            }
        });
    }

    /// The rows of the state before the first update.
    fn tell_beginning(&self, observer: &mut dyn Observer) {
        for (probe, layout) in self.network.probes.iter().enumerate() {
            if layout.rhythm.is_due(0) {
                let row: Vec<f64> = layout
                    .columns
                    .iter()
                    .map(|(cell, recordable)| self.read(0, *cell, *recordable))
                    .collect();
                observer.rows(ProbeId(probe), 0, &row);
            }
        }
    }

    /// A variable of a cell as it is now: one of its model's [`Kind::recordables`].
    ///
    /// # Errors
    /// A member that is no cell, or a variable that its model does not record.
    pub fn state(&mut self, cell: u32, variable: &str) -> Result<f64, EngineError> {
        let recordable = self.network.recordable(cell, variable)?;
        self.settle();
        Ok(self.read(self.now(), cell, recordable))
    }

    fn read(&self, now: u64, cell: u32, recordable: u32) -> f64 {
        let place = self.network.places.get(cell as usize);
        let block = place.and_then(|place| self.shared.blocks.get(place.block as usize));
        match (place, block) {
            (Some(place), Some(block)) => lock(block).read(now, place.group, place.at, recordable),
            _ => f64::NAN,
        }
    }

    /// Brings the spikes of the last interval to their blocks, as the next interval would.
    fn settle(&self) {
        let mut plan = self
            .shared
            .plan
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for block in &self.shared.blocks {
            lock(block).deliver(&plan.arrivals);
        }
        plan.arrivals.clear();
    }

    /// The model of a cell.
    ///
    /// # Errors
    /// A member that is no cell.
    pub fn kind(&self, cell: u32) -> Result<Kind, EngineError> {
        self.network.kind(cell)
    }

    /// The parameters of a cell. State variables among them are as they were given, not as they are.
    ///
    /// # Errors
    /// A member that is no cell.
    pub fn parameters(&self, cell: u32) -> Result<&Parameters, EngineError> {
        self.network.kind(cell)?;
        let set = self.network.set_of.get(cell as usize);
        set.and_then(|set| self.network.sets.get(*set as usize))
            .ok_or_else(|| self.network.no_member(cell))
    }

    /// Sets a parameter or a state variable of a cell, as NEST's `SetStatus` between two runs: where
    /// E_L moves, V_m stays.
    ///
    /// # Errors
    /// A member that is no cell; a name or value that its model refuses; another number of `tau_syn`,
    /// since edges go to them.
    pub fn set(&mut self, cell: u32, name: &str, value: &Json) -> Result<(), EngineError> {
        let mut parameters = self.parameters(cell)?.clone();
        let receptors = layout::channels(&parameters);
        parameters.set(name, value)?;
        parameters.check()?;
        if layout::channels(&parameters) != receptors {
            return Err(EngineError::Parameter(ParameterError::Range {
                kind: parameters.kind().name(),
                text: format!("the cell has connections: tau_syn must keep its {receptors} values"),
            }));
        }
        let step = self.network.grid.step();
        let place = self.network.places.get(cell as usize).copied();
        if let Some(place) = place
            && let Some(block) = self.shared.blocks.get(place.block as usize)
            && let Some(group) = lock(block).group_mut(place.group)
        {
            group.change(place.at as usize, &parameters, name, step);
        }
        let set = self.network.sets.len() as u32;
        self.network.sets.push(parameters);
        if let Some(own) = self.network.set_of.get_mut(cell as usize) {
            *own = set;
        }
        Ok(())
    }

    /// Gives a source more spikes, in ms.
    ///
    /// # Errors
    /// A member that is no source, or a time that is not after now.
    pub fn train(&mut self, source: u32, times: &[f64]) -> Result<(), EngineError> {
        let stamps = self.network.stamps(source, times)?;
        let mut conductor = lock(&self.shared.conductor);
        let now = conductor.now;
        if stamps.iter().any(|(step, _)| *step <= now) {
            return Err(EngineError::Input(format!(
                "a spike that is not after the simulation's time, {} ms",
                self.network.grid.ms(now)
            )));
        }
        let next = conductor.next_input;
        conductor.inputs.drain(..next);
        conductor.next_input = 0;
        conductor.inputs.extend(stamps);
        conductor.inputs.sort_unstable();
        Ok(())
    }

    /// Adds a clamp, as [`Network::clamp`]. What would have been injected before now is not.
    ///
    /// # Errors
    /// As [`Network::clamp`].
    pub fn clamp(
        &mut self,
        cells: &[u32],
        pulses: &[(f64, f64, f64)],
    ) -> Result<ClampId, EngineError> {
        let id = self.network.clamp(cells, pulses)?;
        self.schedule_clamps();
        Ok(id)
    }

    /// Gives a clamp other pulses, from now on.
    ///
    /// # Errors
    /// As [`Network::clamp`], or a clamp that is not there.
    pub fn set_clamp(
        &mut self,
        clamp: ClampId,
        pulses: &[(f64, f64, f64)],
    ) -> Result<(), EngineError> {
        let known = self.network.clamps.len() as u64;
        let Some(own) = self.network.clamps.get_mut(clamp.0) else {
            return Err(EngineError::Index {
                what: "clamp",
                index: clamp.0 as u64,
                known,
            });
        };
        *own = Clamp::new(self.network.grid, &own.cells, pulses)?;
        self.schedule_clamps();
        Ok(())
    }

    /// Brings the sums of all clamps to the blocks, and what acts now to the cells.
    fn schedule_clamps(&mut self) {
        let now = self.now();
        let place = |cell: u32| self.network.places.get(cell as usize).copied();
        for block in &self.shared.blocks {
            let mut block = lock(block);
            block.injections.clear();
            block.next_injection = 0;
        }
        let none = self.network.clamps.iter().flat_map(|clamp| &clamp.cells);
        let none = none.map(|cell| (0, *cell, 0.0));
        for (step, cell, current) in none.chain(clamps::schedule(&self.network.clamps)) {
            let Some(place) = place(cell) else { continue };
            if let Some(block) = self.shared.blocks.get(place.block as usize) {
                lock(block).injections.push(Injection {
                    step,
                    group: place.group,
                    at: place.at,
                    current,
                });
            }
        }
        for block in &self.shared.blocks {
            lock(block).inject(now);
        }
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        self.shared.end();
        for helper in self.helpers.drain(..) {
            // A helper that panicked has said so already.
            let _ = helper.join();
        }
    }
}
