//! Shapes of cells: points with a radius, each but roots with a parent.
//!
//! Owns what is true of every morphology: a parent stands before its children, a branch is a run of
//! points, coordinates are numbers. Which file has what is known to `swc` and to `bsb`; nothing
//! is drawn, and no cell is placed.

mod labels;
mod swc;

use std::path::Path;

pub use labels::Labels;

use crate::CircuitError;

/// A branch: points one after another, without a fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Branch {
    /// Its first point.
    pub start: u32,
    /// The point after its last.
    pub stop: u32,
    /// The branch that it begins at the end of; `None` for a root.
    pub parent: Option<u32>,
}

/// The shape of a cell, µm, as its file has it.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Morphology {
    /// Its name; of a file, that without folder and ending.
    pub name: String,
    /// The points; a parent stands before its children.
    pub points: Vec<[f32; 3]>,
    /// The radius at each point.
    pub radii: Vec<f32>,
    /// The point that each goes on from; −1 for roots.
    pub parents: Vec<i32>,
    /// The branches; they cover the points in order, and a parent stands before its children.
    pub branches: Vec<Branch>,
    /// What the points belong to: `soma`, `axon`, …
    pub labels: Labels,
}

impl Morphology {
    /// Reads an SWC file.
    ///
    /// # Errors
    /// The file cannot be read; a line is none of a point, a parent is missing or a point is its own
    /// ancestor: which line.
    pub fn from_swc(path: &Path) -> Result<Self, CircuitError> {
        swc::read(path)
    }

    /// Puts the branches' ends to the points, each branch from the end of its parent on, and checks all.
    /// The rows are `x, y, z, radius`; `branches` has the row after the last of each branch, and the
    /// branch's parent (negative: a root).
    ///
    /// # Errors
    /// In words, what does not fit.
    pub(crate) fn of_branches(
        name: &str,
        rows: &[[f64; 4]],
        branches: &[(i64, i64)],
    ) -> Result<Self, String> {
        i32::try_from(rows.len()).map_err(|_| "has over 2^31 points".to_owned())?;
        let mut this = Self {
            name: name.to_owned(),
            ..Self::default()
        };
        for (at, row) in rows.iter().enumerate() {
            this.point(*row)
                .map_err(|text| format!("row {at} {text}"))?;
        }
        // The last point of each branch, or of its nearest ancestor that has one.
        let mut ends: Vec<i32> = Vec::with_capacity(branches.len());
        let mut start = 0_u32;
        for (at, (stop, parent)) in branches.iter().enumerate() {
            let known = usize::try_from(*stop)
                .ok()
                .filter(|stop| *stop <= rows.len());
            let Some(stop) = known
                .and_then(|stop| u32::try_from(stop).ok())
                .filter(|stop| *stop >= start)
            else {
                return Err(format!(
                    "branch {at} ends at {stop}; ends ascend, and there are {} points",
                    rows.len()
                ));
            };
            let parent = match usize::try_from(*parent) {
                Err(_) => None,
                Ok(parent) if parent < at => Some(parent),
                Ok(parent) => {
                    return Err(format!(
                        "branch {at} goes on from {parent}, which is no branch before it"
                    ));
                }
            };
            let mut last = parent
                .and_then(|parent| ends.get(parent))
                .copied()
                .unwrap_or(-1);
            for point in start..stop {
                this.parents.push(last);
                last = i32::try_from(point).unwrap_or(-1);
            }
            ends.push(last);
            this.branches.push(Branch {
                start,
                stop,
                parent: parent.and_then(|parent| u32::try_from(parent).ok()),
            });
            start = stop;
        }
        if this.parents.len() != rows.len() {
            return Err(format!(
                "has {} points, and its branches end at {start}",
                rows.len()
            ));
        }
        Ok(this)
    }

    /// Moves it so that its soma is at 0, as SONATA has it: the first point that is labelled so, or the
    /// first of all.
    pub(crate) fn center(&mut self) {
        let soma = (0..self.points.len()).find(|at| self.labels.has(*at, "soma"));
        let Some([x, y, z]) = self.points.get(soma.unwrap_or(0)).copied() else {
            return;
        };
        for point in &mut self.points {
            let [a, b, c] = *point;
            *point = [a - x, b - y, c - z];
        }
    }

    fn point(&mut self, [x, y, z, radius]: [f64; 4]) -> Result<(), String> {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "what is beyond an f32 is infinite, and refused"
        )]
        let [x, y, z, radius] = [x, y, z, radius].map(|one| one as f32);
        if ![x, y, z].iter().all(|one| one.is_finite()) {
            return Err(format!("is at ({x}, {y}, {z}), which is no place"));
        }
        if !(radius.is_finite() && radius >= 0.0) {
            return Err(format!("has the radius {radius}; 0 or more is needed"));
        }
        self.points.push([x, y, z]);
        self.radii.push(radius);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
