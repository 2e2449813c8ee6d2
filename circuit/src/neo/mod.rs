//! Neo's results in NIX files (`.nio`, which are HDF5).
//!
//! Owns that layout: blocks, segments, spike trains, and the annotations of each. It knows nothing of
//! cells or of who recorded them.
//!
//! Sources: the data model of NIX 1.2 (`/data/BLOCK/groups/SEGMENT/multi_tags/TRAIN`), and what Neo
//! 0.14.6 with nixio 1.5.4 writes.

mod section;

pub(crate) use section::Section;

use std::path::Path;

use crate::CircuitError;
use crate::hdf5::read::{Dataset, File, Group, Value};

/// A block: what one simulation recorded.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) annotations: Section,
    pub(crate) trains: Vec<Train>,
}

/// A spike train; its times are read when they are asked for.
#[derive(Debug)]
pub(crate) struct Train {
    pub(crate) annotations: Section,
    times: Option<Dataset>,
    /// What a time is multiplied by to be in ms.
    to_ms: f64,
}

/// Whether a file is one of NIX.
pub(crate) fn is_one(file: &File) -> Result<bool, CircuitError> {
    let format = file.attribute("/", "format")?;
    Ok(format.as_ref().and_then(Value::word) == Some("nix"))
}

/// The blocks of a file, with their spike trains.
///
/// # Errors
/// The file is damaged, or has times in a unit that is none.
pub(crate) fn blocks(file: &File) -> Result<Vec<Block>, CircuitError> {
    let Some(data) = file.open_group("/data")? else {
        return Err(CircuitError::file(
            file.path(),
            "/data",
            "is missing: the file has no results",
        ));
    };
    data.groups()?
        .into_iter()
        .map(|(_, group)| block(file, &group))
        .collect()
}

fn block(file: &File, group: &Group) -> Result<Block, CircuitError> {
    let mut trains = Vec::new();
    let segments = match group.group("groups")? {
        Some(groups) => groups.groups()?,
        None => Vec::new(),
    };
    let mut tagged: Vec<Group> = Vec::new();
    for (_, segment) in &segments {
        tagged.extend(segment.group("multi_tags")?);
    }
    if segments.is_empty() {
        tagged.extend(group.group("multi_tags")?);
    }
    for tags in tagged {
        for (_, tag) in tags.groups()? {
            let kind = tag.attribute("type")?;
            if kind.as_ref().and_then(Value::word) == Some("neo.spiketrain") {
                trains.push(train(file.path(), &tag)?);
            }
        }
    }
    Ok(Block {
        annotations: Section::of(group)?,
        trains,
    })
}

fn train(file: &Path, tag: &Group) -> Result<Train, CircuitError> {
    let mut train = Train {
        annotations: Section::of(tag)?,
        times: None,
        to_ms: 1.0,
    };
    let Some(positions) = tag.group("positions")? else {
        return Ok(train);
    };
    train.times = positions.dataset("data")?;
    let unit = positions.attribute("unit")?;
    train.to_ms = match unit.as_ref().and_then(Value::word) {
        None | Some("ms") => 1.0,
        Some("s") => 1000.0,
        Some("us" | "µs") => 1e-3,
        Some("ns") => 1e-6,
        Some(other) => {
            let text =
                format!("is {other:?}, which is no unit of time that is known: s, ms, us, ns");
            return Err(CircuitError::file(
                file,
                format!("{}@unit", positions.path()),
                text,
            ));
        }
    };
    Ok(train)
}

impl Train {
    /// Where it is in the file.
    pub(crate) fn path(&self) -> &str {
        self.annotations.path()
    }

    /// How many spikes it has.
    pub(crate) fn len(&self) -> u64 {
        self.times.as_ref().map_or(0, Dataset::rows)
    }

    /// The times in ms, in the file's order.
    ///
    /// # Errors
    /// Where the file is damaged.
    #[allow(
        clippy::float_cmp,
        reason = "exactly the factor that was set above, which must change no bit"
    )]
    pub(crate) fn times(&self) -> Result<Vec<f64>, CircuitError> {
        let Some(data) = &self.times else {
            return Ok(Vec::new());
        };
        let mut times = data.read::<f64>()?;
        if self.to_ms != 1.0 {
            times.iter_mut().for_each(|time| *time *= self.to_ms);
        }
        Ok(times)
    }
}
