//! What an instance says of itself, and what it counts.
//!
//! Plain data, which travels as JSON. It must never know who asks.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What an instance says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The version of these words.
    pub protocol: u32,
    /// Its process.
    pub pid: u32,
    /// Which life of the instance it is, from 1.
    pub life: u64,
    /// The version of blendtorch in it.
    pub blendtorch: String,
    /// Blender's version; empty where there is none.
    pub blender: String,
    /// Python's version; empty where there is none.
    pub python: String,
    /// `bpy` for the module, `blender` for the program; empty elsewhere.
    pub runtime: String,
    /// The render engine, once it is known.
    pub engine: Option<String>,
    /// What draws, once that is known.
    pub gpu: Option<String>,
    /// The folder that Blender made for this session.
    pub session_folder: Option<PathBuf>,
    /// Folders that are to go with it, that one among them.
    pub folders: Vec<PathBuf>,
    /// Names of the services whose functions can be called, and those functions.
    pub services: BTreeMap<String, Vec<String>>,
    /// The parameters that can be set.
    pub parameters: BTreeMap<String, Parameter>,
}

/// A parameter that a script has registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// What it is now.
    pub value: Value,
    /// The least that it may be, of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The only values that it may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Value>>,
    /// What it is, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
}

/// What an instance has counted in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Samples published.
    pub samples: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Seconds in which Blender evaluated frames.
    pub evaluate_s: f64,
    /// Seconds in which pictures were drawn and read.
    pub render_s: f64,
    /// Seconds in which samples were encoded, copied, and waited for room.
    pub publish_s: f64,
    /// Seconds of whole frames.
    pub frames_s: f64,
    /// Seconds since the instance was ready to be asked.
    pub alive_s: f64,
    /// Bytes of memory, as the kernel counts them for its process.
    pub memory: u64,
}
