//! SONATA's files of spikes, written.
//!
//! Owns what such a file holds: for every population `node_ids` (u64) and `timestamps` (f64, units ms),
//! and the order as an enumeration, which libsonata needs; empty populations too. Memory stays flat,
//! however many spikes there are and in whatever order they come.

use std::path::{Path, PathBuf};

use super::sorter::{Sorter, Spike};
use super::{Sorting, SpikeTrains};
use crate::CircuitError;
use crate::hdf5::{Attribute, Group, Stream, Writer, compressed};

/// Spikes on their way to a file.
#[derive(Debug)]
pub struct SpikesWriter {
    path: PathBuf,
    writer: Option<Writer>,
    populations: Vec<String>,
    sorting: Sorting,
    sorter: Sorter,
}

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
        Ok(Self {
            writer: Some(Writer::create(path)?),
            ..Self::new(path, populations, sorting)?
        })
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
        Self::new(path, populations, sorting)
    }

    fn new(path: &Path, populations: &[&str], sorting: Sorting) -> Result<Self, CircuitError> {
        for (at, name) in populations.iter().enumerate() {
            if populations.iter().take(at).any(|one| one == name) {
                return Err(CircuitError::file(
                    path,
                    *name,
                    "this population is there twice",
                ));
            }
        }
        Ok(Self {
            path: path.to_owned(),
            writer: None,
            populations: populations.iter().map(|&name| name.to_owned()).collect(),
            sorting,
            sorter: Sorter::new(path, sorting),
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
        for (node, time) in node_ids.iter().zip(timestamps) {
            self.sorter.add(Spike {
                time: *time,
                node: *node,
                population: population as u64,
            })?;
        }
        Ok(())
    }

    /// Writes all in its order, and ends the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> Result<(), CircuitError> {
        let Some(mut writer) = self.writer else {
            return self.finish_compressed();
        };
        let mut columns: Vec<(Stream<u64>, Stream<f64>)> = self
            .populations
            .iter()
            .map(|_| (writer.stream(), writer.stream()))
            .collect();
        let (mut ids, mut times) = (Vec::new(), Vec::new());
        self.sorter.finish(|spikes| {
            for run in spikes.chunk_by(|a, b| a.population == b.population) {
                ids.clear();
                times.clear();
                for spike in run {
                    ids.push(spike.node);
                    times.push(spike.time);
                }
                if let Some((to_ids, to_times)) = place(run, &mut columns) {
                    to_ids.extend(&ids)?;
                    to_times.extend(&times)?;
                }
            }
            Ok(())
        })?;
        let mut all = Group::new();
        for (name, (ids, times)) in self.populations.iter().zip(columns) {
            let sorting = Attribute::enumeration(&Sorting::NAMES, self.sorting.value());
            let mut group = Group::new().with("sorting", sorting);
            let times = writer.end_stream(times)?;
            group.dataset("timestamps", times.with("units", Attribute::string("ms")));
            group.dataset("node_ids", writer.end_stream(ids)?);
            all.group(name, group);
        }
        let mut root = Group::new()
            .with("magic", Attribute::number(0x0a7a_u32))
            .with("version", Attribute::numbers(&[0_u32, 1]));
        root.group("spikes", all);
        writer.finish(&root)
    }

    fn finish_compressed(self) -> Result<(), CircuitError> {
        let mut trains: Vec<SpikeTrains> = self.populations.iter().map(SpikeTrains::new).collect();
        self.sorter.finish(|spikes| {
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
