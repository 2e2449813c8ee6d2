//! Ids that several tasks have given, put together.
//!
//! Owns what contradicts: a name with two ids, an id with two names. It must never give an id.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::IdTable;
use crate::job::UserIds;

impl IdTable {
    /// As [`Self::for_people`] gave them; what cannot be read is left out.
    pub(crate) fn from_people(told: &Value) -> Self {
        let mut table = Self::default();
        let rows = |kind: &str| told[kind].as_array().cloned().unwrap_or_default();
        let row = |row: &Value| -> Option<(String, u32)> {
            let id = u32::try_from(row["id"].as_u64()?).ok()?;
            Some((row["name"].as_str()?.to_owned(), id))
        };
        for one in rows("instances") {
            let category = one["category_id"]
                .as_u64()
                .and_then(|id| u32::try_from(id).ok());
            if let (Some((name, id)), Some(category)) = (row(&one), category) {
                table.instances.insert(name, (id, category));
            }
        }
        table.categories = rows("categories").iter().filter_map(row).collect();
        table.materials = rows("materials").iter().filter_map(row).collect();
        table
    }

    /// Takes what others have given too; what does not go together: a line each.
    pub(crate) fn join(&mut self, other: &Self, user: &UserIds) -> Vec<String> {
        let mut lines = Vec::new();
        let mut told = |what: &str, more: Vec<String>| {
            lines.extend(more.into_iter().map(|line| format!("{what} {line}")));
        };
        told(
            "instance",
            joined(&mut self.instances, &other.instances, |id| id.0, None),
        );
        let shared = Some(&user.categories);
        told(
            "category",
            joined(&mut self.categories, &other.categories, |id| *id, shared),
        );
        told(
            "material",
            joined(&mut self.materials, &other.materials, |id| *id, None),
        );
        lines
    }
}

/// Adds names that are new; what contradicts. Ids that may be `shared` are no contradiction.
fn joined<T: Clone + PartialEq + std::fmt::Debug>(
    known: &mut IndexMap<String, T>,
    more: &IndexMap<String, T>,
    id: impl Fn(&T) -> u32,
    shared: Option<&IndexMap<String, u32>>,
) -> Vec<String> {
    let mut owners: HashMap<u32, String> = known
        .iter()
        .map(|(name, one)| (id(one), name.clone()))
        .collect();
    let mut lines = Vec::new();
    for (name, new) in more {
        match known.get(name) {
            Some(before) if before == new => {}
            Some(before) => lines.push(format!("{name:?}: {before:?} and {new:?}")),
            None => {
                let chosen = shared.is_some_and(|shared| shared.contains_key(name));
                if let Some(other) = owners.get(&id(new)).filter(|_| !chosen) {
                    lines.push(format!("{}: of {other:?} and of {name:?}", id(new)));
                    continue;
                }
                owners.insert(id(new), name.clone());
                known.insert(name.clone(), new.clone());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Things;
    use serde_json::json;

    #[test]
    fn ids_that_contradict_each_other_are_named() {
        let user = UserIds::default();
        let numbered = |names: &[&str]| {
            let objects: Vec<_> = names
                .iter()
                .map(|name| json!({"name": name, "collection": "room"}))
                .collect();
            let things = json!({"objects": objects, "materials": ["grey"]});
            let things: Things = serde_json::from_value(things).unwrap();
            let mut table = IdTable::default();
            table.number(&things, &user).unwrap();
            table
        };
        let mut all = numbered(&["a", "b"]);
        assert!(all.join(&numbered(&["a", "b"]), &user).is_empty());
        let more = numbered(&["a", "b", "c"]);
        assert!(
            all.join(&IdTable::from_people(&more.for_people()), &user)
                .is_empty()
        );
        assert_eq!(all.for_people(), more.for_people());
        let told = all.join(&numbered(&["a", "d"]), &user);
        assert_eq!(told, ["instance 2: of \"b\" and of \"d\""]);
        let told = all.join(&numbered(&["b"]), &user);
        assert_eq!(told, ["instance \"b\": (2, 1) and (1, 1)"]);
    }
}
