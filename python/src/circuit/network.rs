//! Bindings of circuits: populations of nodes and edges, and node sets.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use blendtorch_circuit::config::Config;
use blendtorch_circuit::node_sets::NodeSets;
use blendtorch_circuit::{
    Circuit, CircuitError, EdgePopulation, EdgesFile, NodePopulation, NodesFile, Problems,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::columns::Given;
use super::numbers::Numbers;
use super::{error, said};

type Ids = Vec<(String, Numbers)>;
type Files = Vec<(PathBuf, Option<PathBuf>)>;

/// A circuit whose files are open, and the node sets of its configuration.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
struct CircuitFiles {
    circuit: Arc<Circuit>,
    sets: NodeSets,
    file: PathBuf,
    warnings: Vec<String>,
}

#[pymethods]
impl CircuitFiles {
    /// That of a configuration.
    #[staticmethod]
    fn of_config(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| {
            let mut problems = Problems::new();
            let config = Config::load(&path, &mut problems)?;
            let networks = &config.networks;
            let circuit = Circuit::open(&networks.nodes, &networks.edges, &mut problems);
            Ok(Self {
                circuit: Arc::new(circuit),
                sets: NodeSets::new(&config.node_sets_file, config.node_sets.clone()),
                file: config.file.clone(),
                warnings: said(problems)?,
            })
        })
        .map_err(|refused| error(&refused))
    }

    /// That of these files, each with its table of types.
    #[staticmethod]
    #[pyo3(signature = (nodes, edges, node_sets=None))]
    fn of_files(
        py: Python<'_>,
        nodes: Files,
        edges: Files,
        node_sets: Option<PathBuf>,
    ) -> PyResult<Self> {
        let nodes = nodes
            .into_iter()
            .map(|(nodes_file, node_types_file)| NodesFile {
                nodes_file,
                node_types_file,
            });
        let edges = edges
            .into_iter()
            .map(|(edges_file, edge_types_file)| EdgesFile {
                edges_file,
                edge_types_file,
            });
        let (nodes, edges): (Vec<_>, Vec<_>) = (nodes.collect(), edges.collect());
        py.detach(|| {
            let mut problems = Problems::new();
            let circuit = Circuit::open(&nodes, &edges, &mut problems);
            Ok(Self {
                circuit: Arc::new(circuit),
                sets: node_sets
                    .as_deref()
                    .map(NodeSets::open)
                    .transpose()?
                    .unwrap_or_default(),
                file: node_sets.unwrap_or_default(),
                warnings: said(problems)?,
            })
        })
        .map_err(|refused| error(&refused))
    }

    /// What was found that is no error.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    /// The populations of nodes.
    fn nodes(&self) -> Vec<NodesOf> {
        let places = 0..self.circuit.nodes.len();
        places
            .map(|at| NodesOf {
                circuit: self.circuit.clone(),
                at,
            })
            .collect()
    }

    /// The populations of edges.
    fn edges(&self) -> Vec<EdgesOf> {
        let places = 0..self.circuit.edges.len();
        places
            .map(|at| EdgesOf {
                circuit: self.circuit.clone(),
                at,
            })
            .collect()
    }

    /// The names of the node sets.
    fn node_sets(&self) -> Vec<String> {
        self.sets.names().map(str::to_owned).collect()
    }

    /// The nodes of a set that is given as JSON: the ids by population; and what is to be said of it.
    fn resolved(&self, py: Python<'_>, wanted: &str) -> PyResult<(Ids, Vec<String>)> {
        let wanted = serde_json::from_str(wanted)
            .map_err(|refused| PyValueError::new_err(refused.to_string()))?;
        py.detach(|| {
            let mut problems = Problems::new();
            let place: (&Path, &str) = (&self.file, "node set");
            let found = self
                .sets
                .resolve(&wanted, &self.circuit, place, &mut problems);
            let warnings = said(problems)?;
            let populations = found.unwrap_or_default().populations;
            let ids = populations
                .into_iter()
                .map(|(name, ids)| (name, ids.into()));
            Ok((ids.collect(), warnings))
        })
        .map_err(|refused| error(&refused))
    }
}

/// A population of nodes.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
struct NodesOf {
    circuit: Arc<Circuit>,
    at: usize,
}

/// A population of edges.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
struct EdgesOf {
    circuit: Arc<Circuit>,
    at: usize,
}

impl NodesOf {
    fn population(&self) -> PyResult<&NodePopulation> {
        let found = self.circuit.nodes.get(self.at);
        found.ok_or_else(|| PyValueError::new_err("no such population"))
    }
}

impl EdgesOf {
    fn population(&self) -> PyResult<&EdgePopulation> {
        let found = self.circuit.edges.get(self.at);
        found.ok_or_else(|| PyValueError::new_err("no such population"))
    }
}

#[pymethods]
impl NodesOf {
    fn name(&self) -> PyResult<&str> {
        Ok(self.population()?.name())
    }

    fn file(&self) -> PyResult<PathBuf> {
        Ok(self.population()?.file().to_owned())
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.population()?.len())
    }

    fn node_ids(&self) -> PyResult<Numbers> {
        Ok(self
            .population()?
            .node_ids()
            .iter()
            .collect::<Vec<u64>>()
            .into())
    }

    fn node_type_ids(&self) -> PyResult<Numbers> {
        Ok(self.population()?.node_type_ids().to_vec().into())
    }

    fn attribute_names(&self) -> PyResult<Vec<String>> {
        Ok(self.population()?.attribute_names())
    }

    /// What was meant by a name that nothing has, in words.
    fn meant(&self, name: &str) -> PyResult<String> {
        Ok(self.population()?.meant(name))
    }

    fn attribute(&self, py: Python<'_>, name: &str) -> PyResult<Option<Given>> {
        let population = self.population()?;
        let column = py.detach(|| population.attribute(name));
        Ok(column.map_err(|refused| error(&refused))?.map(Given::from))
    }

    fn dynamics_params(&self, py: Python<'_>) -> PyResult<Vec<(String, Given)>> {
        let population = self.population()?;
        let columns = py.detach(|| population.dynamics_params());
        let columns = columns.map_err(|refused| error(&refused))?.into_iter();
        Ok(columns
            .map(|(name, column)| (name, column.into()))
            .collect())
    }

    fn positions(&self, py: Python<'_>) -> PyResult<Option<Numbers>> {
        let population = self.population()?;
        let points = py.detach(|| population.positions());
        let points = points.map_err(|refused| error(&refused))?;
        Ok(points.map(|points| Numbers::from(points.into_flattened()).rows_of(3)))
    }
}

/// Sources, targets, types, attributes by name.
type Read = (Numbers, Numbers, Numbers, Vec<(String, Given)>);

#[pymethods]
impl EdgesOf {
    fn name(&self) -> PyResult<&str> {
        Ok(self.population()?.name())
    }

    fn file(&self) -> PyResult<PathBuf> {
        Ok(self.population()?.file().to_owned())
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.population()?.len() as usize)
    }

    /// The populations of the sources and of the targets.
    fn ends(&self) -> PyResult<(&str, &str)> {
        let population = self.population()?;
        Ok((
            population.source_population(),
            population.target_population(),
        ))
    }

    fn attribute_names(&self) -> PyResult<Vec<String>> {
        Ok(self.population()?.attribute_names())
    }

    fn dynamics_names(&self) -> PyResult<Vec<String>> {
        Ok(self.population()?.dynamics_names())
    }

    /// What was meant by a name that nothing has, in words.
    fn meant(&self, name: &str) -> PyResult<String> {
        Ok(self.population()?.meant(name))
    }

    /// Edges one after another, with these attributes; `dynamics_params/NAME` is a parameter. What
    /// nothing has is left out.
    fn read(&self, py: Python<'_>, first: u64, last: u64, names: Vec<String>) -> PyResult<Read> {
        let population = self.population()?;
        py.detach(|| {
            let block = population.block(first..last)?;
            let mut columns = Vec::new();
            for name in names {
                let column = match name.strip_prefix("dynamics_params/") {
                    Some(parameter) => block.dynamics(parameter)?,
                    None => block.column(&name)?,
                };
                columns.extend(column.map(|column| (name, column.into())));
            }
            Ok((
                block.source.into(),
                block.target.into(),
                block.type_id.into(),
                columns,
            ))
        })
        .map_err(|refused: CircuitError| error(&refused))
    }

    /// The edges to nodes, or from nodes: rows of first and behind the last.
    fn of_nodes(&self, py: Python<'_>, ids: Vec<u64>, afferent: bool) -> PyResult<Numbers> {
        let population = self.population()?;
        let ranges = py.detach(|| match afferent {
            true => population.afferent(&ids),
            false => population.efferent(&ids),
        });
        let ranges = ranges.map_err(|refused| error(&refused))?.into_iter();
        let rows: Vec<u64> = ranges.flat_map(|range| [range.start, range.end]).collect();
        Ok(Numbers::from(rows).rows_of(2))
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<CircuitFiles>()?;
    module.add_class::<NodesOf>()?;
    module.add_class::<EdgesOf>()
}
