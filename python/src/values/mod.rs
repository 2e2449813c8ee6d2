//! Python objects as values that travel, and back.

mod from_python;
mod item;
mod place;
mod raw;
mod refusal;
mod to_python;

pub(crate) use from_python::{fields_from_python, value_from_python};
pub(crate) use item::{NOBODY, is_by_hand, item_to_python, own_item};
pub(crate) use place::{Heap, Publishing};
pub(crate) use to_python::{
    Owned, fields_to_python, own_tensors, owned_value_to_python, value_to_python,
};
