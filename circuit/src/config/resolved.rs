//! A configuration as one dictionary, as BMTK's users have it.
//!
//! Owns which texts in it are paths, and how they are written out.

use std::path::Path;

use serde_json::{Map, Value};

use super::keys::{COMPONENTS, EDGES, GAP_JUNCTIONS, Key, NODES, OUTPUT, Shape};
use super::observers::REPORTS;
use super::split::Sections;
use super::stimuli::STIMULI;
use super::{Config, output, section};

/// All sections in one object.
pub(super) fn json(config: &Config, sections: Sections) -> Value {
    let mut whole = Map::new();
    for (name, (mut value, source)) in sections.all {
        let folder = source.folder.as_path();
        match name.as_str() {
            "output" => joined(&mut value),
            "components" => absolute(&mut value, COMPONENTS, folder),
            "networks" => {
                for (list, table) in [
                    ("nodes", NODES),
                    ("edges", EDGES),
                    ("gap_juncs", GAP_JUNCTIONS),
                ] {
                    let entries = value.get_mut(list).and_then(Value::as_array_mut);
                    for entry in entries.into_iter().flatten() {
                        absolute(entry, table, folder);
                    }
                }
            }
            "inputs" => {
                for block in value.as_object_mut().into_iter().flat_map(Map::values_mut) {
                    let module = block
                        .get("module")
                        .and_then(Value::as_str)
                        .unwrap_or_default();
                    let kind = block
                        .get("input_type")
                        .and_then(Value::as_str)
                        .unwrap_or_default();
                    let fits = |name: &str| {
                        name.eq_ignore_ascii_case(module)
                            || (module.eq_ignore_ascii_case("IClamp")
                                && name.eq_ignore_ascii_case(kind))
                    };
                    let tables: Vec<&[Key]> = STIMULI
                        .iter()
                        .filter(|one| one.names().any(fits))
                        .map(|one| one.keys)
                        .collect();
                    for table in tables {
                        absolute(block, table, folder);
                    }
                }
            }
            "reports" => {
                for block in value.as_object_mut().into_iter().flat_map(Map::values_mut) {
                    let module = block
                        .get("module")
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned();
                    if let Some(found) = REPORTS
                        .iter()
                        .find(|one| one.names().any(|name| name == module))
                    {
                        absolute(block, found.keys, folder);
                    }
                }
            }
            "node_sets_file" => {
                if let Value::String(text) = &mut value {
                    *text = below(folder, text);
                }
            }
            _ => {}
        }
        whole.insert(name, value);
    }
    if !config.node_sets.is_empty() {
        whole.insert(
            "node_sets".to_owned(),
            Value::Object(config.node_sets.clone()),
        );
    }
    whole.insert("manifest".to_owned(), Value::Object(sections.manifest));
    whole.insert(
        "config_path".to_owned(),
        config.file.to_string_lossy().into(),
    );
    let folder = config.file.parent().unwrap_or(Path::new(""));
    whole.insert("config_dir".to_owned(), folder.to_string_lossy().into());
    Value::Object(whole)
}

fn below(folder: &Path, text: &str) -> String {
    match text {
        // No file, in libsonata's configurations.
        "" | "NULL" => text.to_owned(),
        text => section::joined(folder, text).to_string_lossy().into_owned(),
    }
}

/// Makes the paths of an object absolute.
fn absolute(value: &mut Value, table: &[Key], folder: &Path) {
    for key in table
        .iter()
        .filter(|key| matches!(key.shape, Shape::Path | Shape::Paths))
    {
        for name in key.names() {
            match value.get_mut(name) {
                Some(Value::String(text)) => *text = below(folder, text),
                Some(Value::Array(items)) => {
                    for item in items {
                        if let Value::String(text) = item {
                            *text = below(folder, text);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// Joins the files of the output to its folder.
fn joined(value: &mut Value) {
    let Some(folder) = value
        .get("output_dir")
        .and_then(Value::as_str)
        .map(str::to_owned)
    else {
        return;
    };
    let written = |key: &&Key| matches!(key.shape, Shape::Written | Shape::WrittenEach);
    // As BMTK: the log and the spikes.
    for key in OUTPUT
        .iter()
        .filter(written)
        .filter(|key| !key.name.starts_with("rates"))
    {
        match value.get_mut(key.name) {
            Some(Value::String(text)) if !text.is_empty() => *text = output::as_text(&folder, text),
            Some(Value::Array(items)) => {
                for item in items {
                    if let Value::String(text) = item {
                        *text = output::as_text(&folder, text);
                    }
                }
            }
            _ => {}
        }
    }
}
