//! Bindings of `blendtorch_circuit::build`: nodes, edges and types become files.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use std::path::PathBuf;

use blendtorch_circuit::build::{Column, EdgeSet, Edges, NodeSet, Nodes, Types};
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;

use super::arrays::{Array, slice};
use super::error;

type Columns = Vec<(String, Array)>;
type NodesOfType = (u64, PyBuffer<u64>, Columns);
/// Type, rows of sources and targets, ids of sources and targets, columns.
type EdgesOfType = (
    u32,
    PyBuffer<u32>,
    PyBuffer<u32>,
    PyBuffer<u64>,
    PyBuffer<u64>,
    Columns,
);

fn columns(given: &Columns) -> PyResult<Vec<Column<'_>>> {
    given
        .iter()
        .map(|(name, array)| array.column(name))
        .collect()
}

/// Writes a population of nodes.
#[pyfunction]
fn write_nodes(
    py: Python<'_>,
    path: PathBuf,
    population: &str,
    sets: Vec<NodesOfType>,
) -> PyResult<()> {
    let sets = sets.iter().map(|(type_id, ids, given)| {
        Ok(NodeSet {
            type_id: *type_id,
            ids: slice(ids)?,
            columns: columns(given)?,
        })
    });
    let nodes = Nodes {
        population,
        sets: sets.collect::<PyResult<_>>()?,
    };
    py.detach(|| nodes.write(&path))
        .map_err(|refused| error(&refused))
}

/// Writes a population of edges. `ends` are the populations of sources and targets, each with the number
/// above those of its nodes.
#[pyfunction]
fn write_edges(
    py: Python<'_>,
    path: PathBuf,
    name: &str,
    ends: ((String, u64), (String, u64)),
    sets: Vec<EdgesOfType>,
    indices: bool,
) -> PyResult<()> {
    let ((source_population, source_nodes), (target_population, target_nodes)) = &ends;
    let sets = sets
        .iter()
        .map(|(type_id, source, target, source_ids, target_ids, given)| {
            Ok(EdgeSet {
                type_id: *type_id,
                source: slice(source)?,
                target: slice(target)?,
                source_ids: slice(source_ids)?,
                target_ids: slice(target_ids)?,
                columns: columns(given)?,
            })
        });
    let edges = Edges {
        name,
        source_population,
        target_population,
        source_nodes: *source_nodes,
        target_nodes: *target_nodes,
        sets: sets.collect::<PyResult<_>>()?,
        indices,
    };
    py.detach(|| edges.write(&path))
        .map_err(|refused| error(&refused))
}

/// Writes a table of types.
#[pyfunction]
fn write_types(
    path: PathBuf,
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
) -> PyResult<()> {
    Types { columns, rows }
        .write(&path)
        .map_err(|refused| error(&refused))
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(write_nodes, module)?)?;
    module.add_function(wrap_pyfunction!(write_edges, module)?)?;
    module.add_function(wrap_pyfunction!(write_types, module)?)
}
