//! SWC files.
//!
//! Owns their lines: number, type, x, y, z, radius, parent. Points are put in the order of their
//! branches, whatever that of the lines is. Reads nothing that stands after the seventh column.

use std::path::Path;

use indexmap::IndexMap;

use super::{Morphology, labels};
use crate::CircuitError;

struct Sample {
    line: usize,
    kind: i64,
    row: [f64; 4],
    parent: i64,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Morphology, CircuitError> {
    let bytes = std::fs::read(path).map_err(|source| CircuitError::io(path, source))?;
    let wrong = |text: String| CircuitError::file(path, "", text);
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| wrong("is no text: an SWC file has lines of seven numbers".to_owned()))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    parse(&name, text).map_err(wrong)
}

fn parse(name: &str, text: &str) -> Result<Morphology, String> {
    let samples = samples(text)?;
    if samples.is_empty() {
        return Err(
            "has no point: an SWC file has lines of number, type, x, y, z, radius, parent"
                .to_owned(),
        );
    }
    // The places of the points that go on from each, and of the roots.
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); samples.len()];
    let mut roots = Vec::new();
    for (at, sample) in samples.values().enumerate() {
        if sample.parent < 0 {
            roots.push(at);
            continue;
        }
        let parent = samples.get_index_of(&sample.parent);
        let Some(of) = parent.and_then(|parent| children.get_mut(parent)) else {
            return Err(format!(
                "line {}: its parent {} is no point of the file",
                sample.line, sample.parent
            ));
        };
        of.push(at);
    }
    // Branches as they are walked: from a root or a child of a fork to the next fork or end.
    let mut waiting: Vec<(usize, i64)> = roots.into_iter().rev().map(|root| (root, -1)).collect();
    let (mut rows, mut branches, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
    while let Some((mut at, parent)) = waiting.pop() {
        let branch = i64::try_from(branches.len()).unwrap_or(i64::MAX);
        while let Some((_, sample)) = samples.get_index(at) {
            rows.push(sample.row);
            kinds.push(sample.kind);
            match children.get(at).map_or(&[][..], Vec::as_slice) {
                [one] => at = *one,
                forks => {
                    waiting.extend(forks.iter().rev().map(|fork| (*fork, branch)));
                    break;
                }
            }
        }
        branches.push((i64::try_from(rows.len()).unwrap_or(i64::MAX), parent));
    }
    if rows.len() < samples.len() {
        return Err(format!(
            "{} of its {} points hang on no root: their parents go round in a circle",
            samples.len() - rows.len(),
            samples.len()
        ));
    }
    let mut morphology = Morphology::of_branches(name, &rows, &branches)?;
    for kind in kinds {
        morphology.labels.push(labels::of_swc(kind));
    }
    Ok(morphology)
}

/// The points by number, in the order of the lines.
fn samples(text: &str) -> Result<IndexMap<i64, Sample>, String> {
    let mut samples = IndexMap::new();
    for (line, words) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let words = words.split('#').next().unwrap_or_default();
        let mut words = words.split_ascii_whitespace();
        let Some(first) = words.next() else {
            continue;
        };
        let wrong = |text: String| format!("line {line}: {text}");
        let mut numbers = [0.0; 7];
        for (at, number) in numbers.iter_mut().enumerate() {
            let word = match at {
                0 => Some(first),
                _ => words.next(),
            };
            let word = word.ok_or_else(|| {
                wrong("a point has seven columns: number, type, x, y, z, radius, parent".to_owned())
            })?;
            *number = word
                .parse::<f64>()
                .map_err(|_| wrong(format!("{word:?} is no number")))?;
        }
        let [id, kind, x, y, z, radius, parent] = numbers;
        let whole =
            |value: f64| whole(value).ok_or_else(|| wrong(format!("{value} is no whole number")));
        let sample = Sample {
            line,
            kind: whole(kind)?,
            row: [x, y, z, radius],
            parent: whole(parent)?,
        };
        Morphology::default()
            .point(sample.row)
            .map_err(|text| wrong(format!("the point {text}")))?;
        let id = whole(id)?;
        if samples.insert(id, sample).is_some() {
            return Err(wrong(format!("the point {id} is there twice")));
        }
    }
    Ok(samples)
}

fn whole(value: f64) -> Option<i64> {
    #[allow(clippy::cast_possible_truncation, reason = "within 2^53")]
    (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i64)
}
