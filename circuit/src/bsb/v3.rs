//! Networks of BSB 3: `/cells/placement`, ids in runs, y up.
//!
//! Owns the layout of that file. `/trees` holds Python pickles: nothing there is ever read.

use crate::cells::{CellIds, CellPopulation, Up, narrowed};
use crate::hdf5::read::{File, Group, Value};
use crate::{CircuitError, Problems};

use super::looks::Looks;
use super::plausible;

const PLACEMENT: &str = "/cells/placement";

/// Whether a file is one of version 3.
pub(super) fn is_one(file: &File) -> Result<bool, CircuitError> {
    file.has_group(PLACEMENT)
}

/// The version that wrote it.
pub(super) fn version(file: &File) -> Result<String, CircuitError> {
    let version = file.attribute("/", "version")?;
    Ok(version
        .as_ref()
        .and_then(Value::word)
        .unwrap_or("3")
        .to_owned())
}

/// The configuration that it was built with, as text.
pub(super) fn configuration(file: &File) -> Result<Option<String>, CircuitError> {
    let text = file.attribute("/", "configuration_string")?;
    Ok(text.as_ref().and_then(Value::word).map(str::to_owned))
}

/// All populations, in the file's order.
pub(super) fn populations(
    file: &File,
    problems: &mut Problems,
) -> Result<Vec<CellPopulation>, CircuitError> {
    let looks = looks(file, problems)?;
    let Some(placement) = file.open_group(PLACEMENT)? else {
        return Ok(Vec::new());
    };
    let read = |(name, group): (String, Group)| population(file, &name, &group, &looks, problems);
    placement.groups()?.into_iter().map(read).collect()
}

fn looks(file: &File, problems: &mut Problems) -> Result<Looks, CircuitError> {
    let key = "@configuration_string";
    let Some(text) = configuration(file)? else {
        let text = "is missing: colours, radii and names that are shown are not known";
        problems.warning(file.path(), key, text);
        return Ok(Looks::default());
    };
    Ok(Looks::parse(&text).unwrap_or_else(|wrong| {
        let text =
            format!("is no JSON ({wrong}): colours, radii and names that are shown are not known");
        problems.warning(file.path(), key, text);
        Looks::default()
    }))
}

fn population(
    file: &File,
    name: &str,
    group: &Group,
    looks: &Looks,
    problems: &mut Problems,
) -> Result<CellPopulation, CircuitError> {
    let mut population = CellPopulation::new(name, Up::Y);
    if let Some(odd) = looks.apply(&mut population) {
        problems.warning(file.path(), group.path(), odd);
    }
    let identifiers = group.require("identifiers")?;
    let numbers: Vec<i64> = identifiers.read()?;
    let (runs, rest) = numbers.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(
            identifiers.error("has an odd number of values; ids are runs of start and count")
        );
    }
    let run = |[start, count]: &[i64; 2]| match (u64::try_from(*start), u64::try_from(*count)) {
        (Ok(_), Ok(count)) => Ok((*start, count)),
        _ => Err(identifiers.error(format!(
            "has a run of {count} ids from {start}; both are at least 0"
        ))),
    };
    let runs = runs.iter().map(run).collect::<Result<Vec<_>, _>>()?;
    population.ids = CellIds::of_runs(runs).map_err(|text| identifiers.error(text))?;
    let count = population.ids.len();
    let Some(positions) = group.dataset("positions")? else {
        population.entity = true;
        plausible(count, file).map_err(|text| identifiers.error(text))?;
        return Ok(population);
    };
    super::rows_of_three(&positions)?;
    if positions.rows() != count {
        let text = format!(
            "has {} rows, and its identifiers are {count}; the file was changed by hand or is damaged",
            positions.rows()
        );
        return Err(positions.error(text));
    }
    population.positions = narrowed(&positions.read::<f64>()?);
    if group.dataset("rotations")?.is_some() {
        let text = "version 3 has two angles a cell, whose meaning a strategy decides: cells are not turned";
        problems.warning(file.path(), format!("{}/rotations", group.path()), text);
    }
    population.settle(file.path(), group.path(), problems);
    Ok(population)
}
