//! Values that a command line sets: `run.tstop=500`.
//!
//! Owns how a dotted key finds its place. What it sets is checked like any other value.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::section::Source;
use crate::Problems;

/// `run.tstop=500` as a key and a value: JSON where it is JSON, else text.
///
/// # Errors
/// There is no `=`.
pub fn parse(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| format!("{text:?} sets nothing; write KEY=VALUE, e.g. run.tstop=500"))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((key.trim().to_owned(), value))
}

/// Those that set variables, which count before the manifest's.
pub(super) fn variables(all: &[(String, Value)], set: &mut IndexMap<String, Value>) {
    for (key, value) in all {
        if let Some(name) = key.strip_prefix("manifest.") {
            set.insert(name.trim_start_matches('$').to_owned(), value.clone());
        }
    }
}

/// Those that name other files, which must be known before these are read.
pub(super) fn children(all: &[(String, Value)], object: &mut Map<String, Value>) {
    for (key, value) in all {
        if CHILDREN.contains(&key.as_str()) {
            object.insert(key.clone(), value.clone());
        }
    }
}

/// Puts one of the others where it belongs; what is on the way there and absent is made.
pub(super) fn apply(
    key: &str,
    value: &Value,
    sections: &mut IndexMap<String, (Value, Source)>,
    root: &Source,
    problems: &mut Problems,
) {
    if key.starts_with("manifest.") || CHILDREN.contains(&key) {
        return;
    }
    let (section, rest) = key
        .split_once('.')
        .map_or((key, None), |(section, rest)| (section, Some(rest)));
    let entry = || (Value::Object(Map::new()), root.clone());
    let done = !section.is_empty() && key.matches('.').count() < DEEPEST && {
        let (at, _) = sections.entry(section.to_owned()).or_insert_with(entry);
        match rest {
            Some(rest) => put(at, rest, value),
            None => {
                *at = value.clone();
                true
            }
        }
    };
    if !done {
        let text = "sets nothing: on the way there is no object, or the list has no such place";
        problems.error(&root.file, key, text);
    }
}

/// No key has more parts.
const DEEPEST: usize = 64;

const CHILDREN: [&str; 2] = ["network", "simulation"];

fn put(mut at: &mut Value, key: &str, value: &Value) -> bool {
    let mut rest = key;
    loop {
        match at {
            Value::Object(object) => {
                // Names of blocks may hold dots: the longest that is there is meant.
                let ends = rest
                    .match_indices('.')
                    .map(|(end, _)| end)
                    .chain([rest.len()]);
                let known = ends
                    .filter_map(|end| rest.get(..end))
                    .rfind(|name| object.contains_key(*name));
                let name = known.or_else(|| rest.split('.').next()).unwrap_or(rest);
                if name.is_empty() {
                    return false;
                }
                let after = rest
                    .get(name.len()..)
                    .and_then(|after| after.strip_prefix('.'));
                let entry = object.entry(name.to_owned()).or_insert(Value::Null);
                match after {
                    None => {
                        *entry = value.clone();
                        return true;
                    }
                    Some(after) => {
                        if entry.is_null() {
                            *entry = Value::Object(Map::new());
                        }
                        (at, rest) = (entry, after);
                    }
                }
            }
            Value::Array(items) => {
                let (name, after) = rest
                    .split_once('.')
                    .map_or((rest, None), |(name, after)| (name, Some(after)));
                let Some(entry) = name
                    .parse::<usize>()
                    .ok()
                    .and_then(|place| items.get_mut(place))
                else {
                    return false;
                };
                match after {
                    None => {
                        *entry = value.clone();
                        return true;
                    }
                    Some(after) => (at, rest) = (entry, after),
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn applied(whole: &Value, all: &[&str]) -> (Value, Problems) {
        let root = Source {
            file: "c.json".into(),
            folder: ".".into(),
        };
        let sections = whole.as_object().unwrap().clone().into_iter();
        let mut sections: IndexMap<String, (Value, Source)> = sections
            .map(|(name, value)| (name, (value, root.clone())))
            .collect();
        let mut problems = Problems::new();
        for text in all {
            let (key, value) = parse(text).unwrap();
            apply(&key, &value, &mut sections, &root, &mut problems);
        }
        let sections = sections.into_iter().map(|(name, (value, _))| (name, value));
        (Value::Object(sections.collect()), problems)
    }

    #[test]
    fn dotted_keys_find_their_place() {
        let whole = json!({"run": {"tstop": 1}, "inputs": {"a.b": {"amp": 1}}, "networks": {"nodes": [{"nodes_file": "x"}]}});
        let all = [
            "run.tstop=500",
            "inputs.a.b.amp=[1, 2]",
            "networks.nodes.0.nodes_file=y.h5",
            "output.output_dir=out",
        ];
        let (after, problems) = applied(&whole, &all);
        assert!(problems.is_empty(), "{problems}");
        assert_eq!(
            after,
            json!({"run": {"tstop": 500}, "inputs": {"a.b": {"amp": [1, 2]}},
                "networks": {"nodes": [{"nodes_file": "y.h5"}]}, "output": {"output_dir": "out"}})
        );
        for wrong in [
            "run.tstop.x=1",
            "networks.nodes.7=1",
            "networks.nodes.x.y=1",
            "=1",
            "run.=1",
        ] {
            assert_eq!(applied(&whole, &[wrong]).1.errors(), 1, "{wrong}");
        }
        let deep = format!("run{}=1", ".x".repeat(100_000));
        assert_eq!(applied(&json!({}), &[&deep]).1.errors(), 1);
        assert!(parse("run.tstop").is_err());
    }
}
