//! Morphologies that BSB keeps in its networks.
//!
//! Owns both layouts: of version 3 a group a branch, later one table of points and one of branches.

use std::collections::HashMap;

use crate::hdf5::read::{Dataset, File, Group, Value};
use crate::{CircuitError, Morphology};

const MORPHOLOGIES: &str = "/morphologies";

/// The names of all.
pub(super) fn names(file: &File) -> Result<Vec<String>, CircuitError> {
    file.groups(MORPHOLOGIES)
}

/// One of them; `None` where there is none of this name.
pub(super) fn read(file: &File, name: &str) -> Result<Option<Morphology>, CircuitError> {
    let all = file.open_group(MORPHOLOGIES)?;
    // A name with a slash would be a path.
    let known = |group: &Group| -> Result<bool, CircuitError> {
        Ok(group.groups()?.iter().any(|(one, _)| one == name))
    };
    let Some(all) = all.filter(|_| !name.contains('/')) else {
        return Ok(None);
    };
    if !known(&all)? {
        return Ok(None);
    }
    let Some(group) = all.group(name)? else {
        return Ok(None);
    };
    match group.group("branches")? {
        Some(branches) => of_groups(name, &branches).map(Some),
        None => of_tables(name, &group).map(Some),
    }
}

/// Versions 4 to 8: `data` with x, y, z, radius, and the number of a set of labels; `graph` with the row
/// after the last of each branch, and its parent.
fn of_tables(name: &str, group: &Group) -> Result<Morphology, CircuitError> {
    let (data, graph) = (group.require("data")?, group.require("graph")?);
    let width = match data.shape() {
        [_, width] if *width >= 4 => usize::try_from(*width).unwrap_or(usize::MAX),
        shape => {
            return Err(data.error(format!(
                "has the shape {shape:?}; x, y, z and radius are needed"
            )));
        }
    };
    if !matches!(graph.shape(), [_, 2]) {
        return Err(graph.error(format!(
            "has the shape {:?}; n × 2 is needed",
            graph.shape()
        )));
    }
    let values: Vec<f64> = data.read()?;
    let (mut rows, mut sets) = (Vec::new(), Vec::new());
    for row in values.chunks_exact(width) {
        rows.extend(row.first_chunk::<4>().copied());
        sets.push(row.get(4).copied());
    }
    let ends: Vec<i64> = graph.read()?;
    let branches: Vec<(i64, i64)> = ends
        .as_chunks::<2>()
        .0
        .iter()
        .map(|[end, parent]| (*end, *parent))
        .collect();
    let mut morphology =
        Morphology::of_branches(name, &rows, &branches).map_err(|text| group.error(text))?;
    let labels = data.attribute("labels")?;
    let labels = labels.as_ref().and_then(Value::word).unwrap_or("{}");
    let labels: HashMap<String, Vec<String>> = serde_json::from_str(labels)
        .map_err(|error| data.error(format!("its attribute \"labels\" has no names: {error}")))?;
    for set in sets {
        let set = set.and_then(|set| labels.get(&format!("{set:.0}")));
        morphology.labels.push(set.cloned().unwrap_or_default());
    }
    Ok(morphology)
}

/// Version 3: a group a branch, by number.
fn of_groups(name: &str, all: &Group) -> Result<Morphology, CircuitError> {
    let mut branches = Vec::new();
    for (number, group) in all.groups()? {
        let number: i64 = number
            .parse()
            .map_err(|_| group.error("is no number of a branch"))?;
        branches.push((number, group));
    }
    branches.sort_by_key(|(number, _)| *number);
    let places: HashMap<i64, i64> = branches
        .iter()
        .map(|(number, _)| *number)
        .zip(0..)
        .collect();
    let (mut rows, mut ends, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for (_, branch) in &branches {
        let [x, y, z, radii] = columns(branch)?;
        for (((x, y), z), radius) in x.iter().zip(&y).zip(&z).zip(&radii) {
            rows.push([*x, *y, *z, *radius]);
        }
        let parent = branch
            .attribute("parent")?
            .as_ref()
            .and_then(Value::int)
            .unwrap_or(-1);
        let parent = match parent {
            ..0 => -1,
            parent => places.get(&parent).copied().ok_or_else(|| {
                branch.error(format!(
                    "goes on from the branch {parent}, which is missing"
                ))
            })?,
        };
        ends.push((i64::try_from(rows.len()).unwrap_or(i64::MAX), parent));
        labels.extend(labels_of(branch, x.len())?);
    }
    let mut morphology =
        Morphology::of_branches(name, &rows, &ends).map_err(|text| all.error(text))?;
    labels
        .into_iter()
        .for_each(|set| morphology.labels.push(set));
    Ok(morphology)
}

fn columns(branch: &Group) -> Result<[Vec<f64>; 4], CircuitError> {
    let read = |name: &str| branch.require(name)?.read::<f64>();
    let all = [read("x")?, read("y")?, read("z")?, read("radii")?];
    match all
        .iter()
        .all(|column| all.first().is_some_and(|x| x.len() == column.len()))
    {
        true => Ok(all),
        false => Err(branch.error("has not as many x, y, z and radii")),
    }
}

/// The labels of a branch's points: those of the whole branch, and those that a mask says.
fn labels_of(branch: &Group, points: usize) -> Result<Vec<Vec<String>>, CircuitError> {
    let whole = match branch.attribute("branch_labels")? {
        Some(Value::Words(words)) => words,
        _ => Vec::new(),
    };
    let mut labels = vec![whole; points];
    let masks: Vec<(String, Dataset)> = match branch.group("labels")? {
        Some(masks) => masks.datasets()?,
        None => Vec::new(),
    };
    for (label, mask) in masks {
        let mask: Vec<i64> = mask.read()?;
        for (labels, has) in labels.iter_mut().zip(mask) {
            if has != 0 && !labels.contains(&label) {
                labels.push(label.clone());
            }
        }
    }
    Ok(labels)
}
