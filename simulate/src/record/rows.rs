//! Rows of a report, to its file.
//!
//! Owns which columns of the engine's row are which population's.

use blendtorch_circuit::CircuitError;
use blendtorch_circuit::reports::{ReportLayout, ReportWriter};

use crate::outputs::OutputFolder;
use crate::plan::Plan;
use crate::plan::recordings::Recorded;

/// A report that is written.
pub(super) struct Rows {
    writer: ReportWriter,
    /// How many columns each population has.
    widths: Vec<usize>,
}

impl Rows {
    pub(super) fn new(
        plan: &Plan,
        one: &Recorded,
        folder: &OutputFolder,
    ) -> Result<Self, CircuitError> {
        let mut layouts = Vec::new();
        for selected in &one.cells {
            let Some(nodes) = plan.circuit.nodes.get(selected.population) else {
                continue;
            };
            let id = |node: &u32| nodes.node_ids().id(u64::from(*node));
            let ids = selected.nodes.iter().filter_map(id).collect();
            layouts.push(ReportLayout::points(nodes.name(), ids));
        }
        let widths = layouts.iter().map(ReportLayout::columns).collect();
        let file = folder.unfinished(&one.file);
        let named = (one.variable.as_str(), one.units.as_str());
        let (first, next) = (one.first, one.first + one.every);
        let start = plan.times.ms(first);
        let times = (start, plan.times.grid.ms(next) - plan.times.grid.ms(first));
        let writer = ReportWriter::create(&file, named, times, one.rows(), layouts)?;
        Ok(Self { writer, widths })
    }

    /// Adds a row: the cells of the first population, then those of the next.
    pub(super) fn add(&mut self, values: &[f64]) -> Result<(), CircuitError> {
        let mut rest = values;
        for (population, width) in self.widths.iter().enumerate() {
            let (mine, others) = rest.split_at_checked(*width).unwrap_or((rest, &[]));
            self.writer.add(population, mine)?;
            rest = others;
        }
        Ok(())
    }

    /// Ends the file with the rows that there are.
    pub(super) fn finish(self) -> Result<(), CircuitError> {
        self.writer.finish()
    }
}
