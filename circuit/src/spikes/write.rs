//! SONATA's files of spikes, written.
//!
//! Owns what such a file holds: for every population `node_ids` (u64) and `timestamps` (f64, units ms),
//! and the order as an enumeration, which libsonata needs; empty populations too. Memory stays flat,
//! however many spikes there are and in whatever order they come.

use std::path::{Path, PathBuf};

use super::sorter::{Sorter, Spike};
use super::trains::before;
use super::{Sorting, SpikeTrains};
use crate::CircuitError;
use crate::hdf5::read::File;
use crate::hdf5::{Attribute, Group, Stream, Writer, compressed};

/// Spikes on their way to a file.
#[derive(Debug)]
pub struct SpikesWriter {
    path: PathBuf,
    populations: Vec<String>,
    sorting: Sorting,
    way: Way,
}

/// How they go there.
#[derive(Debug)]
enum Way {
    /// Straight, as long as they come in the order that is wanted.
    Straight(Writer, Vec<Columns>),
    /// By way of sorting.
    Sorted(Sorter),
    /// By way of sorting, to a compressed file.
    Compressed(Sorter),
}

/// The columns of a population.
#[derive(Debug)]
struct Columns {
    ids: Stream<u64>,
    times: Stream<f64>,
    last: (u64, f64),
}

impl Columns {
    fn of(writer: &Writer) -> Self {
        Self {
            ids: writer.stream(),
            times: writer.stream(),
            last: (0, f64::NEG_INFINITY),
        }
    }

    /// Whether these come after what is there.
    fn go_on(&self, sorting: Sorting, ids: &[u64], times: &[f64]) -> bool {
        let mut last = self.last;
        sorting == Sorting::None
            || ids.iter().zip(times).all(|(id, time)| {
                let next = (*id, *time);
                let after = before(sorting, last, next).is_le();
                last = next;
                after
            })
    }

    fn extend(&mut self, ids: &[u64], times: &[f64]) -> Result<(), CircuitError> {
        if let (Some(id), Some(time)) = (ids.last(), times.last()) {
            self.last = (*id, *time);
        }
        self.ids.extend(ids)?;
        self.times.extend(times)
    }
}

/// So many are read at a time when spikes in a wrong order come after all.
const AGAIN: u64 = 1 << 16;

impl SpikesWriter {
    /// Begins a file with these populations, whether they spike or not. It is an HDF5 file only when
    /// it is finished.
    ///
    /// # Errors
    /// The file cannot be made, or a population is named twice.
    pub fn create(
        path: &Path,
        populations: &[&str],
        sorting: Sorting,
    ) -> Result<Self, CircuitError> {
        let writer = Writer::create(path)?;
        let way = match sorting {
            // Nothing comes by id.
            Sorting::ById => Way::Sorted(Sorter::new(path, sorting)),
            _ => {
                let columns = populations.iter().map(|_| Columns::of(&writer)).collect();
                Way::Straight(writer, columns)
            }
        };
        Self::new(path, populations, sorting, way)
    }

    /// As [`create`](Self::create), compressed with gzip, as BMTK does by default. libsonata's wheel reads
    /// no such file. What is compressed is held in memory at the end.
    ///
    /// # Errors
    /// As there.
    pub fn create_compressed(
        path: &Path,
        populations: &[&str],
        sorting: Sorting,
    ) -> Result<Self, CircuitError> {
        // That it can be written is known now, not at the end.
        std::fs::File::create(path).map_err(|source| CircuitError::io(path, source))?;
        let way = Way::Compressed(Sorter::new(path, sorting));
        Self::new(path, populations, sorting, way)
    }

    fn new(
        path: &Path,
        populations: &[&str],
        sorting: Sorting,
        way: Way,
    ) -> Result<Self, CircuitError> {
        for (at, name) in populations.iter().enumerate() {
            if populations.iter().take(at).any(|one| one == name) {
                let text = "this population is there twice";
                return Err(CircuitError::file(path, *name, text));
            }
        }
        Ok(Self {
            path: path.to_owned(),
            populations: populations.iter().map(|&name| name.to_owned()).collect(),
            sorting,
            way,
        })
    }

    /// Adds spikes of the population of that place in the list, times in ms.
    ///
    /// # Errors
    /// What does not fit in memory cannot be written; there is no such population; ids and times are
    /// not as many.
    pub fn add(
        &mut self,
        population: usize,
        node_ids: &[u64],
        timestamps: &[f64],
    ) -> Result<(), CircuitError> {
        if population >= self.populations.len() || node_ids.len() != timestamps.len() {
            let text = format!(
                "{} ids and {} times of population {population}, of {}",
                node_ids.len(),
                timestamps.len(),
                self.populations.len()
            );
            return Err(CircuitError::file(&self.path, "/spikes", text));
        }
        if let Way::Straight(_, columns) = &mut self.way
            && let Some(columns) = columns.get_mut(population)
        {
            if columns.go_on(self.sorting, node_ids, timestamps) {
                return columns.extend(node_ids, timestamps);
            }
            self.sort_after_all()?;
        }
        match &mut self.way {
            Way::Straight(..) => Ok(()),
            Way::Sorted(sorter) | Way::Compressed(sorter) => {
                sorter.add_all(population as u64, node_ids, timestamps)
            }
        }
    }

    /// What went straight to the file is read again, and sorted with the rest.
    fn sort_after_all(&mut self) -> Result<(), CircuitError> {
        let mut sorter = Sorter::new(&self.path, self.sorting);
        let sorted = Way::Sorted(Sorter::new(&self.path, self.sorting));
        if let Way::Straight(writer, columns) = std::mem::replace(&mut self.way, sorted) {
            self.end(writer, columns)?;
            let file = File::open(&self.path)?;
            for (at, name) in self.populations.iter().enumerate() {
                let ids = file.require(&format!("/spikes/{name}/node_ids"))?;
                let times = file.require(&format!("/spikes/{name}/timestamps"))?;
                let mut first = 0;
                while first < ids.rows() {
                    let rows = first..ids.rows().min(first + AGAIN);
                    first = rows.end;
                    let some = ids.read_rows::<u64>(rows.clone())?;
                    sorter.add_all(at as u64, &some, &times.read_rows::<f64>(rows)?)?;
                }
            }
        }
        self.way = Way::Sorted(sorter);
        Ok(())
    }

    /// Writes all in its order, and ends the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> Result<(), CircuitError> {
        let way = Way::Sorted(Sorter::new(&self.path, self.sorting));
        match std::mem::replace(&mut self.way, way) {
            Way::Straight(writer, columns) => self.end(writer, columns),
            Way::Compressed(sorter) => self.finish_compressed(sorter),
            Way::Sorted(sorter) => {
                let writer = Writer::create(&self.path)?;
                let all = self.populations.iter();
                let mut columns: Vec<Columns> = all.map(|_| Columns::of(&writer)).collect();
                let (mut ids, mut times) = (Vec::new(), Vec::new());
                sorter.finish(|spikes| {
                    for run in spikes.chunk_by(|a, b| a.population == b.population) {
                        ids.clear();
                        times.clear();
                        for spike in run {
                            ids.push(spike.node);
                            times.push(spike.time);
                        }
                        if let Some(columns) = place(run, &mut columns) {
                            columns.extend(&ids, &times)?;
                        }
                    }
                    Ok(())
                })?;
                self.end(writer, columns)
            }
        }
    }

    fn end(&self, mut writer: Writer, columns: Vec<Columns>) -> Result<(), CircuitError> {
        let mut all = Group::new();
        for (name, columns) in self.populations.iter().zip(columns) {
            let sorting = Attribute::enumeration(&Sorting::NAMES, self.sorting.value());
            let mut group = Group::new().with("sorting", sorting);
            let times = writer.end_stream(columns.times)?;
            group.dataset("timestamps", times.with("units", Attribute::string("ms")));
            group.dataset("node_ids", writer.end_stream(columns.ids)?);
            all.group(name, group);
        }
        let mut root = Group::new()
            .with("magic", Attribute::number(0x0a7a_u32))
            .with("version", Attribute::numbers(&[0_u32, 1]));
        root.group("spikes", all);
        writer.finish(&root)
    }

    fn finish_compressed(&self, sorter: Sorter) -> Result<(), CircuitError> {
        let mut trains: Vec<SpikeTrains> = self.populations.iter().map(SpikeTrains::new).collect();
        sorter.finish(|spikes| {
            for spike in spikes {
                if let Some(trains) = place(std::slice::from_ref(spike), &mut trains) {
                    trains.push(spike.node, spike.time);
                }
            }
            Ok(())
        })?;
        let columns: Vec<compressed::Pair<'_>> = trains
            .iter()
            .map(|one| compressed::Pair {
                group: &one.population,
                word: ("sorting", self.sorting.name()),
                numbers: ("node_ids", &one.node_ids),
                floats: ("timestamps", &one.timestamps),
                units: "ms",
            })
            .collect();
        compressed::write(&self.path, "spikes", &columns)
    }
}

/// What the spikes' population has in a list.
fn place<'a, T>(spikes: &[Spike], all: &'a mut [T]) -> Option<&'a mut T> {
    let population = spikes.first()?.population;
    all.get_mut(usize::try_from(population).ok()?)
}
