//! Python objects as values that travel, and back.

mod from_python;
mod raw;
mod to_python;

pub(crate) use from_python::{OnHeap, fields_from_python, value_from_python};
pub(crate) use to_python::{fields_to_python, own_tensors, owned_value_to_python, value_to_python};
