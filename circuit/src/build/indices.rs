//! The index tables of an edges file: from a node to its edges without reading all of them.
//!
//! Owns their layout: `range_to_edge_id` has a row [first, behind the last] for each run of edges with one
//! node, by node; the other table has for each node the rows of its runs. The specification and
//! libsonata call that `node_id_to_ranges`, BMTK `node_id_to_range`: it is one dataset under both names.

use super::order;
use crate::CircuitError;
use crate::hdf5::{Group, Writer};

/// Rows that are written at once.
const BLOCK: usize = 1 << 16;

/// Writes the tables for the nodes `0..nodes` of edges in the order of the file.
pub(super) fn write(file: &mut Writer, ids: &[u64], nodes: usize) -> Result<Group, CircuitError> {
    // The first edge of each run.
    let runs: Vec<u32> = ids
        .iter()
        .enumerate()
        .filter(|(at, id)| at.checked_sub(1).and_then(|before| ids.get(before)) != Some(*id))
        .map(|(at, _)| at as u32)
        .collect();
    let id_of = |run: &u32| ids.get(*run as usize).copied().unwrap_or(0);
    let order = order::stable(runs.iter().map(id_of), runs.len());
    let end = |run: usize| {
        runs.get(run + 1)
            .map_or(ids.len() as u64, |next| u64::from(*next))
    };

    let mut ranges = file.table::<u64>(order.len() as u64, 2)?;
    let mut rows = vec![[0_u64; 2]; nodes];
    let (mut block, mut written) = (Vec::with_capacity(2 * BLOCK), 0);
    for (row, run) in order.iter().enumerate() {
        let run = *run as usize;
        let first = runs.get(run).copied().unwrap_or(0);
        block.extend([u64::from(first), end(run)]);
        if let Some([begin, behind]) = rows.get_mut(id_of(&first) as usize) {
            if *behind == 0 {
                *begin = row as u64;
            }
            *behind = row as u64 + 1;
        }
        if block.len() == 2 * BLOCK {
            ranges.write_rows(written, &block)?;
            written += BLOCK as u64;
            block.clear();
        }
    }
    ranges.write_rows(written, &block)?;

    let mut group = Group::new();
    let rows = file.shaped(rows.as_flattened(), &[nodes as u64, 2])?;
    group.named(&["node_id_to_ranges", "node_id_to_range"], rows);
    group.dataset("range_to_edge_id", ranges.cut(order.len() as u64));
    Ok(group)
}
