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

/// The run seed of a life of an instance, from 1: see `btb::seeds::life_seed`.
#[pyfunction]
fn life_seed(run_seed: i64, btid: i64, life: u64) -> i64 {
    btb::seeds::life_seed(run_seed, btid, life)
}

/// Adds this module's functions to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(episode_seed, module)?)?;
    module.add_function(wrap_pyfunction!(sample_seed, module)?)?;
    module.add_function(wrap_pyfunction!(life_seed, module)?)
}
