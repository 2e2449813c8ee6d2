//! What the writer needs of what a frame says about itself; all else is passed on as it came.

use super::error::Error;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What is read of it; other keys are for whoever is told.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct About {
    /// World to camera, in Blender's axes of the camera, row by row.
    view: Option<[[f64; 4]; 4]>,
    /// How many ids there are.
    pub(super) ids: Option<u64>,
    /// For each kind of cryptomatte: hashes, as hexadecimal digits, by name.
    pub(super) manifest: Map<String, Value>,
    /// All that was said.
    #[serde(skip)]
    pub(super) all: Value,
}

impl About {
    pub(super) fn read(frame: i64, text: &str) -> Result<Self, Error> {
        let all: Value =
            serde_json::from_str(text).map_err(|source| Error::About { frame, source })?;
        let mut about = Self::deserialize(&all).map_err(|source| Error::About { frame, source })?;
        about.all = all;
        Ok(about)
    }

    /// The axes of the camera in the world: x right, y up, z towards it.
    pub(super) fn axes(&self) -> Option<[[f32; 3]; 3]> {
        let view = self.view?;
        Some([0, 1, 2].map(|row| [0, 1, 2].map(|column| view[row][column] as f32)))
    }
}
