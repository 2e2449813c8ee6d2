//! Which id each object, category and material has, for as long as the folder lives.
//!
//! Owns the numbering: by name, the user's choice first, what is there already as it is, the rest the
//! next free numbers in the order of their names. It must never change an id that was given.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Ledger;
use crate::RenderError;
use crate::job::UserIds;

/// An object that can be seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Thing {
    pub(crate) name: String,
    /// Its own `category_id`.
    #[serde(default)]
    pub(crate) category_id: Option<i64>,
    /// The collection that it is in.
    #[serde(default)]
    pub(crate) collection: String,
}

/// What wants ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Things {
    pub(crate) objects: Vec<Thing>,
    pub(crate) materials: Vec<String>,
}

impl Things {
    pub(crate) fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.materials.is_empty()
    }
}

/// The ids of all names that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct IdTable {
    /// Id and category.
    pub(crate) instances: IndexMap<String, (u32, u32)>,
    pub(crate) categories: IndexMap<String, u32>,
    pub(crate) materials: IndexMap<String, u32>,
}

impl IdTable {
    /// For a worker.
    pub(crate) fn for_worker(&self) -> Value {
        json!({"instances": self.instances, "materials": self.materials})
    }

    /// For `ids.json`.
    pub(crate) fn for_people(&self) -> Value {
        let named = |table: &IndexMap<String, u32>| -> Value {
            let mut rows: Vec<_> = table.iter().collect();
            rows.sort_by_key(|(_, id)| **id);
            rows.into_iter()
                .map(|(name, id)| json!({"id": id, "name": name}))
                .collect()
        };
        let mut instances: Vec<_> = self.instances.iter().collect();
        instances.sort_by_key(|(_, (id, _))| *id);
        let instances: Value = instances
            .into_iter()
            .map(|(name, (id, category))| json!({"id": id, "name": name, "category_id": category}))
            .collect();
        json!({
            "instances": instances,
            "categories": named(&self.categories),
            "materials": named(&self.materials),
        })
    }

    /// What of the ids that a user has chosen is not as they were given before: a line each.
    pub(crate) fn differences(&self, user: &UserIds) -> Vec<String> {
        let instances = self.instances.iter().map(|(name, (id, _))| (name, *id));
        let categories = self.categories.iter().map(|(name, id)| (name, *id));
        let materials = self.materials.iter().map(|(name, id)| (name, *id));
        [
            ("instance", clashes(instances, &user.instances)),
            ("category", clashes(categories, &user.categories)),
            ("material", clashes(materials, &user.materials)),
        ]
        .into_iter()
        .flat_map(|(what, lines)| lines.into_iter().map(move |line| format!("{what} {line}")))
        .collect()
    }

    /// Gives ids to those that have none; whether there were any.
    pub(crate) fn number(&mut self, things: &Things, user: &UserIds) -> Result<bool, RenderError> {
        let mut changed = false;
        let mut objects: Vec<_> = things.objects.iter().collect();
        objects.sort();
        objects.dedup_by(|a, b| a.name == b.name);
        objects.retain(|thing| !self.instances.contains_key(&thing.name));
        // Categories that objects name themselves are taken before any is given.
        let mut own = BTreeSet::new();
        for thing in &objects {
            let Some(id) = thing.category_id else {
                continue;
            };
            let id = u32::try_from(id).map_err(|_| {
                let (name, most) = (&thing.name, u32::MAX);
                let said = format!("object {name:?} has the category_id {id}; give 0 to {most}");
                RenderError::job("category_id", said)
            })?;
            own.insert(id);
        }
        let mut collections: Vec<_> = objects
            .iter()
            .filter(|thing| thing.category_id.is_none())
            .map(|thing| thing.collection.clone())
            .filter(|name| !self.categories.contains_key(name))
            .collect();
        collections.sort();
        collections.dedup();
        let taken = own.into_iter().chain(self.categories.values().copied());
        let mut free = Free::beside(taken, &user.categories);
        for name in collections {
            let id = user.categories.get(&name).copied();
            let id = id.unwrap_or_else(|| free.next());
            self.categories.insert(name, id);
        }
        let taken = self.instances.values().map(|(id, _)| *id);
        let mut free = Free::beside(taken, &user.instances);
        for thing in objects {
            let id = user.instances.get(&thing.name).copied();
            let id = id.unwrap_or_else(|| free.next());
            let category = match thing.category_id {
                Some(id) => u32::try_from(id).unwrap_or_default(),
                None => self.categories[&thing.collection],
            };
            self.instances.insert(thing.name.clone(), (id, category));
            changed = true;
        }
        let mut materials: Vec<_> = things.materials.iter().collect();
        materials.sort();
        materials.dedup();
        materials.retain(|name| !self.materials.contains_key(*name));
        let mut free = Free::beside(self.materials.values().copied(), &user.materials);
        for name in materials {
            let id = user.materials.get(name).copied();
            let id = id.unwrap_or_else(|| free.next());
            self.materials.insert(name.clone(), id);
            changed = true;
        }
        Ok(changed)
    }
}

/// Ids that are of others, or other ones, than those that are wanted.
fn clashes<'a>(
    known: impl Iterator<Item = (&'a String, u32)>,
    wanted: &IndexMap<String, u32>,
) -> Vec<String> {
    known
        .filter_map(|(name, id)| match wanted.get(name) {
            Some(wish) if *wish != id => Some(format!("{name:?}: {id} before, {wish} now")),
            Some(_) => None,
            None => {
                let (other, _) = wanted.iter().find(|(_, wish)| **wish == id)?;
                Some(format!("{id}: of {name:?} before, of {other:?} now"))
            }
        })
        .collect()
}

/// Numbers from 1 that nobody has.
struct Free {
    taken: BTreeSet<u32>,
    last: u32,
}

impl Free {
    fn beside(taken: impl Iterator<Item = u32>, user: &IndexMap<String, u32>) -> Self {
        Self {
            taken: taken.chain(user.values().copied()).collect(),
            last: 0,
        }
    }

    fn next(&mut self) -> u32 {
        loop {
            self.last = self.last.saturating_add(1);
            if !self.taken.contains(&self.last) {
                return self.last;
            }
        }
    }
}

impl Ledger {
    /// The ids that the folder knows.
    pub(crate) fn ids(&self) -> Result<IdTable, RenderError> {
        let read = || -> rusqlite::Result<IdTable> {
            let mut table = IdTable::default();
            let mut rows = self
                .connection
                .prepare("SELECT kind, name, id, category FROM ids ORDER BY id, name")?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
                let id = row.get(2)?;
                match kind.as_str() {
                    "instance" => {
                        let category: Option<u32> = row.get(3)?;
                        let category = category.unwrap_or_default();
                        table.instances.insert(name, (id, category));
                    }
                    "category" => drop(table.categories.insert(name, id)),
                    _ => drop(table.materials.insert(name, id)),
                }
            }
            Ok(table)
        };
        read().map_err(|source| self.wrong(source))
    }

    /// Keeps the ids.
    pub(crate) fn keep_ids(&mut self, table: &IdTable) -> Result<(), RenderError> {
        let connection = self.write()?;
        let keep = || -> rusqlite::Result<()> {
            let mut row = connection.prepare(
                "INSERT OR IGNORE INTO ids (kind, name, id, category) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for (name, (id, category)) in &table.instances {
                row.execute(params!["instance", name, id, category])?;
            }
            for (name, id) in &table.categories {
                row.execute(params!["category", name, id, None::<u32>])?;
            }
            for (name, id) in &table.materials {
                row.execute(params!["material", name, id, None::<u32>])?;
            }
            Ok(())
        };
        keep().map_err(|source| self.wrong(source))?;
        self.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(name: &str, category_id: Option<i64>, collection: &str) -> Thing {
        Thing {
            name: name.into(),
            category_id,
            collection: collection.into(),
        }
    }

    #[test]
    fn ids_stay_when_objects_come_and_the_users_win() {
        let user: UserIds = serde_json::from_str(
            r#"{"instances": {"plane": 7, "late": 1}, "categories": {"room": 5}}"#,
        )
        .unwrap();
        let mut table = IdTable::default();
        let first = Things {
            objects: vec![
                thing("sphere", None, "room"),
                thing("plane", Some(9), "room"),
                thing("ball", None, "toys"),
            ],
            materials: vec!["red".into(), "grey".into()],
        };
        assert!(table.number(&first, &user).unwrap());
        assert_eq!(table.instances["ball"], (2, 1), "1 is the user's");
        assert_eq!(table.instances["plane"], (7, 9));
        assert_eq!(table.instances["sphere"], (3, 5));
        assert_eq!(table.materials["grey"], 1);
        let before = table.clone();
        assert!(!table.number(&first, &user).unwrap());
        assert_eq!(table, before);
        let more = Things {
            objects: vec![thing("alpha", None, "toys"), thing("late", None, "")],
            materials: vec![],
        };
        assert!(table.number(&more, &user).unwrap());
        assert_eq!(table.instances["ball"], (2, 1), "as before");
        assert_eq!(table.instances["alpha"], (4, 1));
        assert_eq!(table.instances["late"], (1, 2));

        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        ledger.keep_ids(&table).unwrap();
        let mut read = ledger.ids().unwrap();
        read.instances.sort_keys();
        table.instances.sort_keys();
        assert_eq!(read.instances, table.instances);
        assert_eq!(read.for_people()["instances"][0]["name"], "late");
    }

    #[test]
    fn ids_that_were_given_otherwise_are_told() {
        let things = Things {
            objects: vec![thing("a", None, ""), thing("b", None, "")],
            materials: vec![],
        };
        let mut table = IdTable::default();
        table.number(&things, &UserIds::default()).unwrap();
        let user = |text: &str| serde_json::from_str::<UserIds>(text).unwrap();
        let told = table.differences(&user(r#"{"instances": {"b": 7}}"#));
        assert_eq!(told, ["instance \"b\": 2 before, 7 now"]);
        let told = table.differences(&user(r#"{"instances": {"c": 1}}"#));
        assert_eq!(told, ["instance 1: of \"a\" before, of \"c\" now"]);
        let fits = user(r#"{"instances": {"b": 2, "c": 9}}"#);
        assert!(table.differences(&fits).is_empty());
    }

    #[test]
    fn a_category_that_is_no_id_is_said() {
        let things = Things {
            objects: vec![thing("a", Some(-2), "")],
            materials: vec![],
        };
        let error = IdTable::default().number(&things, &UserIds::default());
        assert!(error.unwrap_err().to_string().contains("category_id -2"));
    }
}
