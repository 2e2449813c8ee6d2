//! A picture of a run: its spikes, its rates, its reports.
//!
//! Owns what is kept of a run to draw it, some megabytes however long it is, and the drawing. It reads
//! no files: a run shows it what happens.

mod canvas;
mod panels;
mod sketch;

use std::path::Path;

pub use sketch::{Sketch, SketchPopulation, Trace};

use crate::SimulateError;

/// Writes the picture of a run as a PNG.
///
/// From above: a raster of spikes (a dot each, or of every n-th where there are too many to see; the
/// panel says so), rates of the populations in Hz over time, and a panel for each trace that was
/// reported, up to five cells of it.
///
/// # Errors
/// [`SimulateError::Plot`] where it cannot be written.
pub fn plot(sketch: &Sketch, path: &Path) -> Result<(), SimulateError> {
    let failed = |problem: String| SimulateError::Plot {
        file: path.to_owned(),
        problem,
    };
    let canvas = panels::drawn(sketch).map_err(failed)?;
    canvas.save(path).map_err(|error| failed(error.to_string()))
}
