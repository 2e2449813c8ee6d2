//! Bindings of `blendtorch_circuit::build::rules`: the usual rules, drawn from a seed.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use blendtorch_circuit::build::rules::{
    self, Degree, Distance, Ends, FallOff, Pairs, RuleError, degree, distance, probability,
};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::arrays::slice;
use super::numbers::Numbers;

/// Ids of the sources and targets that may not meet themselves.
type Own = Option<(PyBuffer<u64>, PyBuffer<u64>)>;
type Drawn = (Numbers, Numbers);

fn ends(sources: usize, targets: usize, own: &Own) -> PyResult<Ends<'_>> {
    let own = own
        .as_ref()
        .map(|(one, other)| -> PyResult<_> { Ok((slice(one)?, slice(other)?)) });
    Ok(Ends {
        sources,
        targets,
        own: own.transpose()?,
    })
}

fn drawn(pairs: Result<Pairs, RuleError>) -> PyResult<Drawn> {
    let pairs = pairs.map_err(|refused| PyValueError::new_err(refused.to_string()))?;
    Ok((pairs.source.into(), pairs.target.into()))
}

/// Each pair with one probability.
#[pyfunction]
fn draw_probability(
    py: Python<'_>,
    sources: usize,
    targets: usize,
    p: f64,
    seed: u64,
    own: Own,
) -> PyResult<Drawn> {
    let ends = ends(sources, targets, &own)?;
    drawn(py.detach(|| probability(ends, p, seed)))
}

/// Each pair with the probability of its distance.
#[pyfunction]
#[allow(
    clippy::too_many_arguments,
    reason = "Python knows the rule as one object"
)]
fn draw_distance(
    py: Python<'_>,
    sources: PyBuffer<f64>,
    targets: PyBuffer<f64>,
    p: f64,
    scale: f64,
    fall_off: &str,
    cutoff: f64,
    wrapped: [f64; 3],
    seed: u64,
    own: Own,
) -> PyResult<Drawn> {
    let points = |buffer| -> PyResult<_> {
        let (points, rest) = slice(buffer)?.as_chunks::<3>();
        match rest {
            [] => Ok(points),
            _ => Err(PyValueError::new_err("positions are n × 3")),
        }
    };
    let (from, to) = (points(&sources)?, points(&targets)?);
    let fall_off = match fall_off {
        "step" => FallOff::Step,
        "linear" => FallOff::Linear,
        "exponential" => FallOff::Exponential,
        "gaussian" => FallOff::Gaussian,
        other => return Err(PyValueError::new_err(format!("no fall_off \"{other}\""))),
    };
    let rule = Distance {
        p,
        scale,
        fall_off,
        cutoff,
        wrapped,
    };
    let ends = ends(from.len(), to.len(), &own)?;
    drawn(py.detach(|| distance(ends, from, to, &rule, seed)))
}

/// So many edges for each target, or for each source.
#[pyfunction]
#[allow(
    clippy::too_many_arguments,
    reason = "Python knows the rule as one object"
)]
fn draw_degree(
    py: Python<'_>,
    sources: usize,
    targets: usize,
    k: usize,
    of_targets: bool,
    multapses: bool,
    seed: u64,
    own: Own,
) -> PyResult<Drawn> {
    let ends = ends(sources, targets, &own)?;
    let of = if of_targets { Degree::In } else { Degree::Out };
    drawn(py.detach(|| degree(ends, of, k, multapses, seed)))
}

/// So many whole numbers from `low` to `high`.
#[pyfunction]
fn draw_numbers(count: usize, low: u32, high: u32, seed: u64) -> Numbers {
    rules::numbers(count, low, high, seed).into()
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(draw_probability, module)?)?;
    module.add_function(wrap_pyfunction!(draw_distance, module)?)?;
    module.add_function(wrap_pyfunction!(draw_degree, module)?)?;
    module.add_function(wrap_pyfunction!(draw_numbers, module)?)
}
