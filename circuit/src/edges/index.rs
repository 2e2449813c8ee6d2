//! The edges of some nodes.
//!
//! Owns the index tables: `indices/target_to_source` and `indices/source_to_target`, each
//! `node_id_to_ranges` (the specification's name; BMTK's: `node_id_to_range`) with the rows of
//! `range_to_edge_id`, which has ranges of edges. A range that is empty, or starts below 0, is none.

use std::ops::Range;

use super::{EdgePopulation, End};
use crate::CircuitError;
use crate::hdf5::read::Dataset;

/// Edges are looked through in blocks of so many.
const BLOCK: u64 = 1 << 17;

/// The edges at `end` of some nodes, as ranges that ascend and do not overlap.
pub(super) fn find(
    edges: &EdgePopulation,
    end: &End,
    nodes: &[u64],
) -> Result<Vec<Range<u64>>, CircuitError> {
    let mut nodes = nodes.to_vec();
    nodes.sort_unstable();
    nodes.dedup();
    if nodes.is_empty() {
        return Ok(Vec::new());
    }
    let root = format!("/edges/{}/indices/{}", edges.name, end.index);
    let mut to_ranges = edges.file.dataset(&format!("{root}/node_id_to_ranges"))?;
    if to_ranges.is_none() {
        to_ranges = edges.file.dataset(&format!("{root}/node_id_to_range"))?;
    }
    let found = match (
        to_ranges,
        edges.file.dataset(&format!("{root}/range_to_edge_id"))?,
    ) {
        (Some(to_ranges), Some(to_edges)) => by_index(&to_ranges, &to_edges, edges.len(), &nodes)?,
        _ => by_looking(end, edges.len(), &nodes)?,
    };
    Ok(joined(found))
}

fn by_index(
    to_ranges: &Dataset,
    to_edges: &Dataset,
    edges: u64,
    nodes: &[u64],
) -> Result<Vec<Range<u64>>, CircuitError> {
    for table in [to_ranges, to_edges] {
        if table.shape().len() != 2 || table.shape().get(1) != Some(&2) {
            return Err(table.error("is no table of two columns"));
        }
    }
    let mut rows = Vec::new();
    // The table of nodes has no rows for nodes after the last that has edges.
    let known = nodes.partition_point(|node| *node < to_ranges.rows());
    for near in nodes
        .get(..known)
        .unwrap_or(&[])
        .chunk_by(|a, b| b - a < 64)
    {
        let (Some(first), Some(last)) = (near.first(), near.last()) else {
            continue;
        };
        let table = pairs(to_ranges, *first..last + 1)?;
        for node in near {
            let pair = usize::try_from(node - first)
                .ok()
                .and_then(|at| table.get(at));
            rows.extend(pair.and_then(range));
        }
    }
    if let Some(far) = rows.iter().find(|row| row.end > to_edges.rows()) {
        let text = format!(
            "names the range {}, but there are {}",
            far.end - 1,
            to_edges.rows()
        );
        return Err(to_ranges.error(text));
    }
    rows.sort_unstable_by_key(|row| row.start);
    let mut found = Vec::new();
    for row in joined(rows) {
        for pair in pairs(to_edges, row)? {
            found.extend(range(&pair));
        }
    }
    match found.iter().find(|range| range.end > edges) {
        Some(far) => Err(to_edges.error(format!(
            "names the edge {}, but there are {edges}",
            far.end - 1
        ))),
        None => Ok(found),
    }
}

/// Rows of a table. A value below 0 means no edge; in a table without a sign it was wrapped.
fn pairs(table: &Dataset, rows: Range<u64>) -> Result<Vec<[i64; 2]>, CircuitError> {
    let values: Vec<i64> = match table.read_rows::<u64>(rows.clone()) {
        Ok(values) => values.into_iter().map(u64::cast_signed).collect(),
        Err(_) => table.read_rows(rows)?,
    };
    Ok(values.as_chunks::<2>().0.to_vec())
}

fn range(pair: &[i64; 2]) -> Option<Range<u64>> {
    let start = u64::try_from(pair[0]).ok()?;
    let end = u64::try_from(pair[1]).ok()?;
    (start < end).then_some(start..end)
}

/// Without an index: looks at every edge.
fn by_looking(end: &End, edges: u64, nodes: &[u64]) -> Result<Vec<Range<u64>>, CircuitError> {
    let mut found: Vec<Range<u64>> = Vec::new();
    let mut at = 0;
    let mut block = Vec::new();
    while at < edges {
        let next = (at + BLOCK).min(edges);
        end.data.read_rows_into(at..next, &mut block)?;
        for (edge, node) in (at..).zip(&block) {
            if nodes.binary_search(node).is_err() {
                continue;
            }
            match found.last_mut() {
                Some(last) if last.end == edge => last.end += 1,
                _ => found.push(edge..edge + 1),
            }
        }
        at = next;
    }
    Ok(found)
}

/// Ranges in order, those that touch or overlap as one.
fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut found: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match found.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => found.push(range),
        }
    }
    found
}
