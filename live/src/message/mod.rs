//! What travels: a network's description, snapshots of its activity, the end; and the answers.
//!
//! Owns the names of the fields and their limits. Who is hostile is met in [`decode`]: no number is
//! believed that was not checked against the bytes at hand.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

use blendtorch_wire::{Element, End, Tensor, Value};
use indexmap::IndexMap;

use crate::{LiveError, Policy};
pub(crate) use decode::{Answer, Told, answer, told};
pub(crate) use encode::{answer_fields, end_fields, hello_fields, snapshot_fields};

/// The name of the socket at which an instance takes activity, in launch descriptions and infos.
pub const SOCKET: &str = "ACTIVITY";

/// The version of these messages.
pub(crate) const VERSION: i64 = 1;
/// The field that says which of them one is.
pub(crate) const KIND: &str = "live";
/// Bytes of a description.
pub(crate) const MAX_DESCRIPTION: usize = 8 << 20;
/// Bytes of a name.
const MAX_NAME: usize = 256;
/// Arrays of a message, which is fewer than a message of ours may have.
const MAX_ARRAYS: usize = 250;

/// What a sender says of its network, before anything else.
#[derive(Clone, Debug, PartialEq)]
pub struct Hello {
    /// Names this life of the sender.
    pub session: u64,
    /// What the sender does about viewers that are late.
    pub policy: Policy,
    /// How the network is to be shown: a JSON object, as in a description of a scene.
    pub description: String,
    /// Where the cells of each population are: float32 (cells, 3) in µm.
    pub populations: IndexMap<String, Tensor>,
    /// More arrays, which the description names.
    pub arrays: IndexMap<String, Tensor>,
    /// How many values each device has.
    pub devices: IndexMap<String, u32>,
}

impl Hello {
    /// A network without cells.
    #[must_use]
    pub fn new(description: &str) -> Self {
        Self {
            session: 0,
            policy: Policy::Drop,
            description: description.to_owned(),
            populations: IndexMap::new(),
            arrays: IndexMap::new(),
            devices: IndexMap::new(),
        }
    }

    /// With one more population, whose cells are at `positions`, in µm.
    ///
    /// # Errors
    /// [`LiveError::Unfit`]: two of one name, or too many.
    pub fn population(mut self, name: &str, positions: &[[f32; 3]]) -> Result<Self, LiveError> {
        let tensor = Tensor::from_vec(&[positions.len(), 3], positions.as_flattened().to_vec());
        let tensor = tensor.map_err(|error| LiveError::unfit(name, error.to_string()))?;
        fresh(name, self.populations.contains_key(name), "population")?;
        self.populations.insert(name.to_owned(), tensor);
        Ok(self)
    }

    /// With one more device that has `values` values.
    ///
    /// # Errors
    /// [`LiveError::Unfit`]: two of one name, or too many.
    pub fn device(mut self, name: &str, values: u32) -> Result<Self, LiveError> {
        fresh(name, self.devices.contains_key(name), "device")?;
        self.devices.insert(name.to_owned(), values);
        Ok(self)
    }

    /// How many cells a population has.
    #[must_use]
    pub fn cells(&self, population: &str) -> Option<usize> {
        self.populations.get(population)?.shape().first().copied()
    }
}

fn fresh(name: &str, is_there: bool, what: &str) -> Result<(), LiveError> {
    if is_there {
        let problem = format!("there are two {what}s of this name; give each one of its own");
        return Err(LiveError::unfit(name, problem));
    }
    Ok(())
}

/// What happened in one interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The interval's number, from 0.
    pub step: u64,
    /// Where it begins, in ms.
    pub start_ms: f64,
    /// Where it ends, in ms: spikes at this time are the next one's.
    pub stop_ms: f64,
    /// Indices of the cells that spiked, by population; a cell twice where it spiked twice.
    pub spikes: IndexMap<String, Vec<u32>>,
    /// A value a cell, by population.
    pub values: IndexMap<String, Vec<f32>>,
    /// The values of devices at the interval's begin.
    pub devices: IndexMap<String, Vec<f32>>,
}

impl Snapshot {
    /// An interval in which nothing happened.
    #[must_use]
    pub fn new(step: u64, start_ms: f64, stop_ms: f64) -> Self {
        Self {
            step,
            start_ms,
            stop_ms,
            ..Self::default()
        }
    }
}

/// The sender's last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whether it came to its end, failed, or was stopped.
    pub end: End,
    /// Snapshots that were made for this viewer, those that were left out among them.
    pub snapshots: u64,
}

/// What was wrong within a snapshot, and was taken out of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Spikes of cells that are not there.
    pub spikes: u64,
    /// Arrays of populations or devices that are not there, or of another length.
    pub arrays: u64,
}

/// The elements of an array, copied.
pub(crate) fn array<T: Element>(value: &Value) -> Option<Vec<T>> {
    value.as_tensor()?.to_vec().ok()
}
