//! Membrane reports, read.
//!
//! Owns which populations, nodes and rows a file has, in SONATA's form, in BMTK's, and in SONATA's first,
//! which has no populations.

use std::ops::Range;
use std::path::Path;

use super::ReportTime;
use super::mapping::Mapping;
use crate::hdf5::read::{Dataset, File, Value};
use crate::{CircuitError, nearest};

/// A file of a report.
#[derive(Debug)]
pub struct ReportFile {
    file: File,
    populations: Vec<ReportPopulation>,
}

/// A population in a report: a table of rows in time and columns of elements.
#[derive(Debug, Clone)]
pub struct ReportPopulation {
    name: String,
    data: Dataset,
    rows: u64,
    columns: usize,
    mapping: Mapping,
    time: ReportTime,
    units: Option<String>,
    variable: Option<String>,
}

impl ReportFile {
    /// Opens a file; its mappings are read, its values not yet.
    ///
    /// # Errors
    /// The file is no HDF5 file, has no report, or says what cannot be.
    pub fn open(path: &Path) -> Result<Self, CircuitError> {
        let file = File::open(path)?;
        let mut populations = Vec::new();
        for name in file.groups("/report")? {
            let group = format!("/report/{name}");
            populations.push(ReportPopulation::open(&file, name, &group)?);
        }
        if populations.is_empty() && file.has_group("/mapping")? {
            populations.push(ReportPopulation::open(&file, String::new(), "")?);
        }
        if populations.is_empty() && !file.has_group("/report")? {
            let text = match (file.has_group("/spikes")?, file.has_group("/ecp")?) {
                (true, _) => "has no group /report: it is a file of spikes",
                (_, true) => "has no group /report: it is an extracellular report",
                _ => "has no group /report: it is no report",
            };
            return Err(CircuitError::file(path, "", text));
        }
        Ok(Self { file, populations })
    }

    /// Its populations, in the order of their names. That of SONATA's first form has no name.
    pub fn populations(&self) -> &[ReportPopulation] {
        &self.populations
    }

    /// The population of that name.
    ///
    /// # Errors
    /// There is none: which there are.
    pub fn population(&self, name: &str) -> Result<&ReportPopulation, CircuitError> {
        let named = |wanted: &str| self.populations.iter().find(|one| one.name == wanted);
        if let Some(found) = named(name).or_else(|| named("")) {
            return Ok(found);
        }
        let names = || self.populations.iter().map(|one| one.name.as_str());
        let text = match nearest(name, names()) {
            Some(near) => format!("has no population {name:?}; did you mean {near:?}?"),
            None => {
                let all: Vec<&str> = names().take(20).collect();
                format!("has no population {name:?}; there are: {}", all.join(", "))
            }
        };
        Err(CircuitError::file(self.file.path(), "/report", text))
    }
}

impl ReportPopulation {
    fn open(file: &File, name: String, group: &str) -> Result<Self, CircuitError> {
        let data = file.require(&format!("{group}/data"))?;
        let (rows, columns) = match *data.shape() {
            [rows, columns] => (rows, columns),
            // BMTK's first form has a vector where there is one cell.
            [rows] if group.is_empty() => (rows, 1),
            ref other => {
                return Err(data.error(format!(
                    "has the shape {other:?}; [rows, columns] is needed"
                )));
            }
        };
        let mapping = Mapping::read(file, group, columns)?;
        let time = ReportTime::read(&file.require(&format!("{group}/mapping/time"))?)?;
        let word = |name: &str| -> Result<Option<String>, CircuitError> {
            Ok(data
                .attribute(name)?
                .as_ref()
                .and_then(Value::word)
                .map(str::to_owned))
        };
        Ok(Self {
            name,
            rows,
            columns: usize::try_from(columns).unwrap_or(usize::MAX),
            mapping,
            time,
            units: word("units")?,
            variable: word("variable")?,
            data,
        })
    }

    /// Its name; empty in SONATA's first form.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many rows: times.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many columns: elements of nodes.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The times of the rows.
    pub fn time(&self) -> ReportTime {
        self.time
    }

    /// The unit of the values, where the file says it; BMTK's do not.
    pub fn units(&self) -> Option<&str> {
        self.units.as_deref()
    }

    /// The name of the variable, where the file says it.
    pub fn variable(&self) -> Option<&str> {
        self.variable.as_deref()
    }

    /// The nodes, in the order of their columns.
    pub fn node_ids(&self) -> &[u64] {
        &self.mapping.node_ids
    }

    /// The element of each column: 0 is the soma.
    pub fn element_ids(&self) -> &[u64] {
        &self.mapping.element_ids
    }

    /// Where along its element each column is, from 0 to 1; `None` where the file does not say.
    pub fn element_pos(&self) -> Option<&[f64]> {
        self.mapping.element_pos.as_deref()
    }

    /// Where the columns of each node begin, and where those of the last one end; `n + 1` values.
    pub fn index_pointers(&self) -> &[u64] {
        &self.mapping.pointers
    }

    /// The columns of a node; `None` where it is not in the report.
    pub fn columns_of(&self, node_id: u64) -> Option<Range<usize>> {
        self.mapping.columns(node_id)
    }

    /// How many rows are best read at once.
    pub fn piece_rows(&self) -> u64 {
        self.data.piece_rows()
    }

    /// Some rows, one after another, all columns of each.
    ///
    /// # Errors
    /// There are fewer rows, or the file is damaged.
    pub fn read_rows(&self, rows: Range<u64>) -> Result<Vec<f64>, CircuitError> {
        self.data.read_rows(rows)
    }

    /// Some columns of some rows, row by row: the traces of a node with [`columns_of`](Self::columns_of).
    ///
    /// # Errors
    /// There are fewer rows or columns, or the file is damaged.
    pub fn read(&self, rows: Range<u64>, columns: Range<usize>) -> Result<Vec<f64>, CircuitError> {
        if columns.end > self.columns || columns.start > columns.end {
            let text = format!("has {} columns; {columns:?} are none of them", self.columns);
            return Err(self.data.error(text));
        }
        let mut values = Vec::new();
        let mut window = Vec::new();
        let (mut at, piece) = (rows.start, self.piece_rows().max(1));
        while at < rows.end {
            // Up to where storage begins anew.
            let end = (at - at % piece).saturating_add(piece).min(rows.end);
            self.data.read_rows_into::<f64>(at..end, &mut window)?;
            for row in window.chunks_exact(self.columns.max(1)) {
                values.extend_from_slice(row.get(columns.clone()).unwrap_or_default());
            }
            at = end;
        }
        Ok(values)
    }
}
