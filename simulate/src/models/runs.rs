//! Cells that stand side by side and have equal constants, so that one copy serves them all.

/// A stretch of cells with the same constants.
#[derive(Debug, Clone)]
pub(crate) struct Run<C> {
    pub(crate) constants: C,
    /// The first cell.
    pub(crate) from: usize,
    /// The one behind the last.
    pub(crate) to: usize,
}

/// The constants of all cells of a group, in the order of the cells.
#[derive(Debug, Clone)]
pub(crate) struct Runs<C>(pub(crate) Vec<Run<C>>);

impl<C: Clone> Runs<C> {
    /// From stretches of equal parameters, each with its number of cells.
    pub(crate) fn new(stretches: impl Iterator<Item = (C, usize)>) -> Self {
        let mut from = 0;
        let runs = stretches
            .map(|(constants, cells)| {
                let run = Run {
                    constants,
                    from,
                    to: from + cells,
                };
                from = run.to;
                run
            })
            .collect();
        Self(runs)
    }

    /// The number of cells.
    pub(crate) fn cells(&self) -> usize {
        self.0.last().map_or(0, |run| run.to)
    }

    /// The constants of a cell.
    pub(crate) fn of(&self, cell: usize) -> Option<&C> {
        let at = self.0.partition_point(|run| run.to <= cell);
        self.0.get(at).map(|run| &run.constants)
    }

    /// Gives one cell constants of its own.
    pub(crate) fn replace(&mut self, cell: usize, constants: C) {
        let at = self.0.partition_point(|run| run.to <= cell);
        let Some(run) = self.0.get(at).cloned() else {
            return;
        };
        let part = |constants: &C, from, to| Run {
            constants: constants.clone(),
            from,
            to,
        };
        let parts = [
            part(&run.constants, run.from, cell),
            part(&constants, cell, cell + 1),
            part(&run.constants, cell + 1, run.to),
        ];
        self.0.splice(
            at..=at,
            parts.into_iter().filter(|part| part.from < part.to),
        );
    }
}

/// Appends the places of the values that are at the threshold or above, in rising order, each with
/// `from` added.
#[inline(always)]
pub(crate) fn at_or_above(values: &[f64], threshold: f64, from: usize, found: &mut Vec<u32>) {
    const TOGETHER: usize = 16;
    let mut first = from;
    for some in values.chunks(TOGETHER) {
        // Without a branch for each: mostly none is.
        if some
            .iter()
            .fold(false, |any, value| any | (*value >= threshold))
        {
            for (at, value) in some.iter().enumerate() {
                if *value >= threshold {
                    found.push((first + at) as u32);
                }
            }
        }
        first += TOGETHER;
    }
}
