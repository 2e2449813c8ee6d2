//! All populations of a network.
//!
//! Owns that they fit together: no name twice, no edges without nodes. What is in them is read later,
//! by whoever needs it.

use std::path::PathBuf;

use crate::{EdgePopulation, NodePopulation, Problems, nearest};

/// A file of nodes with its table of types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodesFile {
    /// The HDF5 file.
    pub nodes_file: PathBuf,
    /// The table, `node_types.csv`.
    pub node_types_file: Option<PathBuf>,
}

/// A file of edges with its table of types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgesFile {
    /// The HDF5 file.
    pub edges_file: PathBuf,
    /// The table, `edge_types.csv`.
    pub edge_types_file: Option<PathBuf>,
}

/// A network: populations of nodes, and of edges between them.
#[derive(Debug, Default)]
pub struct Circuit {
    /// The nodes, in the order of the files.
    pub nodes: Vec<NodePopulation>,
    /// The edges, in the order of the files.
    pub edges: Vec<EdgePopulation>,
}

impl Circuit {
    /// Opens all files and puts their populations together. What is wrong is a problem, and left out:
    /// a file that cannot be read, a population that is there twice, edges whose nodes are missing.
    pub fn open(nodes: &[NodesFile], edges: &[EdgesFile], problems: &mut Problems) -> Self {
        let mut circuit = Self::default();
        let before = problems.errors();
        for one in nodes {
            for population in
                NodePopulation::open_all(&one.nodes_file, one.node_types_file.as_deref(), problems)
            {
                match circuit.population(population.name()) {
                    None => circuit.nodes.push(population),
                    Some(first) => problems.error(
                        population.file(),
                        format!("/nodes/{}", population.name()),
                        format!(
                            "is also a population of {}; a network has each name once",
                            first.file().display()
                        ),
                    ),
                }
            }
        }
        // What a file that cannot be read holds is not missing.
        let whole = problems.errors() == before;
        for one in edges {
            for population in
                EdgePopulation::open_all(&one.edges_file, one.edge_types_file.as_deref(), problems)
            {
                circuit.add(population, whole, problems);
            }
        }
        circuit
    }

    fn add(&mut self, mut edges: EdgePopulation, whole: bool, problems: &mut Problems) {
        let key = format!("/edges/{}", edges.name());
        if let Some(first) = self.edges.iter().find(|first| first.name() == edges.name()) {
            let text = format!(
                "is also a population of {}; a network has each name once",
                first.file().display()
            );
            problems.error(edges.file(), key, text);
            return;
        }
        let find = |name: &str, side: &str, problems: &mut Problems| match self.population(name) {
            Some(nodes) => Some(nodes.node_ids().clone()),
            None if !whole => None,
            None => {
                let meant = match nearest(name, self.nodes.iter().map(NodePopulation::name)) {
                    Some(near) => format!("; did you mean {near:?}?"),
                    None => "; name its file under networks.nodes".to_owned(),
                };
                let text = format!(
                    "its {side} nodes are of the population {name:?}, which is missing{meant}"
                );
                problems.error(edges.file(), key.clone(), text);
                None
            }
        };
        let source = find(edges.source_population(), "source", problems);
        let target = find(edges.target_population(), "target", problems);
        if let (Some(source), Some(target)) = (source, target) {
            edges.join(source, target);
            self.edges.push(edges);
        }
    }

    /// The population of nodes of a name.
    pub fn population(&self, name: &str) -> Option<&NodePopulation> {
        self.nodes
            .iter()
            .find(|population| population.name() == name)
    }
}

#[cfg(test)]
mod tests;
