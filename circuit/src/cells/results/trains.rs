//! Datasets of spikes as simulators of BSB 3 and users' programs have them.
//!
//! Owns their three shapes: a dataset a cell, named by the cell's id, with times in column 1; the same
//! with times alone; a dataset a device, with ids in column 0 and times in column 1.

use crate::CircuitError;
use crate::hdf5::read::{Dataset, Kind};

/// What a dataset of spikes holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SpikeData {
    /// Times of one cell, ms.
    OfCell(i64, Vec<f64>),
    /// A device's: the id of the cell, and when, ms.
    OfDevice(Vec<(i64, f64)>),
}

/// What a dataset of this name holds; `None` where it is no table of spikes. `plain`: one column is
/// times (else it is voltages, or whatever).
///
/// # Errors
/// Where the file is damaged, or a device's ids are no whole numbers.
pub(crate) fn read(
    name: &str,
    data: &Dataset,
    plain: bool,
) -> Result<Option<SpikeData>, CircuitError> {
    if !matches!(data.kind(), Kind::Floats | Kind::Ints) {
        return Ok(None);
    }
    let id = name.parse::<i64>().ok();
    let width = match (data.shape(), id) {
        ([_], Some(id)) if plain => return Ok(Some(SpikeData::OfCell(id, data.read()?))),
        ([_, width], _) if *width >= 2 => usize::try_from(*width).unwrap_or(usize::MAX),
        _ => return Ok(None),
    };
    let values = data.read::<f64>()?;
    let rows = values.chunks_exact(width);
    let time = |row: &[f64]| row.get(1).copied().unwrap_or(f64::NAN);
    if let Some(id) = id {
        return Ok(Some(SpikeData::OfCell(id, rows.map(time).collect())));
    }
    let pair = |row: &[f64]| {
        let id = row.first().copied().unwrap_or(f64::NAN);
        let whole = whole(id).ok_or_else(|| {
            data.error(format!(
                "names the cell {id}; column 0 of a device's spikes has the cells' ids"
            ))
        })?;
        Ok((whole, time(row)))
    };
    rows.map(pair)
        .collect::<Result<_, _>>()
        .map(SpikeData::OfDevice)
        .map(Some)
}

/// A whole number that a float holds exactly.
fn whole(value: f64) -> Option<i64> {
    #[allow(clippy::cast_possible_truncation, reason = "within 2^53")]
    (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i64)
}
