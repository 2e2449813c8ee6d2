//! What each key of `launch.json` is to hold, in words, for errors about its type.
//!
//! Owns those words. It must never read a file.

use crate::SlurmSettings;

/// Each key and what to write there.
const KEYS: [(&str, &str); 21] = [
    ("$schema", "a string: where the JSON schema is"),
    (
        "scene",
        "a string: the .blend file to open, or \"\" for Blender's own scene",
    ),
    ("script", "a string: the Python scene script"),
    ("num_instances", "a whole number, 1 or more"),
    (
        "named_sockets",
        "a list of strings, one name a socket, as [\"DATA\"]",
    ),
    ("start_port", "a whole number from 0 to 65535"),
    (
        "bind_addr",
        "a string: an address of this machine, or \"primaryip\"",
    ),
    (
        "instance_args",
        "one list of strings an instance, as [[\"--width\", \"640\"], []]",
    ),
    ("proto", "\"tcp\" or \"ipc\""),
    (
        "blender",
        "a string: \"bpy\", or the path of a Blender program, its folder, or an environment with bpy",
    ),
    (
        "blend_path",
        "a string: the path of a Blender program, its folder, or an environment with bpy",
    ),
    (
        "env",
        "an object of strings, as {\"NAME\": \"value\"} (numbers in quotes too)",
    ),
    ("log_dir", "a string: the folder of the log files"),
    ("seed", "a whole number, 0 or more"),
    ("background", "true or false"),
    (
        "restart",
        "\"never\", \"on-abnormal\", \"on-failure\" or \"always\"",
    ),
    (
        "min_instances",
        "a whole number, from 1 to the number of instances",
    ),
    ("max_memory", "a number of bytes, or a string as \"4 GiB\""),
    ("hang_after", "a whole number of seconds, 0 for never"),
    (
        "hosts",
        "an object with names and a command, as {\"names\": [\"node1\", \"node2\"]}",
    ),
    (
        "slurm",
        "an object of what is asked for, as {\"nodes\": 2, \"time\": \"1:00:00\"}",
    ),
];

/// The remedy for what the parser found wrong at `key`.
pub(super) fn remedy(key: Option<&str>, error: &serde_json::Error) -> String {
    let said = error.to_string();
    if said.contains("missing field `script`") {
        return "add \"script\": \"FILE\", the Python scene script to run".into();
    }
    if said.contains("unknown field") {
        return match key.and_then(nearest) {
            Some(meant) => format!("was \"{meant}\" meant? Correct its spelling or remove it"),
            None => "correct its spelling or remove it".into(),
        };
    }
    if said.contains("duplicate field") {
        return "leave one of the two out".into();
    }
    if !error.is_data() {
        return "the file must hold one JSON object (keys and strings in double quotes, no comment, no \
                comma before a closing bracket)"
            .into();
    }
    let inner = key.and_then(|key| key.strip_prefix("slurm."));
    if let Some(words) = inner.and_then(SlurmSettings::expected) {
        return format!("write {words}");
    }
    let top = key.and_then(|key| key.split(['.', '[']).next());
    match KEYS.iter().find(|(name, _)| Some(*name) == top) {
        Some((_, words)) => format!("write {words}"),
        None => {
            "the file must hold one JSON object; see blendtorch-launch --help for its keys".into()
        }
    }
}

/// The key that differs from a misspelt one by at most a third of its letters.
fn nearest(misspelt: &str) -> Option<&'static str> {
    let known = KEYS.iter().map(|(name, _)| *name);
    let with_distance = known.map(|name| (distance(name, misspelt), name));
    let (far, name) = with_distance.min()?;
    (far * 3 <= name.len().max(3)).then_some(name)
}

/// Levenshtein's edit distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_words() {
        let schema = crate::LaunchDescription::json_schema();
        let keys = schema["properties"].as_object().unwrap();
        for key in keys.keys() {
            assert!(KEYS.iter().any(|(name, _)| name == key), "{key}");
        }
        assert_eq!(keys.len(), KEYS.len());
    }

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        assert_eq!(nearest("num_instance"), Some("num_instances"));
        assert_eq!(nearest("Script"), Some("script"));
        assert_eq!(nearest("resolution"), None);
        assert_eq!((distance("", "abc"), distance("kitten", "sitting")), (3, 3));
    }
}
