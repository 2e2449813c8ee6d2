//! Python bindings of `btb::seeds`.

use pyo3::prelude::*;

/// The seed of an episode of an instance, in [0, 2**64).
#[pyfunction]
fn episode_seed(run_seed: i64, btid: i64, episode: u64) -> u64 {
    btb::seeds::episode_seed(run_seed, btid, episode)
}

/// The seed of the sample at `index` within an episode, in [0, 2**64).
#[pyfunction]
fn sample_seed(episode_seed: u64, index: u64) -> u64 {
    btb::seeds::sample_seed(episode_seed, index)
}

/// Adds this module's functions to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(episode_seed, module)?)?;
    module.add_function(wrap_pyfunction!(sample_seed, module)?)
}
