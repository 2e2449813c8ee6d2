//! Python bindings of `btb::args`.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use btb::args::ArgsError;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// `(btid, btseed, sockets, remainder)`.
type Parsed = (Option<i64>, Option<i64>, Vec<(String, String)>, Vec<String>);

/// Reads the launcher's arguments from a whole command line: `(btid, btseed, sockets, remainder)`.
#[pyfunction]
fn parse_blendtorch_args(argv: Vec<String>) -> PyResult<Parsed> {
    let (args, remainder) = btb::args::parse_blendtorch_args(&argv)
        .map_err(|error: ArgsError| PyValueError::new_err(error.to_string()))?;
    Ok((args.btid, args.btseed, args.btsockets, remainder))
}

/// Adds this module's functions to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(parse_blendtorch_args, module)?)
}
