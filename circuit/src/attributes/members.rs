//! Which group a node or an edge belongs to, and which row of it is its own.
//!
//! Owns that members in the order of their rows, which is nearly always so, need no memory.

use std::ops::Range;

use super::Attributes;
use crate::CircuitError;
use crate::hdf5::read::{Dataset, File};

/// Where the members of a population, or of a block of it, are in its groups.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Members {
    /// All in one group, in the order of its rows.
    Run {
        /// The group's place among all.
        group: u32,
        /// The row of the first.
        first: u64,
        /// How many.
        count: u64,
    },
    /// Anywhere: group and row of each.
    Mixed {
        /// The groups' places among all.
        groups: Vec<u32>,
        /// Their rows.
        rows: Vec<u64>,
    },
}

/// Those members that are in one group.
pub(super) struct Portion {
    /// Their rows in the group.
    pub(super) rows: Rows,
    /// Their places among all members.
    pub(super) at: Places,
}

/// Rows of a group.
pub(super) enum Rows {
    /// One after another.
    Run(Range<u64>),
    /// Any.
    Any(Vec<u64>),
}

/// Places among members.
pub(super) enum Places {
    /// All.
    All,
    /// Some, ascending.
    Some(Vec<usize>),
}

impl Members {
    /// How many.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Run { count, .. } => usize::try_from(*count).unwrap_or(usize::MAX),
            Self::Mixed { groups, .. } => groups.len(),
        }
    }

    /// The members by their groups.
    pub(super) fn by_group(&self) -> Vec<(u32, Portion)> {
        match self {
            Self::Run {
                group,
                first,
                count,
            } => {
                let rows = Rows::Run(*first..first + count);
                vec![(
                    *group,
                    Portion {
                        rows,
                        at: Places::All,
                    },
                )]
            }
            Self::Mixed { groups, rows } => {
                let mut different = groups.clone();
                different.sort_unstable();
                different.dedup();
                let one = |place: u32| {
                    let at: Vec<usize> = (0..)
                        .zip(groups)
                        .filter(|(_, group)| **group == place)
                        .map(|(at, _)| at)
                        .collect();
                    let rows = at.iter().filter_map(|at| rows.get(*at).copied()).collect();
                    (
                        place,
                        Portion {
                            rows: Rows::Any(rows),
                            at: Places::Some(at),
                        },
                    )
                };
                different.into_iter().map(one).collect()
            }
        }
    }
}

/// The columns of a population that say where its members are.
#[derive(Debug)]
pub(crate) struct Placement {
    /// Group and row; `None` where the file has neither: then all are in the group 0.
    columns: Option<(Dataset, Dataset)>,
    names: [&'static str; 2],
    count: u64,
}

impl Placement {
    /// Looks up `node_group_id` and `node_group_index`, or those of edges.
    pub(crate) fn open(
        file: &File,
        root: &str,
        names: [&'static str; 2],
        count: u64,
    ) -> Result<Self, CircuitError> {
        let [group, row] = names.map(|name| file.dataset(&format!("{root}/{name}")));
        let columns = match (group?, row?) {
            (Some(group), Some(row)) => {
                for data in [&group, &row] {
                    if data.rows() != count {
                        let text = format!(
                            "has {} values, the population has {count} members",
                            data.rows()
                        );
                        return Err(data.error(text));
                    }
                }
                Some((group, row))
            }
            (None, None) => None,
            (Some(_), None) => {
                return Err(CircuitError::file(
                    file.path(),
                    format!("{root}/{}", names[1]),
                    "is missing",
                ));
            }
            (None, Some(_)) => {
                return Err(CircuitError::file(
                    file.path(),
                    format!("{root}/{}", names[0]),
                    "is missing",
                ));
            }
        };
        Ok(Self {
            columns,
            names,
            count,
        })
    }

    /// Where some members are; rows beyond their groups are errors.
    pub(crate) fn members(
        &self,
        range: Range<u64>,
        all: &Attributes,
    ) -> Result<Members, CircuitError> {
        let [group_name, row_name] = self.names;
        let count = range.end.saturating_sub(range.start);
        let Some((group, row)) = &self.columns else {
            let group = all.place(0, group_name)?;
            if self.count > 0 {
                all.inside(group, self.count - 1, row_name)?;
            }
            return Ok(Members::Run {
                group,
                first: range.start,
                count,
            });
        };
        let ids: Vec<u64> = group.read_rows(range.clone())?;
        let rows: Vec<u64> = row.read_rows(range)?;
        let (Some(first_id), Some(first)) = (ids.first().copied(), rows.first().copied()) else {
            return Ok(Members::Run {
                group: 0,
                first: 0,
                count: 0,
            });
        };
        let place = all.place(first_id, group_name)?;
        let one = ids.iter().all(|id| *id == first_id);
        let run = one && (first..).zip(&rows).all(|(next, row)| next == *row);
        if run && rows.len() as u64 == count && first.checked_add(count).is_some() {
            all.inside(place, first + count - 1, row_name)?;
            return Ok(Members::Run {
                group: place,
                first,
                count,
            });
        }
        let mut known = (first_id, place);
        let mut groups = Vec::with_capacity(ids.len());
        let mut most: Vec<(u32, u64)> = Vec::new();
        for (id, row) in ids.iter().zip(&rows) {
            if *id != known.0 {
                known = (*id, all.place(*id, group_name)?);
            }
            groups.push(known.1);
            match most.iter_mut().find(|(place, _)| *place == known.1) {
                Some((_, most)) => *most = (*most).max(*row),
                None => most.push((known.1, *row)),
            }
        }
        for (place, most) in most {
            all.inside(place, most, row_name)?;
        }
        Ok(Members::Mixed { groups, rows })
    }
}
