//! An item as a dict.

use super::to_python::{Owned, own_tensors, value_to_python};
use btt::{Header, HeapAllocator, Item};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The publisher's id of what no publisher sent: items that a program saved itself.
pub(crate) const NOBODY: u64 = 0;

/// Whether a program saved it itself, without a btid: it comes back as it was, also without one.
pub(crate) fn is_by_hand(header: &Header) -> bool {
    header.btid.is_none() && header.publisher == NOBODY
}

/// The tensors of an item, copied out of their publisher's memory. Needs no GIL.
pub(crate) fn own_item(item: &mut Item, allocator: &mut HeapAllocator) -> Owned {
    let mut owned = Owned::new();
    for value in item.fields.values_mut() {
        own_tensors(value, allocator, &mut owned);
    }
    owned
}

/// An item as a dict: `btid`, and what was published. Its tensors are taken from `owned`.
pub(crate) fn item_to_python<'py>(
    py: Python<'py>,
    item: &Item,
    mut owned: Owned,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    if !is_by_hand(&item.header) {
        dict.set_item("btid", item.header.btid)?;
    }
    for (name, value) in &item.fields {
        dict.set_item(name, value_to_python(py, value, &mut owned)?)?;
    }
    Ok(dict)
}
