//! The box around a network, as people write it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A box with ticks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected true, false, or from where to where sides go, as {\"z\": [0, 600]}"
)]
pub enum Axes {
    /// Around all that is drawn, or none.
    Drawn(bool),
    /// With limits.
    Limits(Limits),
}

impl Default for Axes {
    fn default() -> Self {
        Self::Drawn(false)
    }
}

impl Axes {
    /// The limits that are said, by their axes.
    pub(super) fn limits(&self) -> Vec<(&'static str, [f64; 2])> {
        let Self::Limits(limits) = self else {
            return Vec::new();
        };
        let all = [("x", limits.x), ("y", limits.y), ("z", limits.z)];
        let said = all.into_iter();
        said.filter_map(|(axis, limits)| Some((axis, limits?)))
            .collect()
    }
}

/// From where to where the sides of a box go, in µm; those of which nothing is said go around what is
/// drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Along x.
    pub x: Option<[f64; 2]>,
    /// Along y.
    pub y: Option<[f64; 2]>,
    /// Along z.
    pub z: Option<[f64; 2]>,
}
