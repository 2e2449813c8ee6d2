//! SONATA's files of spikes, read.
//!
//! Owns which populations a file has, in which unit and order. BMTK looks at neither: it takes the first
//! population for any, and seconds for milliseconds.

use std::path::Path;

use super::{Sorting, SpikeTrains};
use crate::hdf5::read::{File, Value};
use crate::time_units::TimeUnit;
use crate::{CircuitError, Problems, nearest};

/// A file of spikes.
#[derive(Debug)]
pub struct SpikesFile {
    file: File,
    populations: Vec<SpikePopulation>,
}

/// A population in a file of spikes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SpikePopulation {
    /// Its name; empty in files of SONATA's first form, which have none.
    pub name: String,
    /// How many spikes it has.
    pub len: u64,
    /// The unit of its times; `None` where the file says none.
    pub units: Option<TimeUnit>,
    /// The order that the file says; `None` where it says none.
    pub sorting: Option<Sorting>,
    /// The datasets of ids and times.
    datasets: [String; 2],
}

impl SpikesFile {
    /// Opens a file; no spike is read yet.
    ///
    /// # Errors
    /// The file is no HDF5 file or has no spikes; ids and times are not as many; a unit or an order is
    /// unknown.
    pub fn open(path: &Path) -> Result<Self, CircuitError> {
        let file = open(path)?;
        let mut populations = Vec::new();
        for name in file.groups("/spikes")? {
            let group = format!("/spikes/{name}");
            populations.push(population(&file, name, &group, "node_ids")?);
        }
        let datasets = file.datasets("/spikes")?;
        let ids = ["gids", "node_ids"]
            .into_iter()
            .find(|ids| datasets.iter().any(|one| one == ids));
        if populations.is_empty()
            && let Some(ids) = ids
        {
            populations.push(population(&file, String::new(), "/spikes", ids)?);
        }
        if !file.has_group("/spikes")? {
            return Err(CircuitError::file(path, "", no_spikes(&file)?));
        }
        Ok(Self { file, populations })
    }

    /// Its populations, in the order of their names. A file of a run without spikes may have none.
    pub fn populations(&self) -> &[SpikePopulation] {
        &self.populations
    }

    /// The population of that name. A file of SONATA's first form has one that is anybody's.
    ///
    /// # Errors
    /// There is none: which there are.
    pub fn population(&self, name: &str) -> Result<&SpikePopulation, CircuitError> {
        let named = |wanted: &str| self.populations.iter().find(|one| one.name == wanted);
        if let Some(found) = named(name).or_else(|| named("")) {
            return Ok(found);
        }
        let names = || self.populations.iter().map(|one| one.name.as_str());
        let all: Vec<String> = names().take(20).map(|one| format!("{one:?}")).collect();
        let text = match (nearest(name, names()), all.as_slice()) {
            (Some(near), _) => format!("has no population {name:?}; did you mean {near:?}?"),
            (None, []) => format!("has no population {name:?}, nor any other"),
            (None, all) => format!(
                "has no population {name:?}, only {}; an input's \"population\" says which of them is meant",
                all.join(", ")
            ),
        };
        Err(CircuitError::file(self.file.path(), "/spikes", text))
    }

    /// The spikes of a population, in the file's order. `units` counts where the file says none; ms
    /// where it is none either.
    ///
    /// An order that the file says and does not have is a warning.
    ///
    /// # Errors
    /// The file is damaged; an id is negative or no whole number; a time is not finite.
    pub fn read(
        &self,
        population: &SpikePopulation,
        units: Option<TimeUnit>,
        problems: &mut Problems,
    ) -> Result<SpikeTrains, CircuitError> {
        let [ids, times] = &population.datasets;
        let node_ids = self.file.require(ids)?.read::<u64>()?;
        let dataset = self.file.require(times)?;
        let mut timestamps = dataset.read::<f64>()?;
        if let Some(at) = timestamps.iter().position(|time| !time.is_finite()) {
            let time = timestamps.get(at).copied().unwrap_or_default();
            return Err(dataset.error(format!("spike {at} is at {time}, which is no time")));
        }
        let units = population.units.or(units).unwrap_or_default();
        if units != TimeUnit::Milliseconds {
            for time in &mut timestamps {
                *time = units.in_ms(*time);
            }
        }
        let trains = SpikeTrains {
            population: population.name.clone(),
            node_ids,
            timestamps,
        };
        if let Some(sorting) = population.sorting
            && !in_order(&trains, sorting)
        {
            let text = format!(
                "says that its spikes are sorted {:?}, and they are not; other readers will miss some",
                sorting.name()
            );
            problems.warning(self.file.path(), times.clone(), text);
        }
        Ok(trains)
    }

    /// The spikes of all populations.
    ///
    /// # Errors
    /// As [`SpikesFile::read`].
    pub fn read_all(&self, problems: &mut Problems) -> Result<Vec<SpikeTrains>, CircuitError> {
        let read = |one: &SpikePopulation| self.read(one, None, problems);
        self.populations.iter().map(read).collect()
    }
}

/// Whether they are in the order that a file says: nobody promises the second key.
fn in_order(trains: &SpikeTrains, sorting: Sorting) -> bool {
    match sorting {
        Sorting::None => true,
        Sorting::ById => trains.node_ids.is_sorted(),
        Sorting::ByTime => trains.timestamps.is_sorted(),
    }
}

fn open(path: &Path) -> Result<File, CircuitError> {
    if path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("nwb"))
    {
        return Err(CircuitError::file(path, "", NWB));
    }
    File::open(path).map_err(|error| match error {
        CircuitError::File { file, key, text } if text == "is no HDF5 file" => CircuitError::File {
            text: match looks_like_text(&file) {
                true => format!("{text}; it looks like text, whose module is \"csv\""),
                false => text,
            },
            file,
            key,
        },
        other => other,
    })
}

const NWB: &str = "NWB files are not read; copy its trains into a SONATA file, with BMTK: \
    SpikeTrains.load(path, file_type=\"nwb\").to_sonata(\"spikes.h5\")";

fn looks_like_text(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 256];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut start));
    let start = start.get(..read.unwrap_or(0)).unwrap_or_default();
    !start.is_empty()
        && start
            .iter()
            .all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

/// What a file without spikes is instead.
fn no_spikes(file: &File) -> Result<&'static str, CircuitError> {
    let other = [
        ("/units", NWB),
        (
            "/report",
            "has no group /spikes: it is a report, not a file of spikes",
        ),
        (
            "/nodes",
            "has no group /spikes: it is a file of nodes, not of spikes",
        ),
        (
            "/edges",
            "has no group /spikes: it is a file of edges, not of spikes",
        ),
    ];
    for (group, text) in other {
        if file.has_group(group)? {
            return Ok(text);
        }
    }
    Ok("has no group /spikes: it is no file of spikes")
}

fn population(
    file: &File,
    name: String,
    group: &str,
    ids: &str,
) -> Result<SpikePopulation, CircuitError> {
    let datasets = [format!("{group}/{ids}"), format!("{group}/timestamps")];
    let [ids, times] = &datasets;
    let (ids, times) = (file.require(ids)?, file.require(times)?);
    for dataset in [&ids, &times] {
        if dataset.shape().len() != 1 {
            return Err(dataset.error(format!(
                "has the shape {:?}; one dimension is needed",
                dataset.shape()
            )));
        }
    }
    if ids.rows() != times.rows() {
        let text = format!(
            "has {} times, and there are {} ids",
            times.rows(),
            ids.rows()
        );
        return Err(times.error(text));
    }
    let units = match times.attribute("units")?.as_ref().and_then(Value::word) {
        Some(name) => {
            Some(TimeUnit::named(name).map_err(|text| times.error(format!("units: {text}")))?)
        }
        None => None,
    };
    // Some files have it at the ids.
    let sorting = match file.attribute(group, "sorting")? {
        Some(value) => Some(value),
        None => ids.attribute("sorting")?,
    };
    let sorting = match &sorting {
        Some(value) => Some(order(value).ok_or_else(|| {
            CircuitError::file(
                file.path(),
                format!("{group}@sorting"),
                "is none of none, by_id and by_time",
            )
        })?),
        None => None,
    };
    Ok(SpikePopulation {
        name,
        len: times.rows(),
        units,
        sorting,
        datasets,
    })
}

fn order(value: &Value) -> Option<Sorting> {
    match (value.word(), value.int()) {
        (Some(name), _) => Sorting::named(name),
        (None, Some(0)) => Some(Sorting::None),
        (None, Some(1)) => Some(Sorting::ById),
        (None, Some(2)) => Some(Sorting::ByTime),
        _ => None,
    }
}
