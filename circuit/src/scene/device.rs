//! Devices beside a network: what sheds light on it, records it, looks at it.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A device. Places and lengths are in µm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Device {
    /// Sources of light, drawn as clouds whose opacity follows their value.
    Light {
        /// Its name.
        #[serde(default)]
        name: String,
        /// How its light spreads: `{"model": "fiber", …}`, or its name alone.
        #[serde(default, deserialize_with = "named_or_whole")]
        #[schemars(with = "NameOrModel")]
        model: LightModel,
        /// Where its sources are.
        coords: Vec<[f64; 3]>,
        /// Where they shine to: one for all, or one each.
        #[serde(default = "down")]
        direction: Vec<[f64; 3]>,
        /// The wavelength in nm, which is the colour.
        #[serde(default = "blue")]
        wavelength_nm: f64,
        /// The value at which a source is as bright as it is drawn.
        #[serde(default)]
        max_value: Option<f64>,
        /// The sources' values.
        #[serde(default)]
        values: Option<Values>,
    },
    /// Electrodes: a mark for each contact.
    Probe {
        /// Its name.
        #[serde(default)]
        name: String,
        /// Where its contacts are.
        coords: Vec<[f64; 3]>,
    },
    /// A microscope: its focal plane, and the cells that it sees.
    Scope {
        /// Its name.
        #[serde(default)]
        name: String,
        /// Where its lens is.
        location: [f64; 3],
        /// Where it looks to.
        #[serde(default = "downwards")]
        direction: [f64; 3],
        /// How far before the lens the focal plane is.
        focus_depth: f64,
        /// The diameter of what it sees.
        img_width: f64,
        /// The cells that it sees.
        #[serde(default)]
        rois: Vec<Rois>,
        /// The values of cells at which their rings are as dark and as bright as can be; 0 to 1 where it
        /// is not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<[f64; 2]>,
    },
}

/// Cells of a population that a microscope sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rois {
    /// The population.
    pub population: String,
    /// Their indices in it.
    pub cells: Vec<u64>,
}

/// How light spreads from a source.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "model", rename_all = "lowercase", deny_unknown_fields)]
pub enum LightModel {
    /// From the end of an optical fibre (Foutz et al. 2012); lengths in µm, coefficients for each mm.
    Fiber {
        /// The fibre's radius.
        #[serde(default = "hundred")]
        r0: f64,
        /// Its numerical aperture.
        #[serde(default = "aperture")]
        na: f64,
        /// The tissue's absorption.
        #[serde(default = "absorption")]
        k: f64,
        /// The tissue's scattering.
        #[serde(default = "scattering")]
        s: f64,
        /// The tissue's refractive index.
        #[serde(default = "index")]
        ntis: f64,
    },
    /// The same everywhere in a cylinder.
    Koehler {
        /// Its radius.
        radius: f64,
        /// Its length.
        zmax: f64,
    },
    /// A spot that two photons excite.
    Twophoton {
        /// Its standard deviation across the axis.
        #[serde(default = "eight")]
        sigma_lateral: f64,
        /// And along it.
        #[serde(default = "eighteen")]
        sigma_axial: f64,
    },
}

/// What `model` may be, for the schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "its schema is all that it is for")]
enum NameOrModel {
    /// Its name.
    Name(String),
    /// All of it.
    Model(LightModel),
}

fn named_or_whole<'de, D: serde::Deserializer<'de>>(from: D) -> Result<LightModel, D::Error> {
    let given = match Value::deserialize(from)? {
        Value::String(name) => serde_json::json!({ "model": name }),
        whole => whole,
    };
    serde_json::from_value(given).map_err(|error| {
        D::Error::custom(format!(
            "`model`: {error}: a light is \"fiber\", {{\"model\": \"koehler\", \"radius\": 50, \"zmax\": 500}} \
             or \"twophoton\""
        ))
    })
}

impl Default for LightModel {
    fn default() -> Self {
        Self::Fiber {
            r0: hundred(),
            na: aperture(),
            k: absorption(),
            s: scattering(),
            ntis: index(),
        }
    }
}

/// Values of a device's sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a list of numbers, one for each source, or a file of them: \
                 {\"file\": \"light.npy\", \"dt_ms\": 1}"
)]
pub enum Values {
    /// The same all the time, one for each source.
    Constant(Vec<f64>),
    /// An array of shape (steps, sources) in a file.
    Series(Series),
}

/// Values that change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// A file: `.npy`, `.npz` or HDF5.
    pub file: PathBuf,
    /// The array in it.
    #[serde(default)]
    pub array: Option<String>,
    /// How long each row holds, in ms.
    pub dt_ms: f64,
    /// When the first begins, in ms.
    #[serde(default)]
    pub start_ms: f64,
}

impl Device {
    /// The file of its values.
    pub(super) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Light {
                values: Some(Values::Series(series)),
                ..
            } => Some(series.file.clone()),
            _ => None,
        }
    }

    pub(super) fn file_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Light {
                values: Some(Values::Series(series)),
                ..
            } => Some(&mut series.file),
            _ => None,
        }
    }
}

fn down() -> Vec<[f64; 3]> {
    vec![downwards()]
}

fn downwards() -> [f64; 3] {
    [0.0, 0.0, 1.0]
}

fn blue() -> f64 {
    473.0
}

fn hundred() -> f64 {
    100.0
}

fn aperture() -> f64 {
    0.37
}

fn absorption() -> f64 {
    0.125
}

fn scattering() -> f64 {
    7.37
}

fn index() -> f64 {
    1.36
}

fn eight() -> f64 {
    8.0
}

fn eighteen() -> f64 {
    18.0
}
