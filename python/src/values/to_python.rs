//! What was received as Python objects: tensors as numpy arrays, tuples as tuples.

use crate::memory::Memory;
use blendtorch_wire::{Fields, Tensor, Value};
use btt::HeapAllocator;
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};
use std::collections::VecDeque;

/// Tensors, copied out of their publisher's memory, in order.
pub(crate) type Owned = VecDeque<Result<Memory, String>>;

/// The tensors of a value, copied out of their publisher's memory, in order. Needs no GIL.
pub(crate) fn own_tensors(value: &mut Value, allocator: &mut HeapAllocator, owned: &mut Owned) {
    value.for_each_tensor_mut(&mut |tensor: &mut Tensor| {
        owned.push_back(Memory::copy_of(tensor, allocator));
    });
}

/// A value as a Python object, its tensors copied.
pub(crate) fn owned_value_to_python(
    py: Python<'_>,
    mut value: Value,
) -> PyResult<Bound<'_, PyAny>> {
    let mut owned = Owned::new();
    own_tensors(&mut value, &mut HeapAllocator::default(), &mut owned);
    value_to_python(py, &value, &mut owned)
}

/// Adds fields to a dict, their tensors copied.
pub(crate) fn fields_to_python(
    py: Python<'_>,
    fields: Fields,
    dict: &Bound<'_, PyDict>,
) -> PyResult<()> {
    for (name, value) in fields {
        dict.set_item(name, owned_value_to_python(py, value)?)?;
    }
    Ok(())
}

/// A value as a Python object; its tensors are taken from `owned`, in order.
pub(crate) fn value_to_python<'py>(
    py: Python<'py>,
    value: &Value,
    owned: &mut Owned,
) -> PyResult<Bound<'py, PyAny>> {
    let list = |values: &[Value], owned: &mut _| -> PyResult<Vec<Bound<'py, PyAny>>> {
        values
            .iter()
            .map(|value| value_to_python(py, value, owned))
            .collect()
    };
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(value) => value.into_pyobject(py)?.to_owned().into_any(),
        Value::Int(value) => value.into_pyobject(py)?.into_any(),
        Value::UInt(value) => value.into_pyobject(py)?.into_any(),
        Value::Float(value) => value.into_pyobject(py)?.into_any(),
        Value::Str(value) => value.into_pyobject(py)?.into_any(),
        Value::Bytes(value) => PyBytes::new(py, value).into_any(),
        Value::List(values) => PyList::new(py, list(values, owned)?)?.into_any(),
        Value::Tuple(values) => PyTuple::new(py, list(values, owned)?)?.into_any(),
        Value::Map(entries) => {
            let dict = PyDict::new(py);
            for (key, value) in entries {
                let key = value_to_python(py, key, owned)?;
                dict.set_item(key, value_to_python(py, value, owned)?)?;
            }
            dict.into_any()
        }
        Value::Scalar(scalar) => {
            let raw = PyBytes::new(py, scalar.bytes());
            let array = py
                .import("numpy")?
                .call_method1("frombuffer", (raw, scalar.dtype().name()))?;
            array.get_item(0)?
        }
        Value::Tensor(_) => {
            let memory = owned
                .pop_front()
                .ok_or_else(|| PyMemoryError::new_err("a tensor was not copied"))?;
            let memory = memory.map_err(PyMemoryError::new_err)?;
            Memory::into_array(Bound::new(py, memory)?)?
        }
    })
}
