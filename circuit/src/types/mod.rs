//! The tables of node types and edge types.
//!
//! Owns `node_types.csv` and `edge_types.csv`: separated by blanks, a header, `NULL` for what is
//! absent, quotes around what has blanks. It knows nothing of the nodes or edges that have the types.

mod lookup;
mod split;

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::column::{ABSENT, Words};
use crate::{CircuitError, Column, meant};
use lookup::Lookup;

/// What a table says of an absent value: pandas' words, which BMTK goes by, and its own `NONE`.
const ABSENT_WORDS: [&str; 15] = [
    "", "NULL", "NONE", "None", "null", "NaN", "nan", "NA", "N/A", "n/a", "<NA>", "#N/A", "#NA",
    "-NaN", "-nan",
];

/// A table of types: a row for each type, a column for each attribute.
#[derive(Debug, Clone)]
pub struct TypesTable {
    file: PathBuf,
    ids: Vec<u64>,
    lookup: Lookup,
    columns: IndexMap<String, Column>,
}

impl TypesTable {
    /// Reads a table; `id` is the name of the column with the types' numbers: `node_type_id` or
    /// `edge_type_id`.
    ///
    /// # Errors
    /// Where the system refuses, the table has no column `id`, a row has another number of values
    /// than the header, an id is no whole number, or two rows have the same.
    pub fn open(file: &Path, id: &str) -> Result<Self, CircuitError> {
        let bytes = std::fs::read(file).map_err(|error| CircuitError::io(file, error))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| CircuitError::file(file, "", "is no text in UTF-8"))?;
        Self::parse(file, &text, id)
    }

    /// Reads a table from its text; `file` is for errors.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn parse(file: &Path, text: &str, id: &str) -> Result<Self, CircuitError> {
        let fail =
            |line: usize, text: String| CircuitError::file(file, format!("line {line}"), text);
        let mut rows = split::rows(text);
        let header = match rows.next() {
            Some((line, row)) => row.map_err(|text| fail(line, text))?,
            None => return Err(CircuitError::file(file, "", "is empty; a header is needed")),
        };
        let names: Vec<String> = header.into_iter().map(|cell| cell.text).collect();
        let Some(id_at) = names.iter().position(|name| name == id) else {
            return Err(fail(1, no_ids(&names, id)));
        };
        for (at, name) in names.iter().enumerate() {
            if names.iter().take(at).any(|other| other == name) {
                return Err(fail(1, format!("the column {name:?} is there twice")));
            }
        }
        let mut cells: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
        let mut ids = Vec::new();
        for (line, row) in rows {
            let row = row.map_err(|text| fail(line, text))?;
            if row.len() != names.len() {
                return Err(fail(
                    line,
                    format!(
                        "has {} values, the header has {} names; write NULL for what is absent, and quotes around what has blanks",
                        row.len(),
                        names.len()
                    ),
                ));
            }
            for (at, cell) in row.into_iter().enumerate() {
                if at == id_at {
                    let number = number(&cell.text).ok_or_else(|| {
                        fail(
                            line,
                            format!("{id} is {:?}; a whole number is needed", cell.text),
                        )
                    })?;
                    ids.push(number);
                } else if let Some(column) = cells.get_mut(at) {
                    let absent = ABSENT_WORDS.contains(&cell.text.as_str());
                    column.push((!absent).then_some(cell.text));
                }
            }
        }
        let lookup = Lookup::new(&ids).map_err(|twice| {
            CircuitError::file(
                file,
                id,
                format!("{twice} is there twice; a type has one row"),
            )
        })?;
        let columns = names
            .into_iter()
            .zip(cells)
            .enumerate()
            .filter(|(at, _)| *at != id_at)
            .map(|(_, (name, cells))| (name, column(&cells)))
            .collect();
        Ok(Self {
            file: file.to_owned(),
            ids,
            lookup,
            columns,
        })
    }

    /// The file that it was read from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The types' numbers, in the order of the rows.
    pub fn ids(&self) -> &[u64] {
        &self.ids
    }

    /// How many types there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no type.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The row of a type.
    pub fn row(&self, id: u64) -> Option<u32> {
        self.lookup.row(id)
    }

    /// A column: a value for each row.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.get(name)
    }

    /// The names of all columns but the types' numbers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }
}

/// A whole number, which pandas may have written as `100.0`.
fn number(text: &str) -> Option<u64> {
    let plain = text.strip_suffix(".0").unwrap_or(text);
    plain.parse().ok()
}

fn no_ids(names: &[String], id: &str) -> String {
    if let [one] = names
        && one.contains([',', ';'])
    {
        return format!(
            "is separated by {:?}; tables of types are separated by blanks (pandas: sep=' ')",
            if one.contains(',') { ',' } else { ';' }
        );
    }
    let meant = meant(id, names.iter().map(String::as_str));
    format!("has no column {id:?}{meant}")
}

/// Whole numbers if all are, else numbers if all are, else words: as pandas does.
fn column(cells: &[Option<String>]) -> Column {
    let there = || cells.iter().flatten();
    if there().next().is_none() {
        return Column::Floats(vec![f64::NAN; cells.len()]);
    }
    if there().all(|cell| cell.parse::<i64>().is_ok()) {
        let values = cells
            .iter()
            .map(|cell| {
                cell.as_deref()
                    .and_then(|cell| cell.parse().ok())
                    .unwrap_or(0)
            })
            .collect();
        let all = cells.iter().all(Option::is_some);
        let present = (!all).then(|| cells.iter().map(Option::is_some).collect());
        return Column::Ints { values, present };
    }
    if there().all(|cell| cell.parse::<f64>().is_ok()) {
        let values = cells
            .iter()
            .map(|cell| {
                cell.as_deref()
                    .and_then(|cell| cell.parse().ok())
                    .unwrap_or(f64::NAN)
            })
            .collect();
        return Column::Floats(values);
    }
    let mut words = Words::default();
    let of = cells
        .iter()
        .map(|cell| cell.as_deref().map_or(ABSENT, |cell| words.place(cell)))
        .collect();
    Column::Words {
        words: words.finish(),
        of,
    }
}

#[cfg(test)]
mod tests;
