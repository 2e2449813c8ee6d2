//! What may be published: each Python object as a value, or a TypeError that names its field.

use super::place::TensorMemory;
use super::raw;
use super::refusal::{cannot_travel, more_than_an_array};
use blendtorch_wire::{Bytes, DType, Fields, Scalar, Tensor, Value};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple,
};

/// Nesting beyond this is refused by every reader; the codec says so with the field's name.
const MAX_DEPTH: usize = 64;

/// The keyword arguments of `publish` as fields. Arrays are copied once, into memory from which
/// they are sent, or lent.
pub(crate) fn fields_from_python(
    memory: &dyn TensorMemory,
    kwargs: &Bound<'_, PyDict>,
) -> PyResult<Fields> {
    let mut fields = Fields::with_capacity(kwargs.len());
    for (name, object) in kwargs {
        let name: String = name.extract().map_err(|_| {
            PyTypeError::new_err(format!(
                "the name of a field is a str, not {}",
                name.get_type()
            ))
        })?;
        let value = value(memory, &object, &name, 0)?;
        fields.insert(name, value);
    }
    Ok(fields)
}

fn value(
    memory: &dyn TensorMemory,
    object: &Bound<'_, PyAny>,
    field: &str,
    depth: usize,
) -> PyResult<Value> {
    if depth > MAX_DEPTH {
        return Err(PyValueError::new_err(format!(
            "field '{field}' nests deeper than {MAX_DEPTH} lists or dicts"
        )));
    }
    if object.is_none() {
        return Ok(Value::Null);
    }
    // Text and bytes of numpy's are Python's; its other scalars keep their type, though some are
    // subclasses of Python's numbers.
    if object.is_instance_of::<PyString>() {
        return text(object, field);
    }
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(Value::Bytes(Bytes::copy_from_slice(bytes.as_bytes())));
    }
    if is_numpy_scalar(object)? {
        return scalar(object, field);
    }
    if object.is_instance_of::<PyBool>() {
        return Ok(Value::Bool(object.extract()?));
    }
    if object.is_instance_of::<PyInt>() {
        return match travels_as_uint64(object) {
            true => seed(memory, object, field),
            false => integer(object, field),
        };
    }
    if object.is_instance_of::<PyFloat>() {
        return Ok(Value::Float(object.extract()?));
    }
    if let Ok(bytes) = object.cast::<PyByteArray>() {
        return Ok(Value::Bytes(bytes.to_vec().into()));
    }
    let items = |iterable: &Bound<'_, PyAny>| -> PyResult<Vec<Value>> {
        let mut values = Vec::new();
        for (index, item) in iterable.try_iter()?.enumerate() {
            values.push(value(
                memory,
                &item?,
                &format!("{field}[{index}]"),
                depth + 1,
            )?);
        }
        Ok(values)
    };
    if object.is_instance_of::<PyList>() {
        return Ok(Value::List(items(object)?));
    }
    if object.is_instance_of::<PyTuple>() {
        return Ok(Value::Tuple(items(object)?));
    }
    if let Ok(dict) = object.cast::<PyDict>() {
        let mut entries = Vec::with_capacity(dict.len());
        for (key, item) in dict {
            let repr = key.repr()?;
            let named = format!("{field}: the key {repr}");
            let key = match travels_as_uint64(&key) {
                true => integer(&key, &named)?, // an array is no key
                false => value(memory, &key, &named, depth + 1)?,
            };
            if !key.can_be_key() {
                return Err(PyTypeError::new_err(format!(
                    "field '{field}' is a dict with the key {repr}, which would arrive as an array, \
                     and that cannot be a key: use a str, a number or a tuple of them"
                )));
            }
            let name = format!("{field}[{repr}]");
            entries.push((key, value(memory, &item, &name, depth + 1)?));
        }
        return Ok(Value::Map(entries));
    }
    if let Some(refused) = more_than_an_array(object, field) {
        return Err(refused);
    }
    if let Ok(buffer) = PyUntypedBuffer::get(object) {
        return array(memory, object, buffer, field);
    }
    // An array of rank 0 has no shape to point to, which buffers are refused for.
    if object
        .getattr("ndim")
        .is_ok_and(|ndim| ndim.eq(0).unwrap_or(false))
    {
        return rank_zero(memory, object, field, depth);
    }
    // Blender's Vector, Matrix, Quaternion, Euler and Color are sequences of floats, and its property
    // arrays (an object's color, its bound_box) of floats, ints or bools, or of such arrays.
    if is_of_blender(object)? {
        let array = numpy(object.py())?.call_method1("array", (object,))?;
        let buffer = PyUntypedBuffer::get(&array)?;
        return array_of(memory, buffer, field);
    }
    Err(cannot_travel(object, field))
}

/// Whether it is of one of Blender's types that hold numbers. Their `__module__` does not say so: it
/// is `builtins`.
fn is_of_blender(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let modules = object.py().import("sys")?.getattr("modules")?;
    // What is not loaded has made no object.
    if let Ok(mathutils) = modules.get_item("mathutils") {
        for name in ["Vector", "Matrix", "Quaternion", "Euler", "Color"] {
            if object.is_instance(&mathutils.getattr(name)?)? {
                return Ok(true);
            }
        }
    }
    let Ok(bpy) = modules.get_item("bpy") else {
        return Ok(false);
    };
    let Some(array) = bpy.getattr("types")?.getattr_opt("bpy_prop_array")? else {
        return Ok(false);
    };
    object.is_instance(&array)
}

fn text(object: &Bound<'_, PyAny>, field: &str) -> PyResult<Value> {
    object.extract().map(Value::Str).map_err(|_| {
        PyValueError::new_err(format!(
            "field '{field}' is a str with halves of characters (surrogates), as names of files may \
             have: publish bytes, such as os.fsencode(x)"
        ))
    })
}

fn integer(object: &Bound<'_, PyAny>, field: &str) -> PyResult<Value> {
    if let Ok(int) = object.extract::<i64>() {
        return Ok(Value::Int(int));
    }
    object.extract::<u64>().map(Value::UInt).map_err(|_| {
        PyTypeError::new_err(format!("field '{field}' is an int of more than 64 bits"))
    })
}

/// An int of a fixed type, as an array of rank 0: torch's own loader makes batches of those and none
/// of `numpy.uint64`.
fn seed(memory: &dyn TensorMemory, object: &Bound<'_, PyAny>, field: &str) -> PyResult<Value> {
    let wrong =
        |error: &dyn std::fmt::Display| PyValueError::new_err(format!("field '{field}': {error}"));
    let seed: u64 = object.extract().map_err(|error: PyErr| wrong(&error))?;
    let tensor = memory.copy_of(DType::U64, &[], &seed.to_le_bytes());
    tensor.map(Value::Tensor).map_err(|error| wrong(&error))
}

/// Whether its class says so, as that of seeds does (`btb/seeds.py`).
fn travels_as_uint64(object: &Bound<'_, PyAny>) -> bool {
    if !object.is_instance_of::<PyInt>() || object.is_exact_instance_of::<PyInt>() {
        return false;
    }
    let said = object.get_type().getattr_opt("travels_as");
    said.is_ok_and(|said| said.is_some_and(|said| said.eq("uint64").unwrap_or(false)))
}

fn numpy(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static NUMPY: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = NUMPY.get_or_try_init(py, || Ok::<_, PyErr>(py.import("numpy")?.unbind()))?;
    Ok(module.bind(py))
}

fn is_numpy_scalar(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    // A cheap question first: numpy is not imported for scripts that publish none of its types.
    let module = object.get_type().module()?;
    if !module.to_str()?.starts_with("numpy") {
        return Ok(false);
    }
    object.is_instance(&numpy(object.py())?.getattr("generic")?)
}

fn scalar(object: &Bound<'_, PyAny>, field: &str) -> PyResult<Value> {
    let name: String = object.getattr("dtype")?.getattr("name")?.extract()?;
    let dtype: DType = name.parse().map_err(|_| cannot_travel(object, field))?;
    let raw: Vec<u8> = object.call_method0("tobytes")?.extract()?;
    let scalar = Scalar::new(dtype, &raw).ok_or_else(|| cannot_travel(object, field))?;
    Ok(Value::Scalar(scalar))
}

fn array(
    memory: &dyn TensorMemory,
    object: &Bound<'_, PyAny>,
    buffer: PyUntypedBuffer,
    field: &str,
) -> PyResult<Value> {
    if dtype_of(&buffer).is_some() && buffer.is_c_contiguous() {
        return array_of(memory, buffer, field);
    }
    // Another order or byte order: numpy makes a plain copy, if it is an array of numbers at all.
    let numpy = numpy(object.py())?;
    let array = numpy
        .call_method1("ascontiguousarray", (object,))
        .map_err(|_| cannot_travel(object, field))?;
    let native = array
        .getattr("dtype")?
        .call_method1("newbyteorder", ("<",))?;
    let plain = array.call_method1("astype", (native,))?;
    let buffer = PyUntypedBuffer::get(&plain)
        .ok()
        .filter(|buffer| dtype_of(buffer).is_some())
        .ok_or_else(|| cannot_travel(&array, field))?;
    array_of(memory, buffer, field)
}

/// An array of rank 0, by way of one with a single element.
fn rank_zero(
    memory: &dyn TensorMemory,
    object: &Bound<'_, PyAny>,
    field: &str,
    depth: usize,
) -> PyResult<Value> {
    let one_element = object
        .call_method1("reshape", (1,))
        .map_err(|_| cannot_travel(object, field))?;
    let Value::Tensor(tensor) = value(memory, &one_element, field, depth)? else {
        return Err(cannot_travel(object, field));
    };
    Tensor::new(tensor.dtype(), &[], tensor.bytes().clone())
        .map(Value::Tensor)
        .map_err(|error| PyValueError::new_err(format!("field '{field}': {error}")))
}

/// One object as a value; `field` names it in errors.
pub(crate) fn value_from_python(
    memory: &dyn TensorMemory,
    object: &Bound<'_, PyAny>,
    field: &str,
) -> PyResult<Value> {
    value(memory, object, field, 0)
}

/// Takes a C-contiguous buffer of a known format: lent, or copied without the GIL.
fn array_of(memory: &dyn TensorMemory, buffer: PyUntypedBuffer, field: &str) -> PyResult<Value> {
    let (Some(dtype), Some(_)) = (dtype_of(&buffer), raw::bytes(&buffer)) else {
        return Err(PyTypeError::new_err(format!(
            "field '{field}' is a buffer that cannot travel: make it a numpy array"
        )));
    };
    let shape = buffer.shape().to_vec();
    let held = match memory.lent() {
        Some(lent) => lent.hold(buffer),
        None => Err(buffer),
    };
    let tensor = match held {
        Ok(bytes) => Tensor::new(dtype, &shape, bytes).map_err(|error| error.to_string()),
        Err(buffer) => {
            let bytes = raw::bytes(&buffer).unwrap_or_default();
            Python::attach(|py| py.detach(|| memory.copy_of(dtype, &shape, bytes)))
        }
    };
    tensor
        .map(Value::Tensor)
        .map_err(|error| PyValueError::new_err(format!("field '{field}': {error}")))
}

/// The element type of a buffer, by its format as Python's `struct` module writes it.
fn dtype_of(buffer: &PyUntypedBuffer) -> Option<DType> {
    let format = buffer.format().to_bytes();
    let code = match format {
        [code] => *code,
        [b'<' | b'=' | b'@' | b'|', code] => *code,
        _ => return None,
    };
    let dtype = match (code, buffer.item_size()) {
        (b'?', 1) => DType::Bool,
        (b'B' | b'c', 1) => DType::U8,
        (b'b', 1) => DType::I8,
        (b'H', 2) => DType::U16,
        (b'h', 2) => DType::I16,
        (b'I' | b'L', 4) => DType::U32,
        (b'i' | b'l', 4) => DType::I32,
        (b'L' | b'Q' | b'N', 8) => DType::U64,
        (b'l' | b'q' | b'n', 8) => DType::I64,
        (b'e', 2) => DType::F16,
        (b'f', 4) => DType::F32,
        (b'd', 8) => DType::F64,
        _ => return None,
    };
    Some(dtype)
}
