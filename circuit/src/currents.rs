//! Tables of currents, for current clamps.
//!
//! Owns the text file that an input `current_clamp` with the module `csv` names: a header, a column of
//! times and one of currents. A current holds from its time to the next one's, the last to the end.

use std::path::Path;

use crate::{CircuitError, nearest};

/// No such file is larger.
const LARGEST: u64 = 1 << 30;

/// The times in ms, rising, and the currents from then on, in the unit of the engine (pA for point
/// neurons, nA for BioNet).
///
/// `separator` parts the columns; `" "` is any number of blanks.
///
/// # Errors
/// The file cannot be read, has not these columns, or a line is not what it should be: which.
pub fn read_currents(
    path: &Path,
    separator: &str,
    timestamps_column: &str,
    amplitudes_column: &str,
) -> Result<Vec<(f64, f64)>, CircuitError> {
    let io = |source| CircuitError::io(path, source);
    if std::fs::metadata(path).map_err(io)?.len() > LARGEST {
        return Err(CircuitError::file(
            path,
            "",
            "is larger than 1 GiB: no table of currents",
        ));
    }
    let text = std::fs::read_to_string(path).map_err(io)?;
    let cells = |line: &str| -> Vec<String> {
        let bare = |cell: &str| cell.trim().trim_matches('"').to_owned();
        match separator.trim().is_empty() {
            true => line.split_whitespace().map(bare).collect(),
            false => line.split(separator).map(bare).collect(),
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut lines = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    let wrong =
        |line: usize, text: String| CircuitError::file(path, "", format!("line {line}: {text}"));
    let Some((line, header)) = lines.next() else {
        return Err(CircuitError::file(
            path,
            "",
            "is empty; a header and rows are needed",
        ));
    };
    let header = cells(header);
    let place = |name: &str| {
        header.iter().position(|cell| cell == name).ok_or_else(|| {
            let hint = match nearest(name, header.iter().map(String::as_str)) {
                Some(near) => format!("is {near:?} meant?"),
                None => format!("its columns are {}", header.join(", ")),
            };
            wrong(
                line,
                format!("has no column {name:?} between separators {separator:?}; {hint}"),
            )
        })
    };
    let (time, amplitude) = (place(timestamps_column)?, place(amplitudes_column)?);
    let mut rows: Vec<(f64, f64)> = Vec::new();
    for (line, text) in lines {
        let cells = cells(text);
        let number = |at: usize| -> Result<f64, CircuitError> {
            let cell = cells.get(at).map_or("", String::as_str);
            let number = cell.parse().ok().filter(|number: &f64| number.is_finite());
            number.ok_or_else(|| wrong(line, format!("{cell:?} is no number")))
        };
        let row = (number(time)?, number(amplitude)?);
        if row.0 < 0.0 {
            return Err(wrong(line, format!("{} ms is before the start", row.0)));
        }
        if let Some((before, _)) = rows.last()
            && row.0 <= *before
        {
            return Err(wrong(
                line,
                format!("{} ms is not after {before} ms", row.0),
            ));
        }
        rows.push(row);
    }
    match rows.is_empty() {
        true => Err(CircuitError::file(path, "", "has a header and no row")),
        false => Ok(rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, separator: &str) -> Result<Vec<(f64, f64)>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.csv");
        std::fs::write(&path, text).unwrap();
        read_currents(&path, separator, "timestamps", "amps").map_err(|error| error.to_string())
    }

    #[test]
    fn tables_are_read() {
        let wanted = vec![(0.0, 1.5), (10.0, -2.0)];
        assert_eq!(
            read("timestamps amps\n0 1.5\n\n10.0   -2\n", " ").unwrap(),
            wanted
        );
        assert_eq!(
            read("x,amps,\"timestamps\"\r\n,1.5,0\r\n,-2,1e1\r\n", ",").unwrap(),
            wanted
        );
        assert_eq!(
            read("timestamps\tamps\n0\t1.5\n10\t-2", "\t").unwrap(),
            wanted
        );
    }

    #[test]
    fn tables_that_are_wrong_name_their_line() {
        for (text, wanted) in [
            ("", "is empty"),
            ("timestamps amps\n", "has a header and no row"),
            (
                "timestamp amps\n0 1\n",
                "line 1: has no column \"timestamps\" between separators \" \"; is \"timestamp\" meant?",
            ),
            ("timestamps,amps\n0,1\n", "line 1: has no column"),
            (
                "timestamps amps\n0 1\n0 2\n",
                "line 3: 0 ms is not after 0 ms",
            ),
            ("timestamps amps\n-1 1\n", "line 2: -1 ms is before"),
            ("timestamps amps\n1\n", "line 2: \"\" is no number"),
            ("timestamps amps\n1 inf\n", "line 2: \"inf\" is no number"),
        ] {
            let error = read(text, " ").unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
        assert!(read_currents(Path::new("/none/at/all"), " ", "a", "b").is_err());
    }
}
