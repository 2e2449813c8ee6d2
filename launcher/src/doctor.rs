//! What this machine has of all that blendtorch needs, what is missing, and the line that mends it.
//!
//! Owns the checks and their words. It must never install or change anything.

mod blender;
mod host;
mod libtorch;

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
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            health: Health::Ok,
            found: found.into(),
            remedy: None,
        }
    }

    fn note(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            health: Health::Note,
            remedy: Some(remedy.into()),
            ..Self::ok(name, found)
        }
    }

    fn missing(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            health: Health::Missing,
            ..Self::note(name, found, remedy)
        }
    }
}

/// Looks at everything; takes about as long as a Blender takes to start and end.
#[must_use]
pub fn doctor() -> Vec<Check> {
    let mut checks = blender::checks();
    checks.extend(host::cache_folder());
    checks.push(host::display());
    checks.push(host::shared_memory());
    checks.push(host::machine());
    checks.push(libtorch::check());
    checks
}
