//! The sections `networks` and `components`: the files of the circuit.
//!
//! Owns which files there are. It opens none of them.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::keys::{COMPONENTS, EDGES, GAP_JUNCTIONS, Key, NETWORKS, NODES};
use super::section::{Check, Fields, Place};
use crate::{EdgesFile, NodesFile};

/// The files of a network.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Networks {
    /// Those of the nodes.
    pub nodes: Vec<NodesFile>,
    /// Those of the edges.
    pub edges: Vec<EdgesFile>,
    /// Those of gap junctions (BioNet).
    pub gap_juncs: Vec<PathBuf>,
    /// The configuration that names them.
    pub file: PathBuf,
}

impl Networks {
    pub(super) fn read(
        object: &Map<String, Value>,
        place: &Place<'_>,
        check: &mut Check<'_>,
    ) -> Self {
        let fields = check.fields(object, &[NETWORKS], place);
        let mut entries = |name: &str, table: &'static [Key], file: &str, types: &str| {
            let below = place.below(name);
            let list = fields.value(name).cloned().unwrap_or_default();
            let mut found = Vec::new();
            for (at, entry) in check.list(&list, &below).iter().enumerate() {
                let place = below.below(&at.to_string());
                let Some(object) = check.object(entry, &place) else {
                    continue;
                };
                let fields = check.fields(object, &[table], &place);
                if fields.flag("enabled") == Some(false) {
                    continue;
                }
                if !fields.has(file) {
                    check.error(&place, file, "is missing; give the path of the HDF5 file");
                }
                if let Some(path) = fields.path(file, &place, check) {
                    found.push((path, types_file(&fields, types, &place, check)));
                }
            }
            found
        };
        let nodes = entries("nodes", NODES, "nodes_file", "node_types_file");
        let edges = entries("edges", EDGES, "edges_file", "edge_types_file");
        let gap_juncs = entries("gap_juncs", GAP_JUNCTIONS, "gap_juncs_file", "");
        if !fields.has("nodes") {
            check.error(place, "nodes", "is missing: a network has files of nodes");
        }
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
        Self {
            nodes: nodes.collect(),
            edges: edges.collect(),
            gap_juncs: gap_juncs.into_iter().map(|(file, _)| file).collect(),
            file: place.source.file.clone(),
        }
    }
}

/// libsonata's configurations have empty names where there is no such file.
fn types_file(
    fields: &Fields,
    name: &str,
    place: &Place<'_>,
    check: &mut Check<'_>,
) -> Option<PathBuf> {
    match fields.text(name).as_deref() {
        None | Some("" | "NULL") => None,
        Some(_) => fields.path(name, place, check),
    }
}

/// The folders of models, morphologies and mechanisms, by BMTK's names.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Components {
    /// `point_neuron_models_dir`, `synaptic_models_dir`, …: the folder.
    pub dirs: IndexMap<String, PathBuf>,
    /// Names, files or folders of modules for NEST.
    pub nest_modules: Vec<String>,
}

impl Components {
    pub(super) fn read(
        object: &Map<String, Value>,
        place: &Place<'_>,
        check: &mut Check<'_>,
    ) -> Self {
        let fields = check.fields(object, &[COMPONENTS], place);
        let mut dirs = IndexMap::new();
        for key in COMPONENTS {
            if key.shape != super::Shape::Path {
                continue;
            }
            let spelling = fields.spelling(key.name).to_owned();
            if let Some(path) = fields.path(key.name, place, check) {
                if spelling != key.name && key.name != "morphologies_dir" {
                    let text = format!(
                        "is read as {:?}, the only spelling that BMTK knows",
                        key.name
                    );
                    check.warning(place, &spelling, text);
                }
                dirs.insert(key.name.to_owned(), path);
            }
        }
        Self {
            dirs,
            nest_modules: fields.texts("nest_modules"),
        }
    }

    /// The folder of that name.
    pub fn get(&self, name: &str) -> Option<&PathBuf> {
        self.dirs.get(name)
    }
}
