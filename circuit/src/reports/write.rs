//! Membrane reports, written.
//!
//! Owns what such a file holds, so that h5py, libsonata and BMTK read it: values as f32 with their unit and
//! variable, the mapping with its pointers under both names, times in ms. Rows go to the file as they come;
//! a report that ends early is whole up to there.

use std::path::{Path, PathBuf};

use super::ReportTime;
use crate::CircuitError;
use crate::hdf5::{Attribute, Group, Table, Writer};

/// The columns of a population in a report.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportLayout {
    /// The population.
    pub population: String,
    /// The nodes, each once.
    pub node_ids: Vec<u64>,
    /// Where the columns of each node begin, and where those of the last one end; `n + 1` values from 0.
    pub index_pointers: Vec<u64>,
    /// The element of each column; 0 is the soma.
    pub element_ids: Vec<u32>,
    /// Where along its element each column is, from 0 to 1.
    pub element_pos: Vec<f64>,
}

impl ReportLayout {
    /// One column a node: point neurons, somata.
    pub fn points(population: impl Into<String>, node_ids: Vec<u64>) -> Self {
        Self {
            population: population.into(),
            index_pointers: (0..=node_ids.len() as u64).collect(),
            element_ids: vec![0; node_ids.len()],
            element_pos: vec![0.0; node_ids.len()],
            node_ids,
        }
    }

    /// How many columns it has.
    pub fn columns(&self) -> usize {
        self.element_ids.len()
    }

    fn wrong(&self) -> Option<String> {
        let (nodes, columns) = (self.node_ids.len(), self.columns());
        let pointers = &self.index_pointers;
        let fits = pointers.len() == nodes + 1
            && pointers.first() == Some(&0)
            && pointers.last() == Some(&(columns as u64))
            && pointers.is_sorted()
            && self.element_pos.len() == columns;
        (!fits).then(|| format!("{nodes} nodes and {columns} columns do not fit to their pointers"))
    }
}

/// So many values wait before they are written (256 kB).
const WAITING: usize = 1 << 16;

/// A report that is written.
#[derive(Debug)]
pub struct ReportWriter {
    path: PathBuf,
    writer: Writer,
    variable: String,
    units: String,
    start: f64,
    step: f64,
    populations: Vec<Population>,
}

#[derive(Debug)]
struct Population {
    layout: ReportLayout,
    table: Table<f32>,
    /// Rows that are written.
    rows: u64,
    waiting: Vec<f32>,
}

impl ReportWriter {
    /// Begins a file for up to `rows` rows, row k at `start + k * step` ms. It is an HDF5 file only when
    /// it is finished.
    ///
    /// # Errors
    /// The file cannot be made, a population is there twice, or a layout is none.
    pub fn create(
        path: &Path,
        (variable, units): (&str, &str),
        (start, step): (f64, f64),
        rows: u64,
        layouts: Vec<ReportLayout>,
    ) -> Result<Self, CircuitError> {
        let wrong = |key: &str, text: String| Err(CircuitError::file(path, key, text));
        if !(start.is_finite() && step.is_finite() && step > 0.0) {
            return wrong("time", format!("starts at {start} ms in steps of {step}"));
        }
        let mut writer = Writer::create(path)?;
        let mut populations: Vec<Population> = Vec::new();
        for layout in layouts {
            if populations
                .iter()
                .any(|one| one.layout.population == layout.population)
            {
                return wrong(
                    &layout.population,
                    "this population is there twice".to_owned(),
                );
            }
            if let Some(text) = layout.wrong() {
                return wrong(&layout.population, text);
            }
            populations.push(Population {
                table: writer.table(rows, layout.columns() as u64)?,
                layout,
                rows: 0,
                waiting: Vec::new(),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            writer,
            variable: variable.to_owned(),
            units: units.to_owned(),
            start,
            step,
            populations,
        })
    }

    /// Adds rows to the population of that place in the list: all columns of a row, one row after another.
    ///
    /// # Errors
    /// They are no whole rows, more than there was to be, or cannot be written.
    pub fn add(&mut self, population: usize, values: &[f64]) -> Result<(), CircuitError> {
        let Some(population) = self.populations.get_mut(population) else {
            return Err(CircuitError::file(
                &self.path,
                "/report",
                "there is no such population",
            ));
        };
        let columns = population.layout.columns();
        if columns == 0 || !values.len().is_multiple_of(columns) {
            let text = format!("{} values are no rows of {columns}", values.len());
            return Err(CircuitError::file(
                &self.path,
                population.layout.population.clone(),
                text,
            ));
        }
        #[allow(clippy::cast_possible_truncation, reason = "SONATA's reports are f32")]
        population
            .waiting
            .extend(values.iter().map(|value| *value as f32));
        if population.waiting.len() >= WAITING.max(columns) {
            population.write()?;
        }
        Ok(())
    }

    /// Writes what waits, and ends the file with the rows that all populations have.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> Result<(), CircuitError> {
        for population in &mut self.populations {
            population.write()?;
        }
        let columns = |one: &&Population| one.layout.columns() > 0;
        let rows = self
            .populations
            .iter()
            .filter(columns)
            .map(|one| one.rows)
            .min()
            .unwrap_or(0);
        let time = ReportTime::of_rows(self.start, self.step, rows);
        let mut report = Group::new();
        for Population { layout, table, .. } in self.populations {
            let writer = &mut self.writer;
            let mut mapping = Group::new();
            let sorted = u8::from(layout.node_ids.is_sorted());
            let nodes = writer.column(&layout.node_ids)?;
            mapping.dataset("node_ids", nodes.with("sorted", Attribute::number(sorted)));
            let pointers = writer.column(&layout.index_pointers)?;
            // SONATA's name and BMTK's.
            mapping.named(&["index_pointers", "index_pointer"], pointers);
            mapping.dataset("element_ids", writer.column(&layout.element_ids)?);
            mapping.dataset("element_pos", writer.column(&layout.element_pos)?);
            let times = writer.column(&[time.start, time.stop, time.step])?;
            mapping.dataset("time", times.with("units", Attribute::string("ms")));
            let data = table.cut(rows);
            let data = data
                .with("units", Attribute::string(&self.units))
                .with("variable", Attribute::string(&self.variable));
            let mut group = Group::new();
            group.dataset("data", data);
            group.group("mapping", mapping);
            report.group(&layout.population, group);
        }
        let mut root = Group::new()
            .with("magic", Attribute::number(0x0a7a_u32))
            .with("version", Attribute::numbers(&[0_u32, 1]));
        root.group("report", report);
        self.writer.finish(&root)
    }
}

impl Population {
    fn write(&mut self) -> Result<(), CircuitError> {
        self.table.write_rows(self.rows, &self.waiting)?;
        let columns = self.layout.columns().max(1);
        self.rows += (self.waiting.len() / columns) as u64;
        self.waiting.clear();
        Ok(())
    }
}
