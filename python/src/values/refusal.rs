//! Why an object is not published, and what to publish instead.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

const WHAT_TRAVELS: &str = "None, bool, int, float, str, bytes, list, tuple, dict, numpy arrays and \
                            scalars, or Blender's vectors, matrices and property arrays";

/// The error of what is none of the values that travel.
pub(super) fn cannot_travel(object: &Bound<'_, PyAny>, field: &str) -> PyErr {
    let kind = object.get_type().fully_qualified_name();
    let kind = kind.map_or_else(|_| "of an unknown type".to_owned(), |name| name.to_string());
    let (what, instead) = match has(object, "dtype").filter(|_| kind.starts_with("numpy.")) {
        Some(dtype) if kind.ends_with("array") => (format!("an array of {dtype}"), numbers(&dtype)),
        Some(dtype) => (format!("a {kind}"), numbers(&dtype)),
        None => (format!("a {kind}"), other(object, &kind)),
    };
    PyTypeError::new_err(format!(
        "field '{field}' is {what}, which cannot travel: {instead}"
    ))
}

/// The error of an array that is more than its numbers, if it is: that would be lost without a word.
pub(super) fn more_than_an_array(object: &Bound<'_, PyAny>, field: &str) -> Option<PyErr> {
    // What is not loaded has made no object.
    let modules = object.py().import("sys").ok()?.getattr("modules").ok()?;
    let numpy = modules.get_item("numpy").ok()?;
    let is = |name| {
        numpy
            .getattr(name)
            .is_ok_and(|class| object.is_instance(&class).unwrap_or(false))
    };
    let plain = |name| {
        numpy
            .getattr(name)
            .is_ok_and(|class| object.get_type().is(&class))
    };
    if !is("ndarray") || plain("ndarray") || plain("memmap") || plain("recarray") {
        return None;
    }
    let unit = ["unit", "units"].map(|name| has(object, name).filter(|unit| !unit.is_none()));
    let why = if has(object, "mask").is_some() {
        "is a masked array, whose mask would be lost: publish two arrays, such as x.filled(0) and \
         numpy.ma.getmaskarray(x)"
            .to_owned()
    } else if let Some(unit) = unit.into_iter().flatten().next() {
        format!(
            "is an array with a unit ({unit}), which would be lost: publish its numbers, such as \
             numpy.asarray(x), in a unit that its readers know"
        )
    } else if is("matrix") {
        "is a numpy.matrix, which would arrive as an array, whose * is another: publish \
         numpy.asarray(x)"
            .to_owned()
    } else {
        return None;
    };
    Some(PyTypeError::new_err(format!("field '{field}' {why}")))
}

/// What to make of numpy's own types that do not travel, by the letter for their kind.
fn numbers(dtype: &Bound<'_, PyAny>) -> String {
    let kind: String = dtype
        .getattr("kind")
        .and_then(|kind| kind.extract())
        .unwrap_or_default();
    let structured = has(dtype, "names").is_some_and(|names| !names.is_none());
    match kind.as_str() {
        "U" | "S" | "T" => "publish x.tolist()",
        "O" => "publish a list or an array of numbers, such as x.tolist() or x.astype('float32')",
        "M" | "m" => "publish x.astype('int64'), in a unit of time that its readers know",
        "c" => "publish x.real and x.imag",
        "V" if structured => "publish its fields one by one, such as x['name']",
        _ => "convert it to bool, (u)int8 to 64 or float16 to 64, such as x.astype('float64')",
    }
    .to_owned()
}

/// What to make of anything else, by what it can do.
fn other(object: &Bound<'_, PyAny>, kind: &str) -> String {
    let can = |name| has(object, name).is_some();
    let says = |name: &str| has(object, name).is_some_and(|said| said.is_truthy().unwrap_or(false));
    let instead = if kind.starts_with("torch.") && can("numpy") {
        let steps = [
            (says("is_quantized"), ".dequantize()"),
            (says("is_sparse") || says("is_sparse_csr"), ".to_dense()"),
            (says("requires_grad"), ".detach()"),
            (says("is_cuda"), ".cpu()"),
        ];
        let steps = steps.into_iter().filter(|(needed, _)| *needed);
        format!(
            "x{}.numpy()",
            steps.map(|(_, step)| step).collect::<String>()
        )
    } else {
        let known = [
            (can("isoformat"), "x.isoformat(), a str"),
            (can("to_numpy"), "x.to_numpy()"),
            (can("toarray"), "x.toarray()"),
            (
                can("magnitude") && can("units"),
                "x.magnitude, in a unit that its readers know",
            ),
            (can("__dataclass_fields__"), "dataclasses.asdict(x)"),
            (can("_fields_"), "its fields one by one"),
            (can("__fspath__"), "str(x)"),
            (
                can("foreach_get"),
                "an array that x.foreach_get(...) has filled",
            ),
            (
                can("bl_rna"),
                "what you need of it, such as x.name or x.matrix_world",
            ),
            (can("to_dict"), "x.to_dict()"),
            (can("keys") && can("__getitem__"), "dict(x)"),
            (
                has(&object.get_type(), "__members__").is_some(),
                "x.value or x.name",
            ),
            (can("imag") && !can("as_integer_ratio"), "(x.real, x.imag)"),
            (can("as_integer_ratio"), "float(x)"),
            (
                can("__iter__"),
                "list(x), or numpy.array(list(x)) of numbers",
            ),
        ];
        match known.into_iter().find(|(so, _)| *so) {
            Some((_, instead)) => instead.to_owned(),
            None => return format!("publish {WHAT_TRAVELS}"),
        }
    };
    format!("publish {instead}; what travels is {WHAT_TRAVELS}")
}

/// An attribute, if there is one and it can be had.
fn has<'py>(object: &Bound<'py, PyAny>, name: &str) -> Option<Bound<'py, PyAny>> {
    object.getattr_opt(name).ok().flatten()
}
