//! One thing that was looked at, and how it came out.
//!
//! Owns the form that the checks of all rooms have.

use serde::Serialize;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// There and fit.
    Ok,
    /// Works, but not as well as it could, or is needed by some uses only.
    Note,
    /// Nothing runs without.
    Missing,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, in a word or two.
    pub name: &'static str,
    /// How it came out.
    pub health: Health,
    /// What was found.
    pub found: String,
    /// The one line that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    /// There and fit.
    pub fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            health: Health::Ok,
            found: found.into(),
            remedy: None,
        }
    }

    /// Works, but not as well as it could.
    pub fn note(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            health: Health::Note,
            remedy: Some(remedy.into()),
            ..Self::ok(name, found)
        }
    }

    /// Nothing runs without.
    pub fn missing(
        name: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            health: Health::Missing,
            ..Self::note(name, found, remedy)
        }
    }
}
