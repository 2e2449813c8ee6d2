//! Spikes on their way to the cells.
//!
//! Owns the counts of what is left out, and the order at the end.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::{CircuitError, Problems};

use super::super::{CellNetwork, CellPopulation};
use super::{CellSpikes, Results};

/// So many cells that the network does not have are remembered, to be named.
const NAMED: usize = 1000;

/// What was read so far.
pub(super) struct Collected<'a> {
    network: &'a CellNetwork,
    path: PathBuf,
    pub(super) problems: Problems,
    /// For each population of the network, in its order.
    populations: Vec<Part>,
    /// Spikes of cells that the network does not have, and these cells.
    unknown: u64,
    unknown_cells: BTreeSet<String>,
    negative: u64,
    nan: u64,
    unsorted: u64,
    trains: u64,
    stop: Option<f64>,
}

/// What a population has so far.
#[derive(Default)]
struct Part {
    touched: bool,
    /// Which cells were recorded, where that is known of all sources.
    recorded: Option<Vec<bool>>,
    /// Whether a source did not say whom it recorded.
    open: bool,
    /// Trains of several devices may have the same spikes.
    sources: u64,
    spikes: Vec<(f64, u32)>,
}

/// A cell of the network: the place of its population, and its index.
pub(super) type Cell = (usize, u32);

impl<'a> Collected<'a> {
    pub(super) fn new(network: &'a CellNetwork, path: &Path) -> Self {
        let parts = network.populations().iter().map(|_| Part::default());
        Self {
            network,
            path: path.to_owned(),
            problems: Problems::new(),
            populations: parts.collect(),
            unknown: 0,
            unknown_cells: BTreeSet::new(),
            negative: 0,
            nan: 0,
            unsorted: 0,
            trains: 0,
            stop: None,
        }
    }

    /// The cell of a population and an id in it.
    pub(super) fn cell(&self, population: &str, id: i64) -> Option<Cell> {
        let all = self.network.populations();
        let place = all.iter().position(|one| one.name == population)?;
        Some((place, all.get(place)?.index_of(id)?))
    }

    /// The cell of an id that counts over all populations.
    pub(super) fn cell_of_all(&self, id: i64) -> Option<Cell> {
        let find = |(place, one): (usize, &CellPopulation)| Some((place, one.index_of(id)?));
        let mut all = self.network.populations().iter().enumerate();
        all.find_map(find)
    }

    /// The file that is read.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many trains there were.
    pub(super) fn trains(&self) -> u64 {
        self.trains
    }

    /// Notes that a source (a device, a train) recorded some cells of a population, and does not say
    /// which.
    pub(super) fn recorded(&mut self, place: usize) {
        if let Some(part) = self.populations.get_mut(place) {
            part.touched = true;
            part.open = true;
            part.sources += 1;
        }
    }

    /// Notes that a source recorded these cells.
    pub(super) fn recorded_cells(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let mut places = BTreeSet::new();
        for (place, index) in cells {
            self.recorded_cell((place, index));
            places.insert(place);
        }
        for place in places {
            if let Some(part) = self.populations.get_mut(place) {
                part.sources += 1;
            }
        }
    }

    /// Notes that a cell was recorded by itself.
    pub(super) fn recorded_cell(&mut self, (place, index): Cell) {
        let all = self
            .network
            .populations()
            .get(place)
            .map_or(0, CellPopulation::len);
        let Some(part) = self.populations.get_mut(place) else {
            return;
        };
        part.touched = true;
        // The network holds that many cells, or a file that is large enough claims them.
        let all = usize::try_from(all).unwrap_or(0);
        let recorded = part.recorded.get_or_insert_with(|| vec![false; all]);
        if let Some(cell) = recorded.get_mut(index as usize) {
            *cell = true;
        }
    }

    /// Notes how long was simulated.
    pub(super) fn stopped(&mut self, ms: f64) {
        if ms.is_finite() {
            self.stop = Some(self.stop.unwrap_or(ms).max(ms));
        }
    }

    /// Adds a train's spikes: cell by cell, `None` where the network has none; `name` names such.
    pub(super) fn add(
        &mut self,
        spikes: impl IntoIterator<Item = (Option<Cell>, f64)>,
        name: impl Fn(u64) -> String,
    ) {
        self.trains += 1;
        let (mut last, mut sorted) = (f64::NEG_INFINITY, true);
        for (at, (cell, time)) in (0..).zip(spikes) {
            if time.is_nan() || time == f64::INFINITY {
                self.nan += 1;
                continue;
            }
            sorted &= last <= time;
            last = time;
            let part =
                cell.and_then(|(place, index)| Some((self.populations.get_mut(place)?, index)));
            let Some((part, index)) = part else {
                self.unknown += 1;
                if self.unknown_cells.len() < NAMED {
                    self.unknown_cells.insert(name(at));
                }
                continue;
            };
            part.touched = true;
            if time < 0.0 {
                self.negative += 1;
            } else {
                part.spikes.push((time, index));
            }
        }
        self.unsorted += u64::from(!sorted);
    }

    /// Puts all in order, and says what was left out.
    pub(super) fn finish(mut self) -> Result<Results, CircuitError> {
        let any = self.populations.iter().any(|part| part.touched);
        if !any {
            let network = self.network.path().display();
            let text = match self.unknown {
                0 => "has no spikes that are recorded of cells; a simulation with a spike recorder writes some".to_owned(),
                spikes => format!(
                    "has {spikes} spikes, and none of a cell of {network} (as {}): it belongs to another network",
                    self.cells()
                ),
            };
            return Err(CircuitError::file(&self.path, "", text));
        }
        self.say();
        let mut populations = IndexMap::new();
        let (mut silent, mut without, mut twice) = (Vec::new(), Vec::new(), 0_usize);
        for (part, of) in self.populations.into_iter().zip(self.network.populations()) {
            if !part.touched {
                if !of.entity {
                    silent.push(format!("{:?}", of.name));
                }
                continue;
            }
            let mut spikes = part.spikes;
            spikes.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            if part.sources > 1 {
                let before = spikes.len();
                spikes.dedup();
                twice += before - spikes.len();
            }
            let (times_ms, index) = spikes.into_iter().unzip();
            let known = part.recorded.filter(|_| !part.open);
            if let Some(text) = known
                .as_deref()
                .and_then(|recorded| unrecorded(of, recorded))
            {
                without.push(text);
            }
            let missing = known.map(|recorded| {
                let cells = (0..).zip(recorded).filter(|(_, recorded)| !recorded);
                cells.map(|(index, _)| index).collect()
            });
            let spikes = CellSpikes {
                index,
                times_ms,
                missing,
            };
            populations.insert(of.name.clone(), spikes);
        }
        let mut warn = |text: String| self.problems.warning(&self.path, "", text);
        if twice > 0 {
            warn(format!(
                "{twice} spikes are there more than once, from several recorders; each counts once"
            ));
        }
        without.into_iter().for_each(&mut warn);
        if !silent.is_empty() {
            warn(format!("nothing was recorded of {}", silent.join(", ")));
        }
        let last = populations
            .values()
            .filter_map(|one: &CellSpikes| one.times_ms.last().copied())
            .max_by(f64::total_cmp);
        Ok(Results {
            path: self.path,
            populations,
            duration_ms: self.stop.or(last),
            problems: self.problems,
        })
    }

    fn say(&mut self) {
        let mut said = Vec::new();
        if self.unknown > 0 {
            let network = self.network.path().display();
            said.push(format!(
                "{} spikes are of cells that {network} does not have ({}); they are left out",
                self.unknown,
                self.cells()
            ));
        }
        if self.negative > 0 {
            said.push(format!(
                "{} spikes are before 0 ms; they are left out",
                self.negative
            ));
        }
        if self.nan > 0 {
            said.push(format!(
                "{} spikes have no time; they are left out",
                self.nan
            ));
        }
        if self.unsorted > 0 {
            said.push(format!(
                "{} of {} trains are not in the order of time; they were put in order",
                self.unsorted, self.trains
            ));
        }
        for text in said {
            self.problems.warning(&self.path, "", text);
        }
    }

    /// Some of the cells that the network does not have.
    fn cells(&self) -> String {
        let shown: Vec<&str> = self
            .unknown_cells
            .iter()
            .take(5)
            .map(String::as_str)
            .collect();
        let more = match self.unknown_cells.len() {
            all if all >= NAMED => ", …".to_owned(),
            all if all > shown.len() => format!(" and {} more", all - shown.len()),
            _ => String::new(),
        };
        format!("{}{more}", shown.join(", "))
    }
}

/// Says of which cells of a population there are no results.
fn unrecorded(of: &CellPopulation, recorded: &[bool]) -> Option<String> {
    let missing = || {
        recorded
            .iter()
            .zip(of.ids.iter())
            .filter(|(recorded, _)| !**recorded)
    };
    let all = missing().count();
    if all == 0 {
        return None;
    }
    let shown: Vec<String> = missing().take(5).map(|(_, id)| id.to_string()).collect();
    let more = match all - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "{all} of the {} cells of {:?} have no results (ids {}{more})",
        recorded.len(),
        of.name,
        shown.join(", ")
    ))
}
