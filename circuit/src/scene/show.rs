//! What of the activity is shown.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is shown of cells' activity, each a value between 0 and 1, or in a report's own unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "as", rename_all = "lowercase", deny_unknown_fields)]
pub enum Show {
    /// Spikes as rising and falling light, as the BSB's `animate.pulsar`.
    Pulsar {
        /// How long a spike is lit, in ms of simulated time.
        #[serde(default = "five")]
        spike_duration: f64,
        /// How long the light fades at the end of all, in ms of simulated time.
        #[serde(default = "thirty")]
        afterburn: f64,
        /// The value at rest; 0.3, and 0 for granule cells and glomeruli, where it is not said.
        #[serde(default)]
        floor: Option<f64>,
    },
    /// Cells that spiked since the frame before, and the others, as Cleo's `VideoVisualizer`.
    Flash {
        /// How long a spike is seen, in ms; a frame's time where it is not said.
        #[serde(default)]
        duration_ms: Option<f64>,
        /// How opaque the others are.
        #[serde(default = "fifth")]
        rest: f64,
    },
    /// Spikes that fade.
    Decay {
        /// The time in ms in which they fade to 1/e.
        #[serde(default = "twenty")]
        tau_ms: f64,
    },
    /// Fluorescence of a calcium indicator (docs/activity.md).
    Indicator {
        /// Time constant of the rise, in ms.
        #[serde(default)]
        rise_ms: Option<f64>,
        /// Time constant of the decay, in ms.
        #[serde(default)]
        decay_ms: Option<f64>,
        /// ΔF/F of one spike.
        #[serde(default)]
        amplitude: Option<f64>,
        /// The exponent of Hill's saturation.
        #[serde(default)]
        hill: Option<f64>,
        /// The ΔF/F that saturation ends at.
        #[serde(default)]
        saturation: Option<f64>,
        /// Calcium at rest, as a multiple of what one spike adds.
        #[serde(default)]
        baseline: Option<f64>,
        /// Standard deviation of the noise, in ΔF/F.
        #[serde(default)]
        noise: Option<f64>,
        /// Which noise.
        #[serde(default)]
        seed: u64,
    },
    /// A variable that was recorded: a SONATA membrane report.
    Report {
        /// The file.
        report: PathBuf,
        /// The variable, for what is said of it.
        #[serde(default)]
        variable: Option<String>,
        /// Between two recorded moments.
        #[serde(default)]
        interpolation: Interpolation,
    },
    /// Nothing: cells at rest.
    Rest {},
}

/// What a value between two recorded ones is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// On the line between them.
    #[default]
    Linear,
    /// The last one.
    Previous,
}

/// A colour map and its range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Written")]
pub struct ColorScale {
    /// Its name, as `viridis`.
    pub map: String,
    /// The value of its first colour; the smallest one where it is not said.
    pub low: Option<f64>,
    /// The value of its last colour; the largest one where it is not said.
    pub high: Option<f64>,
}

/// A name, or a name and a range.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Written {
    Name(String),
    Scale(Scale),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Scale {
    map: String,
    #[serde(default)]
    low: Option<f64>,
    #[serde(default)]
    high: Option<f64>,
}

impl From<Written> for ColorScale {
    fn from(written: Written) -> Self {
        match written {
            Written::Name(map) => Self {
                map,
                low: None,
                high: None,
            },
            Written::Scale(Scale { map, low, high }) => Self { map, low, high },
        }
    }
}

impl Show {
    /// The report that it is of.
    pub(super) fn report(&self) -> Option<&PathBuf> {
        match self {
            Self::Report { report, .. } => Some(report),
            _ => None,
        }
    }

    pub(super) fn report_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Report { report, .. } => Some(report),
            _ => None,
        }
    }

    /// Its numbers by their names, and whether each may be 0.
    pub(super) fn numbers(&self) -> Vec<(&'static str, Option<f64>, bool)> {
        match *self {
            Self::Pulsar {
                spike_duration,
                afterburn,
                floor,
            } => vec![
                ("spike_duration", Some(spike_duration), false),
                ("afterburn", Some(afterburn), true),
                ("floor", floor, true),
            ],
            Self::Flash { duration_ms, rest } => vec![
                ("duration_ms", duration_ms, false),
                ("rest", Some(rest), true),
            ],
            Self::Decay { tau_ms } => vec![("tau_ms", Some(tau_ms), false)],
            Self::Indicator {
                rise_ms,
                decay_ms,
                amplitude,
                hill,
                saturation,
                baseline,
                noise,
                ..
            } => vec![
                ("rise_ms", rise_ms, true),
                ("decay_ms", decay_ms, false),
                ("amplitude", amplitude, false),
                ("hill", hill, false),
                ("saturation", saturation, false),
                ("baseline", baseline, true),
                ("noise", noise, true),
            ],
            Self::Report { .. } | Self::Rest {} => vec![],
        }
    }
}

fn five() -> f64 {
    5.0
}

fn thirty() -> f64 {
    30.0
}

fn fifth() -> f64 {
    0.2
}

fn twenty() -> f64 {
    20.0
}
