//! Images of Blenders that render and publish, beside what the same Blenders render in the same
//! minute when they publish nothing.
//!
//! Time is cut into phases, in turn of one kind and of the other, which all instances of a case
//! share (`scenes.blend.py`). A round is a phase of each kind beside the other: what else the
//! machine does meanwhile slows both. The consumer is this process.

mod consumer;
mod instances;
mod phases;
mod rows;

use crate::rounds::interleave;
use crate::row::Row;
use anyhow::{Context, Result};
use consumer::Consumed;
use phases::Round;

/// Numbers of instances.
const INSTANCES: [usize; 3] = [1, 2, 4];

/// What renders, and how it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Workbench, drawn into drafts: the way that users are told to take.
    Workbench,
    /// Workbench, arrays: copied by `publish`.
    WorkbenchArrays,
    Cycles,
    /// Of fewer pixels: without a graphics card a frame takes seconds.
    Eevee,
}

const WAYS: [Way; 4] = [
    Way::Workbench,
    Way::WorkbenchArrays,
    Way::Cycles,
    Way::Eevee,
];

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Workbench => "Workbench 640×480",
            Self::WorkbenchArrays => "Workbench 640×480, arrays",
            Self::Cycles => "Cycles 640×480, 1 sample",
            Self::Eevee => "EEVEE 320×240, 1 sample",
        }
    }

    /// Of the scene script.
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Workbench => &["--engine", "WORKBENCH"],
            Self::WorkbenchArrays => &["--engine", "WORKBENCH", "--arrays"],
            Self::Cycles => &["--engine", "CYCLES", "--samples", "1"],
            Self::Eevee => &[
                "--engine",
                "EEVEE",
                "--samples",
                "1",
                "--size",
                "320",
                "240",
            ],
        }
    }

    /// Seconds of a phase: several frames of each instance, also without a graphics card.
    fn seconds(self) -> f64 {
        match self {
            Self::Workbench => 2.0,
            Self::WorkbenchArrays => 1.0,
            Self::Cycles => 1.5,
            Self::Eevee => 2.5,
        }
    }
}

/// One way with so many instances.
#[derive(Clone, Copy, Debug)]
struct Case {
    way: Way,
    instances: usize,
}

/// All cases; of a quick run one.
pub(crate) fn rows(rounds: usize, quick: bool) -> Result<Vec<Row>> {
    let cases = WAYS
        .into_iter()
        .flat_map(|way| INSTANCES.map(|instances| Case { way, instances }));
    let cases: Vec<_> = cases.take(if quick { 1 } else { usize::MAX }).collect();
    // The rounds are within a case.
    let measured = interleave(&cases, 1, Case::name, |case| case.run(rounds))?;
    let rows = cases.iter().zip(measured.iter().flatten());
    Ok(rows
        .flat_map(|(case, measured)| rows::of_case(*case, measured))
        .collect())
}

/// What a case has shown.
#[derive(Debug)]
struct Measured {
    rounds: Vec<Round>,
    consumed: Consumed,
}

impl Case {
    fn name(self) -> String {
        format!("{} × {}", self.instances, self.way.name())
    }

    fn run(self, rounds: usize) -> Result<Measured> {
        let folder = tempfile::tempdir()?;
        let instances = instances::start(self, rounds * 2, folder.path())?;
        let limit = instances::limit(self.way.seconds() * 2.0 * rounds as f64);
        let consumed = consumer::consume(&instances, folder.path(), limit)?;
        let reports = instances.reports(folder.path())?;
        let rounds = phases::rounds(&reports);
        (!rounds.is_empty())
            .then_some(Measured { rounds, consumed })
            .context("no instance made a frame in each phase: the machine is too slow")
    }
}
