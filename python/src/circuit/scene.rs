//! Bindings of `blendtorch_circuit::scene`: descriptions of network scenes, checked.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use std::path::PathBuf;

use blendtorch_circuit::scene::{self, SceneDescription};
use pyo3::prelude::*;

use super::error;

/// A description: its JSON with all defaults and absolute paths, and the files that it is made of.
type Described = (String, Vec<PathBuf>);

/// Reads and checks a `network.json`; with `text` what would stand in it.
#[pyfunction]
#[pyo3(signature = (path, text=None))]
fn scene_description(py: Python<'_>, path: PathBuf, text: Option<&str>) -> PyResult<Described> {
    let read = py.detach(|| match text {
        None => SceneDescription::from_file(&path),
        Some(text) => SceneDescription::from_json(text, &path),
    });
    let scene = read.map_err(|refused| error(&refused))?;
    Ok((scene.to_json().to_string(), scene.files()))
}

/// The file and the array that a text names, as `cells.npz:exc`.
#[pyfunction]
fn array_file(text: &str) -> (PathBuf, Option<&str>) {
    scene::array_file(text)
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(array_file, module)?)?;
    module.add_function(wrap_pyfunction!(scene_description, module)?)
}
