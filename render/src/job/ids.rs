//! Ids that the user has chosen.
//!
//! Owns how they are written. Which ids all other names get is the ledger's.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RenderError;

/// Ids by name, that win over those that we would give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserIds {
    /// Of objects, 1 or more.
    #[serde(default)]
    pub instances: IndexMap<String, u32>,
    /// Of categories: names of collections, 1 or more. An object's own `category_id` wins.
    #[serde(default)]
    pub categories: IndexMap<String, u32>,
    /// Of materials, 1 or more.
    #[serde(default)]
    pub materials: IndexMap<String, u32>,
}

impl UserIds {
    /// # Errors
    /// An id of 0, which is the background's, or two instances or materials with one id.
    pub fn check(&self) -> Result<(), RenderError> {
        for (kind, table, unique) in [
            ("instances", &self.instances, true),
            ("categories", &self.categories, false),
            ("materials", &self.materials, true),
        ] {
            let key = format!("ids.{kind}");
            let mut seen: IndexMap<u32, &str> = IndexMap::new();
            for (name, id) in table {
                if *id == 0 {
                    return Err(RenderError::job(
                        &key,
                        format!("{name:?} has the id 0, which is the background's; give 1 or more"),
                    ));
                }
                if let Some(other) = seen.insert(*id, name).filter(|_| unique) {
                    return Err(RenderError::job(
                        &key,
                        format!("{other:?} and {name:?} both have the id {id}; give each its own"),
                    ));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_ids_are_said() {
        let ids = |text: &str| serde_json::from_str::<UserIds>(text).unwrap().check();
        assert!(ids(r#"{"instances": {"a": 1, "b": 2}, "categories": {"x": 1, "y": 1}}"#).is_ok());
        let error = ids(r#"{"instances": {"a": 1, "b": 1}}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ids.instances: \"a\" and \"b\" both have the id 1; give each its own"
        );
        assert!(ids(r#"{"materials": {"a": 0}}"#).is_err());
    }
}
