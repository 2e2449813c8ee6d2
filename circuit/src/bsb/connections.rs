//! Connections in BSB's networks.
//!
//! Owns both layouts: of version 3 pairs of ids that count over all cells, later pairs of cells of two
//! chunks, each under the chunk that receives. Branches and points are not looked at.

use std::collections::HashMap;

use crate::CircuitError;
use crate::hdf5::read::{Dataset, File, Group, Value};

use super::{FirstRows, chunk};

const V3: &str = "/cells/connections";
const CHUNKED: &str = "/connectivity";

/// The names of the sets of version 3.
pub(super) fn names_v3(file: &File) -> Result<Vec<String>, CircuitError> {
    file.datasets(V3)
}

/// The names of the sets of later versions.
pub(super) fn names_chunked(file: &File) -> Result<Vec<String>, CircuitError> {
    file.groups(CHUNKED)
}

/// The pairs of ids of a set of version 3.
pub(super) fn read_v3(file: &File, tag: &str) -> Result<Vec<[i64; 2]>, CircuitError> {
    let data = file.require(&format!("{V3}/{tag}"))?;
    match data.shape() {
        [_, 2] => {}
        // A set without connections may have no columns.
        [0, ..] => return Ok(Vec::new()),
        shape => return Err(data.error(format!("has the shape {shape:?}; n × 2 is needed"))),
    }
    // They are floats, and read only where they are whole numbers.
    let ids: Vec<i64> = data.read()?;
    Ok(ids.as_chunks::<2>().0.to_vec())
}

/// A set of later versions: the types that it joins, and pairs of rows in them.
pub(super) fn read_chunked(
    file: &File,
    tag: &str,
    first_rows: &HashMap<String, FirstRows>,
) -> Result<(String, String, Vec<[i64; 2]>), CircuitError> {
    let path = format!("{CHUNKED}/{tag}");
    let missing = || CircuitError::file(file.path(), &path, "is missing");
    let set = file.open_group(&path)?.ok_or_else(missing)?;
    let end = |key: &str| -> Result<(String, &FirstRows), CircuitError> {
        let name = set.attribute(key)?;
        let Some(name) = name.as_ref().and_then(Value::word) else {
            return Err(set.error(format!(
                "has no attribute {key:?}, which names a type of cells"
            )));
        };
        let rows = first_rows.get(name).ok_or_else(|| {
            set.error(format!(
                "joins cells of {name:?}, which the file does not have"
            ))
        })?;
        Ok((name.to_owned(), rows))
    };
    let ((pre, of_pre), (post, of_post)) = (end("pre")?, end("post")?);
    // Each connection is there twice: where it comes in, and where it goes out.
    let mut chunks = Vec::new();
    if let Some(incoming) = set.group("inc")? {
        for (name, group) in incoming.groups()? {
            let id = chunk::parse(&name).ok_or_else(|| group.error("is no number of a chunk"))?;
            chunks.push((id, group));
        }
    }
    chunks.sort_by_key(|(id, _)| *id);
    let mut pairs = Vec::new();
    for (id, group) in chunks {
        incoming(id, &group, of_pre, of_post, &mut pairs)?;
    }
    Ok((pre, post, pairs))
}

/// Adds the connections that come into a chunk.
fn incoming(
    id: u64,
    group: &Group,
    of_pre: &FirstRows,
    of_post: &FirstRows,
    pairs: &mut Vec<[i64; 2]>,
) -> Result<(), CircuitError> {
    let (local, global) = (group.require("local_locs")?, group.require("global_locs")?);
    for data in [&local, &global] {
        super::rows_of_three(data)?;
    }
    if local.rows() != global.rows() {
        return Err(global.error(format!(
            "has {} rows, and local_locs has {}",
            global.rows(),
            local.rows()
        )));
    }
    let (receivers, senders): (Vec<i64>, Vec<i64>) = (local.read()?, global.read()?);
    let (receivers, senders) = (receivers.as_chunks::<3>().0, senders.as_chunks::<3>().0);
    let mut starts: Vec<(usize, u64)> = Vec::new();
    for (name, value) in group.attributes()? {
        if let (Some(sender), Some(start)) = (chunk::parse(&name), value.int()) {
            let start = usize::try_from(start)
                .ok()
                .filter(|start| *start <= senders.len());
            let start = start.ok_or_else(|| {
                group.error(format!(
                    "says that the chunk {name} begins at a row that is missing"
                ))
            })?;
            starts.push((start, sender));
        }
    }
    starts.sort_unstable();
    if starts.first().map_or(0, |first| first.0) > 0 || (starts.is_empty() && !senders.is_empty()) {
        return Err(
            group.error("does not say of which chunk its first rows are; the file is damaged")
        );
    }
    for (at, (start, sender)) in starts.iter().enumerate() {
        let stop = starts.get(at + 1).map_or(senders.len(), |next| next.0);
        let rows = senders.get(*start..stop).unwrap_or_default();
        for (from, to) in rows.iter().zip(receivers.get(*start..).unwrap_or_default()) {
            let [from, to] = [
                row(of_pre, *sender, from[0], &global)?,
                row(of_post, id, to[0], &local)?,
            ];
            pairs.push([from, to]);
        }
    }
    Ok(())
}

/// The row of a chunk's cell in its population.
fn row(of: &FirstRows, chunk: u64, cell: i64, data: &Dataset) -> Result<i64, CircuitError> {
    let rows = of.get(&chunk).cloned().unwrap_or_default();
    let row = u64::try_from(cell)
        .ok()
        .and_then(|cell| rows.start.checked_add(cell));
    row.filter(|row| rows.contains(row))
        .and_then(|row| i64::try_from(row).ok())
        .ok_or_else(|| {
            let count = rows.end - rows.start;
            data.error(format!(
                "names the cell {cell} of the chunk {chunk}, which has {count}"
            ))
        })
}
