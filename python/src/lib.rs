//! The extension module `blendtorch._blendtorch`: thin bindings, one file a class.
//!
//! Owns the conversion between Python objects and ours; it must never hold logic that `btb`,
//! `btt` or the launcher could hold.

mod args;
mod aside;
mod asked;
mod camera;
mod channels;
mod circuit;
mod draft;
mod errors;
mod exr;
mod fleet;
mod geometry;
mod instance;
mod live;
mod memory;
mod pixels;
mod publisher;
mod recording;
mod render;
mod seeds;
mod shader_cache;
mod simulate;
mod stream;
mod timeout;
mod values;

use pyo3::prelude::*;

#[pymodule]
fn _blendtorch(module: &Bound<'_, PyModule>) -> PyResult<()> {
    args::register(module)?;
    camera::register(module)?;
    channels::register(module)?;
    circuit::register(module)?;
    draft::register(module)?;
    errors::register(module)?;
    exr::register(module)?;
    fleet::register(module)?;
    geometry::register(module)?;
    instance::register(module)?;
    live::register(module)?;
    pixels::register(module)?;
    publisher::register(module)?;
    recording::register(module)?;
    render::register(module)?;
    seeds::register(module)?;
    shader_cache::register(module)?;
    simulate::register(module)?;
    stream::register(module)?;
    timeout::register(module)?;
    Ok(())
}
