//! Python bindings of the two-way channels: one file a class.

mod duplex;
mod env_client;
mod env_server;

use pyo3::prelude::*;

/// Adds this module's classes to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<duplex::PyDuplex>()?;
    module.add_class::<env_server::PyEnvServer>()?;
    module.add_class::<env_client::PyEnvClient>()
}
