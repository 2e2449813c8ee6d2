//! From where a network is seen, and when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How frames and simulated time go together: frame `k` is at `start_ms + k · ms_per_s / fps`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Time {
    /// Frames a second of the video.
    pub fps: f64,
    /// Simulated ms in a second of the video.
    pub ms_per_s: f64,
    /// The simulated time of frame 0, in ms.
    pub start_ms: f64,
    /// The simulated time of the last frame, in ms; that of the last spike, and what it leaves to be
    /// seen, where it is not said.
    pub stop_ms: Option<f64>,
}

impl Default for Time {
    fn default() -> Self {
        Self {
            fps: 60.0,
            ms_per_s: 25.0,
            start_ms: 0.0,
            stop_ms: None,
        }
    }
}

impl Time {
    /// The simulated time of a frame, in ms.
    #[must_use]
    pub fn at(&self, frame: f64) -> f64 {
        self.start_ms + frame * self.ms_per_s / self.fps
    }

    /// The frame of a simulated time.
    #[must_use]
    pub fn frame(&self, ms: f64) -> f64 {
        (ms - self.start_ms) * self.fps / self.ms_per_s
    }
}

/// Which way up is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Up {
    /// z grows upwards.
    #[default]
    #[serde(rename = "z")]
    Z,
    /// z grows downwards, into the tissue.
    #[serde(rename = "-z")]
    MinusZ,
}

/// From where a network is seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CameraView {
    /// `"auto"`: from above and aside, all cells in the picture.
    Word(AutoWord),
    /// From an angle.
    Angle(Angle),
    /// From a place.
    Place(Place),
}

impl Default for CameraView {
    fn default() -> Self {
        Self::Word(AutoWord::Auto)
    }
}

/// The word for a camera that sees all cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AutoWord {
    /// All cells in the picture.
    Auto,
}

/// Seen from an angle, in degrees; all cells in the picture where no distance is said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Angle {
    /// Above the horizontal plane.
    pub elevation: f64,
    /// Around the vertical axis.
    pub azimuth: f64,
    /// What it looks at, in µm; the middle of all cells where it is not said.
    #[serde(default)]
    pub target: Option<[f64; 3]>,
    /// How far away it is, in µm.
    #[serde(default)]
    pub distance: Option<f64>,
    /// The focal length in mm, of a sensor of 36 mm.
    #[serde(default)]
    pub lens: Option<f64>,
    /// Which way up is.
    #[serde(default)]
    pub up: Up,
    /// Without perspective.
    #[serde(default)]
    pub orthographic: bool,
}

/// Seen from a place, in µm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Where it is.
    pub location: [f64; 3],
    /// What it looks at.
    pub look_at: [f64; 3],
    /// The focal length in mm, of a sensor of 36 mm.
    #[serde(default)]
    pub lens: Option<f64>,
    /// Which way up is.
    #[serde(default)]
    pub up: Up,
}
