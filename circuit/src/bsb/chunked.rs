//! Networks of BSB 4 to 8: `/placement/TYPE/CHUNK`, z up.
//!
//! Owns the order of the cells: chunks by their *number*. HDF5 lists them as text, which is the order of
//! other cells. Nothing of the connections is looked at.

use std::collections::HashMap;
use std::ops::Range;

use indexmap::IndexMap;

use crate::cells::{CellIds, CellPopulation, Up, narrowed};
use crate::hdf5::read::{Dataset, File, Group, Value};
use crate::{CircuitError, Problems};

use super::looks::Looks;
use super::{chunk, plausible};

const PLACEMENT: &str = "/placement";

/// Which rows of a population are a chunk's.
pub(crate) type FirstRows = IndexMap<u64, Range<u64>>;

/// Whether a file is one of version 4 or later.
pub(super) fn is_one(file: &File) -> Result<bool, CircuitError> {
    file.has_group(PLACEMENT)
}

/// The version of BSB's core that wrote it.
pub(super) fn version(file: &File) -> Result<String, CircuitError> {
    let version = file.attribute("/", "bsb_version")?;
    Ok(version
        .as_ref()
        .and_then(Value::word)
        .unwrap_or("4")
        .to_owned())
}

/// What the file says of its making, as JSON; version 8 only.
pub(super) fn provenance(file: &File) -> Result<Option<serde_json::Value>, CircuitError> {
    let text = file.attribute("/", "bsb_provenance")?;
    let text = text.as_ref().and_then(Value::word);
    Ok(text.and_then(|text| serde_json::from_str(text).ok()))
}

/// All populations, in the file's order.
pub(super) fn populations(
    file: &File,
    looks: &Looks,
    problems: &mut Problems,
) -> Result<(Vec<CellPopulation>, HashMap<String, FirstRows>), CircuitError> {
    let Some(placement) = file.open_group(PLACEMENT)? else {
        return Ok(Default::default());
    };
    let (mut all, mut first_rows) = (Vec::new(), HashMap::new());
    for (name, group) in placement.groups()? {
        let (population, rows) = population(file, &name, &group, looks, problems)?;
        all.push(population);
        first_rows.insert(name, rows);
    }
    Ok((all, first_rows))
}

/// The looks of the active configuration, which lies among the files.
pub(super) fn looks(file: &File, problems: &mut Problems) -> Result<Looks, CircuitError> {
    let mut wrong = "no configuration is marked as the active one".to_owned();
    let files = match file.open_group("/files")? {
        Some(files) => files.datasets()?,
        None => Vec::new(),
    };
    for (_, data) in files {
        let meta = data.attribute("meta")?;
        let meta = meta.as_ref().and_then(Value::word).unwrap_or("{}");
        let meta: serde_json::Value = serde_json::from_str(meta).unwrap_or_default();
        if meta["active_config"].as_bool() != Some(true) {
            continue;
        }
        let words = data.words()?;
        match Looks::parse(&words.concat()) {
            Ok(looks) => return Ok(looks),
            Err(error) => wrong = format!("{} is no JSON ({error})", data.path()),
        }
    }
    let text = format!("{wrong}: colours, radii and names that are shown are not known");
    problems.warning(file.path(), "/files", text);
    Ok(Looks::default())
}

fn population(
    file: &File,
    name: &str,
    group: &Group,
    looks: &Looks,
    problems: &mut Problems,
) -> Result<(CellPopulation, FirstRows), CircuitError> {
    let mut population = CellPopulation::new(name, Up::Z);
    if let Some(odd) = looks.apply(&mut population) {
        problems.warning(file.path(), group.path(), odd);
    }
    let attributes = group.attributes()?;
    let attribute = |name: &str| {
        attributes
            .iter()
            .find(|one| one.0 == name)
            .map(|one| &one.1)
    };
    let counts = attribute("chunks").and_then(Value::word).unwrap_or("{}");
    let counts: HashMap<String, u64> = serde_json::from_str(counts).map_err(|error| {
        group.error(format!(
            "its attribute \"chunks\" has no counts ({error}); the file is damaged"
        ))
    })?;
    let chunks = chunks(file, group, problems)?;
    let mut first_rows = FirstRows::new();
    let (mut rows, mut claimed, mut rotated) = (0_u64, 0_u64, false);
    let mut positions: Vec<[f32; 3]> = Vec::new();
    let mut rotations: Vec<[f32; 3]> = Vec::new();
    let mut morphology_of = Vec::new();
    let mut names = IndexMap::new();
    for (id, chunk) in chunks {
        let count = counts.get(&id.to_string()).copied();
        let data = chunk.dataset("position")?;
        let here = data.as_ref().map_or(0, Dataset::rows);
        let Some(data) = data.filter(|_| here > 0) else {
            // Of cells without places only their number is there.
            let first = claimed;
            claimed = claimed.saturating_add(count.unwrap_or(0));
            first_rows.insert(
                id,
                match rows {
                    0 => first..claimed,
                    _ => rows..rows,
                },
            );
            continue;
        };
        super::rows_of_three(&data)?;
        first_rows.insert(id, rows..rows.saturating_add(here));
        if let Some(count) = count.filter(|count| *count != here) {
            let text = format!(
                "has {here} positions, and its type says {count} cells; the positions count"
            );
            problems.warning(file.path(), chunk.path(), text);
        }
        positions.extend(narrowed(&data.read::<f64>()?));
        if let Some(data) = chunk.dataset("rotation")?.filter(|data| data.rows() > 0) {
            super::rows_of_three(&data)?;
            as_many(&data, here)?;
            rotated = true;
            rotations.resize(rows as usize, [0.0; 3]);
            rotations.extend(narrowed(&data.read::<f64>()?));
        }
        if let Some(data) = chunk.dataset("morphology")?.filter(|data| data.rows() > 0) {
            as_many(&data, here)?;
            morphology_of.resize(rows as usize, -1);
            morphologies(&chunk, &data, &mut names, &mut morphology_of)?;
        }
        rows += here;
    }
    if rotated {
        rotations.resize(rows as usize, [0.0; 3]);
        population.rotations = Some(rotations);
    }
    if !names.is_empty() {
        morphology_of.resize(rows as usize, -1);
        population.morphologies = names.into_keys().collect();
        population.morphology_of = Some(morphology_of);
    }
    let said = attribute("len").and_then(Value::int);
    if rows == 0 && claimed > 0 {
        plausible(claimed, file).map_err(|text| group.error(text))?;
        if looks.entity(name) == Some(false) {
            let text = format!("says that it has {claimed} cells, and has no position of any");
            return Err(group.error(text));
        }
        population.entity = true;
        population.ids = CellIds::counted(claimed);
        return Ok((population, first_rows));
    }
    population.entity = looks.entity(name).unwrap_or(false);
    if let Some(said) = said.filter(|said| u64::try_from(*said) != Ok(rows)) {
        let text = format!("says that it has {said} cells, and has {rows} positions; these count");
        problems.warning(file.path(), group.path(), text);
    }
    population.ids = CellIds::counted(rows);
    population.positions = positions;
    population.settle(file.path(), group.path(), problems);
    Ok((population, first_rows))
}

/// The chunks of a type by number, ascending: the order of the cells.
fn chunks(
    file: &File,
    group: &Group,
    problems: &mut Problems,
) -> Result<Vec<(u64, Group)>, CircuitError> {
    let mut found = Vec::new();
    for (name, chunk) in group.groups()? {
        match chunk::parse(&name) {
            Some(id) => found.push((id, chunk)),
            None => {
                let text = "is no number of a chunk; what is in it is left out";
                problems.warning(file.path(), chunk.path(), text);
            }
        }
    }
    found.sort_by_key(|(id, _)| *id);
    Ok(found)
}

/// Adds the morphologies of a chunk's cells: places in the chunk's own list of names.
fn morphologies(
    chunk: &Group,
    data: &Dataset,
    names: &mut IndexMap<String, ()>,
    of: &mut Vec<i32>,
) -> Result<(), CircuitError> {
    let loaders = match chunk.attribute("morphology_loaders")? {
        Some(Value::Words(words)) => words,
        _ => Vec::new(),
    };
    let mut places = Vec::with_capacity(loaders.len());
    for name in loaders {
        let (place, _) = names.insert_full(name, ());
        places.push(i32::try_from(place).unwrap_or(-1));
    }
    for index in data.read::<i64>()? {
        let place = usize::try_from(index).ok().and_then(|at| places.get(at));
        let Some(place) = place else {
            return Err(data.error(format!(
                "has the index {index}, and its chunk has {} morphologies",
                places.len()
            )));
        };
        of.push(*place);
    }
    Ok(())
}

fn as_many(data: &Dataset, count: u64) -> Result<(), CircuitError> {
    match data.rows() {
        rows if rows == count => Ok(()),
        rows => Err(data.error(format!("has {rows} rows, and there are {count} positions"))),
    }
}
