//! Bindings of `blendtorch_circuit::spikes`: files of spikes, whole.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use std::path::{Path, PathBuf};

use blendtorch_circuit::spikes::{Sorting, SpikesCsvWriter, SpikesFile, SpikesWriter, read_csv};
use blendtorch_circuit::{CircuitError, Problems, TimeUnit};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::arrays::slice;
use super::numbers::Numbers;
use super::{error, said};

/// A population, its cells and its times in ms.
type Trains = (String, Numbers, Numbers);

fn is_text(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("csv"))
}

/// The spikes of all populations of a file, in its order; and what is to be said of it. `units` counts
/// where the file says none.
#[pyfunction]
#[pyo3(signature = (path, units=None))]
fn read_spikes(
    py: Python<'_>,
    path: PathBuf,
    units: Option<&str>,
) -> PyResult<(Vec<Trains>, Vec<String>)> {
    let units = units.map(TimeUnit::named).transpose();
    let units = units.map_err(PyValueError::new_err)?;
    let read = || -> Result<_, CircuitError> {
        let mut problems = Problems::new();
        let trains = match is_text(&path) {
            true => read_csv(&path, units)?,
            false => {
                let file = SpikesFile::open(&path)?;
                let populations = file.populations().iter();
                populations
                    .map(|one| file.read(one, units, &mut problems))
                    .collect::<Result<_, _>>()?
            }
        };
        Ok((trains, said(problems)?))
    };
    let (trains, warnings) = py.detach(read).map_err(|refused| error(&refused))?;
    let trains = trains
        .into_iter()
        .map(|one| (one.population, one.node_ids.into(), one.timestamps.into()));
    Ok((trains.collect(), warnings))
}

/// Writes spikes; a name that ends in `.csv` is a text file.
#[pyfunction]
fn write_spikes(
    py: Python<'_>,
    path: PathBuf,
    populations: Vec<(String, PyBuffer<u64>, PyBuffer<f64>)>,
    order: &str,
) -> PyResult<()> {
    let Some(sorting) = Sorting::named(order) else {
        let text = format!("no order \"{order}\"; there are none, by_id and by_time");
        return Err(PyValueError::new_err(text));
    };
    let names: Vec<&str> = populations.iter().map(|(name, ..)| name.as_str()).collect();
    let trains = populations
        .iter()
        .map(|(_, ids, times)| Ok((slice(ids)?, slice(times)?)))
        .collect::<PyResult<Vec<_>>>()?;
    let write = || match is_text(&path) {
        true => {
            let mut writer = SpikesCsvWriter::create(&path, &names, sorting)?;
            for (at, (ids, times)) in trains.iter().enumerate() {
                writer.add(at, ids, times)?;
            }
            writer.finish()
        }
        false => {
            let mut writer = SpikesWriter::create(&path, &names, sorting)?;
            for (at, (ids, times)) in trains.iter().enumerate() {
                writer.add(at, ids, times)?;
            }
            writer.finish()
        }
    };
    py.detach(write).map_err(|refused| error(&refused))
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_spikes, module)?)?;
    module.add_function(wrap_pyfunction!(write_spikes, module)?)
}
