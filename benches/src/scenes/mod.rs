//! Images of Blenders that render and publish, beside what the same Blenders render in the same
//! minute when they publish nothing.
//!
//! Time is cut into phases, in turn of one kind and of the other, which all instances of a case
//! share (`scenes.blend.py`). A round is a phase of each kind beside the other: what else the
//! machine does meanwhile slows both. The consumer is this process.

mod case;
mod consumer;
mod instances;
mod phases;
mod rows;

use crate::rounds::interleave;
use crate::row::Row;
use anyhow::{Context, Result};
use case::{Case, cases};
use rows::Measured;

/// All cases; of a quick run one.
pub(crate) fn rows(rounds: usize, quick: bool) -> Result<Vec<Row>> {
    let cases = cases(quick);
    // The rounds are within a case.
    let measured = interleave(&cases, 1, Case::name, |case| run(case, rounds))?;
    let rows = cases.iter().zip(measured.iter().flatten());
    Ok(rows
        .flat_map(|(case, measured)| rows::of_case(*case, measured))
        .collect())
}

fn run(case: Case, rounds: usize) -> Result<Measured> {
    let folder = tempfile::tempdir()?;
    let instances = instances::start(case, rounds * 2, folder.path())?;
    let limit = instances::limit(case.way.seconds() * 2.0 * rounds as f64);
    let consumed = consumer::consume(&instances, folder.path(), limit)?;
    let reports = instances.reports(folder.path())?;
    let rounds = phases::rounds(&reports);
    (!rounds.is_empty())
        .then_some(Measured { rounds, consumed })
        .context("no instance made a frame in each phase: the machine is too slow")
}
