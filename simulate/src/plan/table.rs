//! Currents as a table: a csv of times and amplitudes.
//!
//! Owns how such a file is read, and what it means: each amplitude counts from its time to the next.

use std::path::Path;

use blendtorch_circuit::{CircuitError, nearest};

/// No table is larger.
const LARGEST: u64 = 256 << 20;

/// A step of current: begin and end in ms, amplitude in pA.
pub(crate) type Steps = Vec<(f64, f64, f64)>;

/// The steps of a table; the last one goes on for ever.
pub(super) fn read(
    file: &Path,
    separator: &str,
    times: &str,
    amps: &str,
) -> Result<Steps, CircuitError> {
    let io = |error| CircuitError::io(file, error);
    if std::fs::metadata(file).map_err(io)?.len() > LARGEST {
        let text = "is larger than 256 MB, which no table of currents is";
        return Err(CircuitError::file(file, "", text));
    }
    let text = std::fs::read_to_string(file).map_err(io)?;
    let fields = |line: &str| -> Vec<String> {
        let trim = |field: &str| field.trim().trim_matches('"').to_owned();
        match separator.trim() {
            "" => line.split_whitespace().map(trim).collect(),
            by => line.split(by).map(trim).collect(),
        }
    };
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let head = lines
        .next()
        .map(|(_, line)| fields(line))
        .unwrap_or_default();
    let find = |name: &str| {
        head.iter().position(|one| one == name).ok_or_else(|| {
            let known = head.iter().map(String::as_str);
            let meant = nearest(name, known).map_or_else(String::new, |one| {
                format!("; did you mean {one:?}?")
            });
            let text = format!(
                "has no column {name:?}, but {}{meant} (its columns are parted by {separator:?}; another \
                 separator is said by \"separator\")",
                head.join(", ")
            );
            CircuitError::file(file, "line 1", text)
        })
    };
    let (time_at, amp_at) = (find(times)?, find(amps)?);
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (line, words) in lines.map(|(at, line)| (at + 1, fields(line))) {
        let number = |at: usize| {
            let word = words.get(at).map(String::as_str).unwrap_or_default();
            let number = word.parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| {
                CircuitError::file(
                    file,
                    format!("line {line}"),
                    format!("{word:?} is no number"),
                )
            })
        };
        let (time, amp) = (number(time_at)?, number(amp_at)?);
        if points.last().is_some_and(|(before, _)| time <= *before) {
            let text = "is not later than the line before; times must ascend";
            return Err(CircuitError::file(file, format!("line {line}"), text));
        }
        points.push((time, amp));
    }
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
        let refused = read(&file, " ", "timestamps", "amps").unwrap_err();
        assert!(refused.to_string().contains("separator"), "{refused}");
        for (text, word) in [
            ("timestamps,amps\n2,1\n1,1\n", "ascend"),
            ("timestamps,amps\nx,1\n", "line 2"),
        ] {
            std::fs::write(&file, text).unwrap();
            let refused = read(&file, ",", "timestamps", "amps").unwrap_err();
            assert!(refused.to_string().contains(word), "{refused}");
        }
    }
}
