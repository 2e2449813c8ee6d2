//! Currents as a table of times and amplitudes.
//!
//! Owns what such a table means: each amplitude counts from its time to the next one.

use std::path::Path;

use blendtorch_circuit::{CircuitError, read_currents};

/// Steps of current: begin and end in ms, amplitude in pA.
pub(crate) type Steps = Vec<(f64, f64, f64)>;

/// The steps of a table; the last one goes on for ever.
pub(super) fn read(
    file: &Path,
    separator: &str,
    times: &str,
    amps: &str,
) -> Result<Steps, CircuitError> {
    let points = read_currents(file, separator, times, amps)?;
    let ends = points.iter().skip(1).map(|(time, _)| *time);
    let ends = ends.chain([f64::INFINITY]);
    Ok(points
        .iter()
        .zip(ends)
        .map(|((on, amp), off)| (*on, off, *amp))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn amplitudes_count_until_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("amps.csv");
        std::fs::write(&file, "timestamps,amps\n1.0,5\n2.5,-3\n").unwrap();
        let steps = read(&file, ",", "timestamps", "amps").unwrap();
        assert_eq!(steps, [(1.0, 2.5, 5.0), (2.5, f64::INFINITY, -3.0)]);
        std::fs::write(&file, "timestamps,amps\n2,1\n1,1\n").unwrap();
        let refused = read(&file, ",", "timestamps", "amps").unwrap_err();
        assert!(refused.to_string().contains("line 3"), "{refused}");
    }
}
