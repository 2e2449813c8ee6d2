//! Small networks for tests, written with our own writer.

use std::path::{Path, PathBuf};

use crate::hdf5::{Attribute, Dataset, Element, Group, Writer};
use crate::{Circuit, EdgesFile, NodesFile, Problems};

/// A file that is being made.
pub(crate) struct Making {
    pub(crate) writer: Writer,
    pub(crate) root: Group,
    path: PathBuf,
}

impl Making {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            writer: Writer::create(path).unwrap(),
            root: Group::new(),
            path: path.to_owned(),
        }
    }

    pub(crate) fn column<T: Element>(&mut self, group: &mut Group, name: &str, values: &[T]) {
        let data = self.writer.column(values).unwrap();
        group.dataset(name, data);
    }

    pub(crate) fn words(&mut self, group: &mut Group, name: &str, values: &[&str]) {
        let data = self.writer.strings(values).unwrap();
        group.dataset(name, data);
    }

    pub(crate) fn table<T: Element>(&mut self, group: &mut Group, name: &str, values: &[[T; 2]]) {
        let flat: Vec<T> = values.iter().flatten().copied().collect();
        let data = self
            .writer
            .shaped(&flat, &[values.len() as u64, 2])
            .unwrap();
        group.dataset(name, data);
    }

    /// A population's group with `node_type_id`, one group of rows in order and no columns.
    pub(crate) fn nodes(&mut self, types: &[u64]) -> Group {
        let mut group = Group::new();
        let rows: Vec<u64> = (0..types.len() as u64).collect();
        self.column(&mut group, "node_type_id", types);
        self.column(&mut group, "node_group_id", &vec![0_u32; types.len()]);
        self.column(&mut group, "node_group_index", &rows);
        group
    }

    /// A population's group with its edges, all of one type.
    pub(crate) fn edges(&mut self, ends: [&str; 2], pairs: &[[u64; 2]]) -> Group {
        let mut group = Group::new();
        for (side, name) in ["source_node_id", "target_node_id"].into_iter().enumerate() {
            let ids: Vec<u64> = pairs.iter().map(|pair| pair[side]).collect();
            let data: Dataset = self.writer.column(&ids).unwrap();
            group.dataset(
                name,
                data.with("node_population", Attribute::string(ends[side])),
            );
        }
        self.column(&mut group, "edge_type_id", &vec![100_u32; pairs.len()]);
        group
    }

    /// Ends the file: `/nodes` or `/edges` with these populations.
    pub(crate) fn finish(mut self, what: &str, populations: Vec<(&str, Group)>) -> PathBuf {
        let mut all = Group::new();
        for (name, group) in populations {
            all.group(name, group);
        }
        self.root.group(what, all);
        self.writer.finish(&self.root).unwrap();
        self.path
    }
}

/// A file of nodes and its table, if there is one.
pub(crate) fn nodes_file(file: PathBuf, types: Option<&str>) -> NodesFile {
    let node_types_file = types.map(|text| beside(&file, text));
    NodesFile {
        nodes_file: file,
        node_types_file,
    }
}

/// A file of edges and its table, if there is one.
pub(crate) fn edges_file(file: PathBuf, types: Option<&str>) -> EdgesFile {
    let edge_types_file = types.map(|text| beside(&file, text));
    EdgesFile {
        edges_file: file,
        edge_types_file,
    }
}

fn beside(file: &Path, text: &str) -> PathBuf {
    let path = file.with_extension("csv");
    std::fs::write(&path, text).unwrap();
    path
}

/// The golden case's folder.
pub(crate) fn golden(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/golden/sonata")
        .join(case)
}

/// The network of a golden case: every file of its folder.
pub(crate) fn golden_network(case: &str, problems: &mut Problems) -> Circuit {
    let folder = golden(case).join("network");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let (mut nodes, mut edges) = (Vec::new(), Vec::new());
    for name in names {
        if let Some(stem) = name.strip_suffix("_nodes.h5") {
            nodes.push(NodesFile {
                nodes_file: folder.join(&name),
                node_types_file: Some(folder.join(format!("{stem}_node_types.csv"))),
            });
        } else if let Some(stem) = name.strip_suffix("_edges.h5") {
            edges.push(EdgesFile {
                edges_file: folder.join(&name),
                edge_types_file: Some(folder.join(format!("{stem}_edge_types.csv"))),
            });
        }
    }
    Circuit::open(&nodes, &edges, problems)
}

/// All h5 files of the golden cases.
pub(crate) fn golden_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![golden("")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|kind| kind == "h5") => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found
}
