//! Python objects as values that travel, and back.

mod from_python;
mod raw;
mod to_python;

pub(crate) use from_python::fields_from_python;
pub(crate) use to_python::{own_tensors, value_to_python};
