//! The sections `networks` and `components`: the files of the circuit.
//!
//! Owns which files there are. It opens none of them.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::keys::{COMPONENTS, EDGES, GAP_JUNCTIONS, Key, NETWORKS, NODES};
use super::section::{Check, Fields, Place};

/// The files of a network.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Networks {
    /// Those of the nodes.
    pub nodes: Vec<NetworkFile>,
    /// Those of the edges.
    pub edges: Vec<NetworkFile>,
    /// Those of gap junctions (BioNet).
    pub gap_juncs: Vec<PathBuf>,
}

/// A file of nodes or edges, and that of their types.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NetworkFile {
    /// `nodes_file` or `edges_file`.
    pub file: PathBuf,
    /// `node_types_file` or `edge_types_file`.
    pub types_file: Option<PathBuf>,
    /// The configuration that names them.
    pub said_in: PathBuf,
    /// The place there: `networks.nodes.0`.
    pub key: String,
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
                    found.push(NetworkFile {
                        file: path,
                        types_file: types_file(&fields, types, &place, check),
                        said_in: place.source.file.clone(),
                        key: place.path.clone(),
                    });
                }
            }
            found
        };
        let nodes = entries("nodes", NODES, "nodes_file", "node_types_file");
        let edges = entries("edges", EDGES, "edges_file", "edge_types_file");
        let gap_juncs = entries("gap_juncs", GAP_JUNCTIONS, "gap_juncs_file", "");
        if nodes.is_empty() && !fields.has("nodes") {
            check.error(place, "nodes", "is missing: a network has files of nodes");
        }
        Self {
            nodes,
            edges,
            gap_juncs: gap_juncs.into_iter().map(|one| one.file).collect(),
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
