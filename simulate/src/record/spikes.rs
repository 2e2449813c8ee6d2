//! Spikes to files.
//!
//! Owns which cell of the engine is which node of which population.

use blendtorch_circuit::CircuitError;
use blendtorch_circuit::spikes::{SpikesCsvWriter, SpikesWriter};

use crate::PopulationSummary;
use crate::load::Members;
use crate::outputs::OutputFolder;
use crate::plan::Plan;
use crate::plan::recordings::Times;
use crate::plot::Sketch;

/// Where spikes go.
pub(super) struct Spikes {
    populations: Vec<Population>,
    h5: Option<SpikesWriter>,
    csv: Option<SpikesCsvWriter>,
    total: u64,
    /// Ids and times that wait to be written, of one population.
    ids: Vec<u64>,
    times: Vec<f64>,
}

/// A population of which cells are simulated.
struct Population {
    name: String,
    /// The first of its cells among all.
    first: u32,
    /// The ids of its cells.
    ids: Ids,
    /// Spikes of each cell.
    spikes: Vec<u32>,
}

/// Ids of cells in their order; those of most populations are 0, 1, 2, …
enum Ids {
    Counted,
    Listed(Vec<u64>),
}

impl Ids {
    fn of(&self, cell: u32) -> u64 {
        match self {
            Self::Counted => u64::from(cell),
            Self::Listed(ids) => ids.get(cell as usize).copied().unwrap_or_default(),
        }
    }
}

impl Spikes {
    pub(super) fn new(
        plan: &Plan,
        members: &Members,
        folder: &OutputFolder,
    ) -> Result<Self, CircuitError> {
        let mut populations = Vec::new();
        for (one, nodes) in members.populations.iter().zip(&plan.circuit.nodes) {
            let cells = one.cells.end - one.cells.start;
            if cells == 0 {
                continue;
            }
            let id = |cell: u32| {
                let node = u64::from(one.node(cell));
                nodes.node_ids().id(node).unwrap_or_default()
            };
            let counted = (0..cells).all(|cell| id(cell) == u64::from(cell));
            populations.push(Population {
                name: one.name.clone(),
                first: one.cells.start,
                ids: match counted {
                    true => Ids::Counted,
                    false => Ids::Listed((0..cells).map(id).collect()),
                },
                spikes: vec![0; cells as usize],
            });
        }
        let names: Vec<_> = populations.iter().map(|one| one.name.as_str()).collect();
        let output = &plan.config.output;
        let sorting = output.spikes_sort_order;
        let h5 = output
            .spikes_file
            .first()
            .map(|file| folder.unfinished(file));
        let h5 = h5.map(|file| match output.gzip {
            true => SpikesWriter::create_compressed(&file, &names, sorting),
            false => SpikesWriter::create(&file, &names, sorting),
        });
        let csv = output
            .spikes_file_csv
            .first()
            .map(|file| folder.unfinished(file));
        let csv = csv.map(|file| SpikesCsvWriter::create(&file, &names, sorting));
        Ok(Self {
            h5: h5.transpose()?,
            csv: csv.transpose()?,
            populations,
            total: 0,
            ids: Vec::new(),
            times: Vec::new(),
        })
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Adds spikes, which come in the order of their steps and cells.
    pub(super) fn add(
        &mut self,
        spikes: &[(u64, u32)],
        times: &Times,
        sketch: &mut Sketch,
    ) -> Result<(), CircuitError> {
        self.total += spikes.len() as u64;
        let mut last = (u64::MAX, 0.0);
        let population = |populations: &[Population], cell: u32| {
            let after = populations.partition_point(|one| one.first <= cell);
            after.saturating_sub(1)
        };
        let mut rest = spikes;
        while let Some((_, cell)) = rest.first() {
            // As many as come one after another of one population.
            let at = population(&self.populations, *cell);
            let next = self
                .populations
                .get(at + 1)
                .map_or(u32::MAX, |one| one.first);
            let Some(one) = self.populations.get_mut(at) else {
                return Ok(());
            };
            let same = |(_, cell): &&(u64, u32)| (one.first..next).contains(cell);
            let (some, others) = rest.split_at(rest.iter().take_while(same).count().max(1));
            rest = others;
            self.ids.clear();
            self.times.clear();
            for (step, cell) in some {
                if last.0 != *step {
                    last = (*step, times.ms(*step));
                }
                let cell = cell - one.first;
                if let Some(number) = one.spikes.get_mut(cell as usize) {
                    *number = number.saturating_add(1);
                }
                sketch.spike(at, cell, last.1);
                self.ids.push(one.ids.of(cell));
                self.times.push(last.1);
            }
            if let Some(h5) = &mut self.h5 {
                h5.add(at, &self.ids, &self.times)?;
            }
            if let Some(csv) = &mut self.csv {
                csv.add(at, &self.ids, &self.times)?;
            }
        }
        Ok(())
    }

    /// Closes the files, and says what each population did in so many seconds.
    pub(super) fn finish(self, seconds: f64) -> Result<Vec<PopulationSummary>, CircuitError> {
        if let Some(h5) = self.h5 {
            h5.finish()?;
        }
        if let Some(csv) = self.csv {
            csv.finish()?;
        }
        let rate = |spikes: f64, cells: f64| match seconds > 0.0 && cells > 0.0 {
            true => spikes / cells / seconds,
            false => 0.0,
        };
        let summary = |one: Population| {
            let spikes: u64 = one.spikes.iter().map(|number| u64::from(*number)).sum();
            let cells = one.spikes.len() as f64;
            let highest = one.spikes.iter().max().copied().unwrap_or(0);
            PopulationSummary {
                cells: one.spikes.len() as u64,
                active: one.spikes.iter().filter(|number| **number > 0).count() as u64,
                rate_hz: rate(spikes as f64, cells),
                highest_hz: rate(f64::from(highest), 1.0),
                name: one.name,
                spikes,
            }
        };
        Ok(self.populations.into_iter().map(summary).collect())
    }
}
