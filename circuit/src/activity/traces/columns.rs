//! Which column of a report a cell shows.

use std::collections::HashMap;

use crate::activity::{ActivityError, MOST_CELLS};
use crate::reports::ReportPopulation;

/// No column.
const NONE: u32 = u32::MAX;

/// What does not go together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outside {
    /// Nodes of the report that are none of the cells.
    pub nodes: usize,
    /// Cells that the report does not have.
    pub cells: usize,
}

/// The column of each cell.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    of: Vec<u32>,
    /// The ids of cells where they are not their indices.
    ids: Option<Vec<i64>>,
    outside: Outside,
    /// Whether column k is cell k's, all along.
    same: bool,
}

impl Columns {
    pub(super) fn of(
        report: &ReportPopulation,
        cells: Option<usize>,
        ids: Option<&[i64]>,
    ) -> Result<Self, ActivityError> {
        let most = report.node_ids().iter().max().copied().unwrap_or_default();
        let asked = usize::try_from(most).unwrap_or(usize::MAX);
        let cells = match ids {
            Some(ids) => ids.len(),
            None => cells.unwrap_or(asked.saturating_add(1)),
        };
        if cells > MOST_CELLS {
            return Err(ActivityError::Cells(cells));
        }
        if u32::try_from(report.columns()).is_err() {
            return Err(ActivityError::Words(format!(
                "the report has {} columns: more than can be shown",
                report.columns()
            )));
        }
        let index: Option<HashMap<i64, usize>> =
            ids.map(|ids| ids.iter().copied().zip(0..).collect());
        let cell_of = |node: u64| match &index {
            Some(index) => index.get(&i64::try_from(node).ok()?).copied(),
            None => usize::try_from(node).ok(),
        };
        let mut of = vec![NONE; cells];
        let mut outside = Outside::default();
        let pointers = report.index_pointers();
        let ends = pointers.iter().zip(pointers.iter().skip(1));
        for (node, (start, end)) in report.node_ids().iter().zip(ends) {
            let Some(place) = cell_of(*node).and_then(|cell| of.get_mut(cell)) else {
                outside.nodes += 1;
                continue;
            };
            if let (Ok(start), Ok(end)) = (usize::try_from(*start), usize::try_from(*end)) {
                let elements = report.element_ids().get(start..end).unwrap_or_default();
                if !elements.is_empty() {
                    let soma = elements.iter().position(|element| *element == 0);
                    let column = start + soma.unwrap_or_default();
                    *place = u32::try_from(column).unwrap_or(NONE);
                }
            }
        }
        outside.cells = of.iter().filter(|column| **column == NONE).count();
        let same = (0..).zip(&of).all(|(cell, column)| cell == *column);
        Ok(Self {
            of,
            ids: ids.map(<[i64]>::to_vec),
            outside,
            same,
        })
    }

    pub(super) fn cells(&self) -> usize {
        self.of.len()
    }

    pub(super) fn outside(&self) -> Outside {
        self.outside
    }

    /// What the report calls a cell.
    pub(super) fn id_of(&self, cell: usize) -> Option<u64> {
        if cell >= self.of.len() {
            return None;
        }
        match &self.ids {
            Some(ids) => u64::try_from(*ids.get(cell)?).ok(),
            None => u64::try_from(cell).ok(),
        }
    }

    /// Calls `each` with every cell that has a column.
    pub(super) fn each(&self, mut each: impl FnMut(usize, usize)) {
        if self.same {
            return (0..self.of.len()).for_each(|cell| each(cell, cell));
        }
        for (cell, column) in self.of.iter().enumerate() {
            if *column != NONE {
                each(cell, *column as usize);
            }
        }
    }
}
