//! Neo's results of BSB 4 to 8.
//!
//! Owns whose spikes a train has: of version 8 a roster of cells and an index a spike; before, the
//! simulator's numbers of the senders.

use serde::Deserialize;

use crate::hdf5::read::File;
use crate::neo::{self, Block, Train};
use crate::{CircuitError, Problems};

use super::super::CellNetwork;
use super::collect::{Cell, Collected};
use super::senders;

/// The cells of a train, of version 8.
#[derive(Deserialize)]
struct Roster {
    bsb_cell_id: Vec<i64>,
    bsb_ps_name: Vec<String>,
}

/// Puts the spikes of a file into `collected`.
pub(super) fn read(
    file: &File,
    network: &CellNetwork,
    collected: &mut Collected<'_>,
) -> Result<(), CircuitError> {
    for block in neo::blocks(file)? {
        fits(file, &block, network, &mut collected.problems)?;
        for train in &block.trains {
            if let Some(stop) = train.annotations.number("t_stop")? {
                collected.stopped(stop);
            }
            match train.annotations.word("bsb_roster")? {
                Some(roster) => rostered(file, train, &roster, collected)?,
                None if senders::read(file, train, network, collected)? => {}
                None => {
                    let text = "says no cells of its spikes (neither bsb_roster nor senders); it is left out";
                    collected.problems.warning(file.path(), train.path(), text);
                }
            }
        }
    }
    Ok(())
}

fn rostered(
    file: &File,
    train: &Train,
    roster: &str,
    collected: &mut Collected<'_>,
) -> Result<(), CircuitError> {
    if train
        .annotations
        .word("bsb_direction")?
        .is_some_and(|way| way != "record")
    {
        return Ok(());
    }
    let wrong = |text: String| CircuitError::file(file.path(), train.path(), text);
    let roster: Roster = serde_json::from_str(roster)
        .map_err(|error| wrong(format!("its bsb_roster has no cells: {error}")))?;
    if roster.bsb_ps_name.len() != roster.bsb_cell_id.len() {
        return Err(wrong(format!(
            "its bsb_roster has {} cells and {} names of populations",
            roster.bsb_cell_id.len(),
            roster.bsb_ps_name.len()
        )));
    }
    let pairs = || roster.bsb_ps_name.iter().zip(&roster.bsb_cell_id);
    let cells: Vec<Option<Cell>> = pairs()
        .map(|(name, id)| collected.cell(name, *id))
        .collect();
    let missing = cells.iter().filter(|cell| cell.is_none()).count();
    if missing > 0 {
        let text = format!(
            "{missing} of the {} cells that were recorded are none of the network's",
            cells.len()
        );
        collected.problems.warning(file.path(), train.path(), text);
    }
    collected.recorded_cells(cells.iter().copied().flatten());
    if train.len() == 0 {
        return Ok(());
    }
    let Some(index) = train.annotations.column("bsb_target_index")? else {
        return Err(wrong(
            "has spikes and no bsb_target_index: whose they are is not known".into(),
        ));
    };
    let index: Vec<i64> = index.read()?;
    let times = train.times()?;
    if index.len() != times.len() {
        return Err(wrong(format!(
            "has {} times and {} places of cells",
            times.len(),
            index.len()
        )));
    }
    let at = |place: i64| usize::try_from(place).ok();
    if let Some(beyond) = index
        .iter()
        .find(|place| at(**place).is_none_or(|place| place >= cells.len()))
    {
        return Err(wrong(format!(
            "names the cell at {beyond} of {} in its roster",
            cells.len()
        )));
    }
    let cell = |place: &i64| at(*place).and_then(|place| cells.get(place).copied().flatten());
    let name = |spike: u64| {
        let place = usize::try_from(spike)
            .ok()
            .and_then(|spike| index.get(spike).copied());
        let place = place.and_then(at);
        match place.and_then(|place| pairs().nth(place)) {
            Some((name, id)) => format!("{name} {id}"),
            None => String::new(),
        }
    };
    collected.add(index.iter().map(cell).zip(times), name);
    Ok(())
}

/// Says so where a block was simulated with another network than this.
fn fits(
    file: &File,
    block: &Block,
    network: &CellNetwork,
    problems: &mut Problems,
) -> Result<(), CircuitError> {
    let Some(text) = block.annotations.word("bsb_provenance")? else {
        return Ok(());
    };
    let theirs: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let theirs = &theirs["scaffold"];
    let ours = |key: &str| {
        let mut said = network.identity();
        said.find(|(name, _)| *name == key).map(|(_, text)| text)
    };
    let (Some(storage), Some(own)) = (theirs["storage_id"].as_str(), ours("storage_id")) else {
        return Ok(());
    };
    let path = network.path().display();
    let text = if own != storage {
        format!(
            "was simulated with the network {storage}, and {path} is {own}: cells may be others"
        )
    } else if let (Some(state), Some(own)) = (theirs["state_id"].as_i64(), ours("state_id"))
        && own != state.to_string()
    {
        // A network that is built anew in its file keeps its storage.
        format!("{path} has changed since (state {state} then, {own} now): cells may be others")
    } else {
        return Ok(());
    };
    problems.warning(file.path(), block.annotations.path(), text);
    Ok(())
}
