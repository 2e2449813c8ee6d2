//! Functions of the user's, in Python.
//!
//! Owns the calls: what they are given and what they gave is Python's (`blendtorch/simulate`).

use blendtorch_simulate::Functions;
use pyo3::prelude::*;

/// An object with `weights`, `delays` and `spikes`.
pub(super) struct InPython {
    pub(super) object: Py<PyAny>,
    /// What a function raised, for whoever called.
    pub(super) raised: std::cell::RefCell<Option<PyErr>>,
}

impl InPython {
    fn ask<T>(&self, call: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> Result<T, String> {
        Python::attach(|py| {
            call(self.object.bind(py)).map_err(|error| {
                let text = error.to_string();
                *self.raised.borrow_mut() = Some(error);
                text
            })
        })
    }
}

impl Functions for InPython {
    fn weights(&self, edges: &str, type_id: u64, name: &str) -> Result<Vec<f64>, String> {
        self.ask(|object| {
            object
                .call_method1("weights", (edges, type_id, name))?
                .extract()
        })
    }

    fn delays(&self, edges: &str, type_id: u64, name: &str) -> Result<Vec<f64>, String> {
        self.ask(|object| {
            object
                .call_method1("delays", (edges, type_id, name))?
                .extract()
        })
    }

    fn spikes(&self, nodes: &str, ids: &[u64], name: &str) -> Result<Vec<Vec<f64>>, String> {
        self.ask(|object| {
            object
                .call_method1("spikes", (nodes, ids.to_vec(), name))?
                .extract()
        })
    }
}
