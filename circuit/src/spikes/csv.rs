//! BMTK's text files of spikes, read.
//!
//! Owns their columns: `timestamps`, `population` and `node_ids` in any order under a header; without
//! one, a time, perhaps a population, and an id. Columns are parted by blanks, commas or semicolons.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use indexmap::IndexMap;

use super::SpikeTrains;
use crate::time_units::TimeUnit;
use crate::{CircuitError, nearest};

/// No line is longer.
const LONGEST: u64 = 64 << 10;

/// Where a row has what.
struct Columns {
    time: usize,
    node: usize,
    population: Option<usize>,
    number: usize,
}

const TIMES: &[&str] = &["timestamps", "timestamp", "times", "time"];
const NODES: &[&str] = &["node_ids", "node_id", "gids", "gid"];
const POPULATIONS: &[&str] = &["population", "populations"];

/// The spikes in a text file, a population each, in the order of their first spikes. Without a column
/// `population` there is one, whose name is empty. Times are in ms, or in `units`.
///
/// # Errors
/// The file cannot be read, or a line is not what it should be: which, and what is wrong.
pub fn read_csv(path: &Path, units: Option<TimeUnit>) -> Result<Vec<SpikeTrains>, CircuitError> {
    let file = std::fs::File::open(path).map_err(|source| CircuitError::io(path, source))?;
    let mut lines = BufReader::with_capacity(1 << 16, file);
    let units = units.unwrap_or_default();
    let mut all: IndexMap<String, SpikeTrains> = IndexMap::new();
    let mut columns: Option<Columns> = None;
    let (mut line, mut number) = (String::new(), 0_u64);
    loop {
        line.clear();
        number += 1;
        let wrong = |text: String| CircuitError::file(path, "", format!("line {number}: {text}"));
        let read =
            (&mut lines)
                .take(LONGEST)
                .read_line(&mut line)
                .map_err(|source| match source.kind() {
                    std::io::ErrorKind::InvalidData => wrong("is no UTF-8 text".to_owned()),
                    _ => CircuitError::io(path, source),
                })?;
        if read == 0 {
            break;
        }
        if read as u64 == LONGEST && !line.ends_with('\n') {
            return Err(wrong("is longer than any line of spikes".to_owned()));
        }
        let cells = cells(line.trim_start_matches('\u{feff}')).map_err(&wrong)?;
        let first: &str = match cells.first() {
            Some(first) => first,
            None => continue,
        };
        let known = match &columns {
            Some(known) => known,
            None => {
                let header = first.parse::<f64>().is_err();
                let found = if header {
                    named(&cells)
                } else {
                    counted(&cells)
                };
                let known = columns.insert(found.map_err(&wrong)?);
                if header {
                    continue;
                }
                known
            }
        };
        let (population, node, time) = row(&cells, known, units).map_err(wrong)?;
        if !all.contains_key(population) {
            all.insert(population.to_owned(), SpikeTrains::new(population));
        }
        if let Some(trains) = all.get_mut(population) {
            trains.push(node, time);
        }
    }
    Ok(all.into_values().collect())
}

fn row<'a>(
    cells: &'a [String],
    known: &Columns,
    units: TimeUnit,
) -> Result<(&'a str, u64, f64), String> {
    if cells.len() != known.number {
        return Err(format!(
            "has {} columns, and {} are needed",
            cells.len(),
            known.number
        ));
    }
    let cell = |at: usize| cells.get(at).map_or("", String::as_str);
    let time: f64 = cell(known.time)
        .parse()
        .ok()
        .filter(|time: &f64| time.is_finite())
        .ok_or_else(|| format!("{:?} is no time", cell(known.time)))?;
    let node =
        whole(cell(known.node)).ok_or_else(|| format!("{:?} is no node id", cell(known.node)))?;
    Ok((known.population.map_or("", cell), node, units.in_ms(time)))
}

/// An id; pandas writes `5.0` where a column has gaps.
fn whole(text: &str) -> Option<u64> {
    match text.parse() {
        Ok(id) => Some(id),
        Err(_) => text.strip_suffix(".0")?.parse().ok(),
    }
}

/// The columns that a header names.
fn named(header: &[String]) -> Result<Columns, String> {
    let find = |names: &[&str]| {
        header
            .iter()
            .position(|cell| names.iter().any(|name| name.eq_ignore_ascii_case(cell)))
    };
    let need = |names: &[&str]| {
        find(names).ok_or_else(|| {
            let name = names.first().copied().unwrap_or_default();
            let slip = header.iter().find(|cell| nearest(cell, [name]).is_some());
            match slip {
                Some(slip) => format!("has no column {name}; is {slip:?} meant?"),
                None => format!(
                    "has no column {name}; the columns are timestamps, population and node_ids"
                ),
            }
        })
    };
    Ok(Columns {
        time: need(TIMES)?,
        node: need(NODES)?,
        population: find(POPULATIONS),
        number: header.len(),
    })
}

/// The columns of a file without a header, as BMTK has them.
fn counted(row: &[String]) -> Result<Columns, String> {
    let [time, node, population] = match row.len() {
        2 => [Some(0), Some(1), None],
        3 => [Some(0), Some(2), Some(1)],
        number => {
            return Err(format!(
                "has {number} columns and no header; a time, perhaps a population, and an id are needed"
            ));
        }
    };
    Ok(Columns {
        time: time.unwrap_or_default(),
        node: node.unwrap_or_default(),
        population,
        number: row.len(),
    })
}

/// The cells of a line.
fn cells(line: &str) -> Result<Vec<String>, String> {
    let mut cells = Vec::new();
    let mut rest = line.trim();
    // With blanks, several are one; with commas, each parts.
    let strict = rest.contains([',', ';']);
    let parts = |letter: char| {
        if strict {
            matches!(letter, ',' | ';')
        } else {
            letter.is_whitespace()
        }
    };
    while !rest.is_empty() {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(inner) => {
                let (cell, after) = inner.split_once('"').ok_or("a quote is never closed")?;
                (cell, after.trim_start())
            }
            None => rest.split_at(rest.find(parts).unwrap_or(rest.len())),
        };
        cells.push(cell.trim().to_owned());
        let mut letters = after.chars();
        let next = letters.next();
        rest = match next {
            Some(letter) if parts(letter) => letters.as_str().trim_start(),
            _ => after,
        };
        if strict && rest.is_empty() && next.is_some() {
            cells.push(String::new());
        }
    }
    Ok(cells)
}
