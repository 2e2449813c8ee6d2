//! The pictures of a training.

mod axes;
mod canvas;
mod curve;
mod grid;

pub(crate) use curve::loss;
pub(crate) use grid::{batch, predictions};
