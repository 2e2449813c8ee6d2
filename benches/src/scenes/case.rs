//! A case: what renders and how it is published, by so many instances.

/// Numbers of instances.
pub(super) const INSTANCES: [usize; 3] = [1, 2, 4];

/// What renders, and how it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
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
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Workbench => "Workbench 640×480",
            Self::WorkbenchArrays => "Workbench 640×480, arrays",
            Self::Cycles => "Cycles 640×480, 1 sample",
            Self::Eevee => "EEVEE 320×240, 1 sample",
        }
    }

    /// Of the scene script.
    pub(super) fn arguments(self) -> &'static [&'static str] {
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
    pub(super) fn seconds(self) -> f64 {
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
pub(super) struct Case {
    pub(super) way: Way,
    pub(super) instances: usize,
}

impl Case {
    pub(super) fn name(self) -> String {
        format!("{} × {}", self.instances, self.way.name())
    }
}

/// All cases; of a quick run one.
pub(super) fn cases(quick: bool) -> Vec<Case> {
    let cases = WAYS
        .into_iter()
        .flat_map(|way| INSTANCES.map(|instances| Case { way, instances }));
    cases.take(if quick { 1 } else { usize::MAX }).collect()
}
