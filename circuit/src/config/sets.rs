//! Where the node sets of a configuration are.
//!
//! Owns the file that they may stand in. What they mean is [`crate::config`]'s no more.

use serde_json::Value;

use super::fit::kind;
use super::section::{Check, Place};
use super::split::Sections;
use super::{Config, text};

/// Reads `node_sets` and `node_sets_file` into the configuration. Where both have a set of a name, that
/// in `node_sets` counts; BMTK reads the file only where there is no `node_sets`.
pub(super) fn read(config: &mut Config, sections: &Sections, check: &mut Check<'_>) {
    if let Some((value, source)) = sections.all.get("node_sets_file")
        && let Some(name) = value.as_str()
    {
        let place = Place {
            source,
            path: String::new(),
        };
        let path = check.path(name, &place, "node_sets_file");
        match text::read(&path, check.problems) {
            Ok(Value::Object(sets)) => config.node_sets = sets,
            Ok(other) => {
                let words = format!("is {}; an object of node sets is needed", kind(&other));
                check.problems.error(&path, "", words);
            }
            Err(error) => check.error(&place, "node_sets_file", error.to_string()),
        }
        config.node_sets_file = path;
    }
    if let Some((Value::Object(sets), source)) = sections.all.get("node_sets") {
        let place = Place {
            source,
            path: "node_sets".to_owned(),
        };
        for (name, set) in sets {
            if let Some(before) = config.node_sets.insert(name.clone(), set.clone())
                && before != *set
            {
                let file = config.node_sets_file.display();
                let words = format!("counts; that of {file} is ignored; leave one");
                check.warning(&place, name, words);
            }
        }
        config.node_sets_file.clone_from(&source.file);
    }
}
