//! A population of cells that can be drawn.
//!
//! Owns what is true of every file's cells: as many of everything as there are cells, and a place for
//! each. Reads no file.

use std::path::Path;

use super::CellIds;
use crate::Problems;

/// The radius of cells whose file says none, in µm.
pub const DEFAULT_RADIUS: f32 = 5.0;

/// Which axis of a file's positions points up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Up {
    /// The second: BSB of version 3.
    Y,
    /// The third: all others.
    Z,
}

impl Up {
    /// `y` or `z`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Y => "y",
            Self::Z => "z",
        }
    }

    /// Where Blender has a position of the file: BSB's module for version 3 changes y and z, which
    /// mirrors, and so does this.
    pub fn location(self, [x, y, z]: [f32; 3]) -> [f32; 3] {
        match self {
            Self::Y => [x, z, y],
            Self::Z => [x, y, z],
        }
    }
}

/// The cells of one kind. A cell's *index* is its place in these columns, its *id* what the file calls
/// it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CellPopulation {
    /// Its name.
    pub name: String,
    /// The name that people are shown; the name, where the file has none.
    pub display_name: String,
    /// Whether its cells have no place: fibres and virtual nodes. `positions` is empty then.
    pub entity: bool,
    /// The cells' ids: of BSB 3 unique over all populations, else within this one.
    pub ids: CellIds,
    /// Where the cells are, µm, as in the file.
    pub positions: Vec<[f32; 3]>,
    /// Which axis points up.
    pub up: Up,
    /// How the cells are turned, degrees about the fixed axes x, y, z in this order (Euler `xyz`).
    pub rotations: Option<Vec<[f32; 3]>>,
    /// The radius of the somata in µm; [`DEFAULT_RADIUS`] where nothing says it.
    pub radius: f32,
    /// Whether the file says the radius.
    pub radius_known: bool,
    /// The radius of each soma in µm, where they differ.
    pub radii: Option<Vec<f32>>,
    /// Red, green, blue and opacity in 0..1, as the file has them (sRGB).
    pub color: Option<[f32; 4]>,
    /// The morphologies that cells have.
    pub morphologies: Vec<String>,
    /// For each cell the place in `morphologies`, −1 where it has none.
    pub morphology_of: Option<Vec<i32>>,
    /// Cells of the file that have no place, and were left out.
    pub left_out: u64,
}

impl CellPopulation {
    /// One without any cell.
    pub(crate) fn new(name: &str, up: Up) -> Self {
        Self {
            name: name.to_owned(),
            display_name: name.to_owned(),
            entity: false,
            ids: CellIds::default(),
            positions: Vec::new(),
            up,
            rotations: None,
            radius: DEFAULT_RADIUS,
            radius_known: false,
            radii: None,
            color: None,
            morphologies: Vec::new(),
            morphology_of: None,
            left_out: 0,
        }
    }

    /// How many cells there are.
    pub fn len(&self) -> u64 {
        self.ids.len()
    }

    /// How many cells the file has.
    pub(crate) fn rows(&self) -> u64 {
        self.len().saturating_add(self.left_out)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The index of a cell.
    pub fn index_of(&self, id: i64) -> Option<u32> {
        self.ids
            .index_of(id)
            .and_then(|index| u32::try_from(index).ok())
    }

    /// Takes the radius of each cell, µm; what is none is the default's. Their median is `radius`.
    pub(crate) fn sized(&mut self, radii: &[f64]) {
        let known = |one: &&f64| one.is_finite() && **one > 0.0;
        let mut sorted: Vec<f64> = radii.iter().filter(known).copied().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let Some(middle) = sorted.get(sorted.len() / 2).copied() else {
            return;
        };
        #[allow(clippy::cast_possible_truncation, reason = "radii in µm")]
        let narrow = |one: f64| one as f32;
        self.radius_known = true;
        self.radius = narrow(middle);
        let radius = |one: &f64| match known(&one) {
            true => narrow(*one),
            false => DEFAULT_RADIUS,
        };
        self.radii = Some(radii.iter().map(radius).collect());
    }

    /// Leaves out cells whose position is no number, and says how many and which; turns cells not at
    /// all whose rotation is none.
    pub(crate) fn settle(&mut self, file: &Path, key: &str, problems: &mut Problems) {
        let nowhere = |position: &[f32; 3]| !position.iter().all(|one| one.is_finite());
        let lost = self.positions.iter().filter(|one| nowhere(one)).count();
        if lost > 0 {
            let first = self.positions.iter().position(nowhere).unwrap_or_default();
            let id = self.ids.iter().nth(first).unwrap_or_default();
            let all = self.positions.len();
            let text = format!(
                "the positions of {lost} of {all} cells are no numbers (the first is the cell {id}); these cells are left out"
            );
            problems.warning(file, key, text);
            let kept: Vec<bool> = self.positions.iter().map(|one| !nowhere(one)).collect();
            self.keep(&kept);
            self.left_out = lost as u64;
        }
        let Some(rotations) = &mut self.rotations else {
            return;
        };
        let mut wrong = 0_usize;
        for one in rotations.iter_mut() {
            if !one.iter().all(|angle| angle.is_finite()) {
                *one = [0.0; 3];
                wrong += 1;
            }
        }
        if wrong > 0 {
            let text =
                format!("the rotations of {wrong} cells are no numbers; they are not turned");
            problems.warning(file, key, text);
        }
    }

    fn keep(&mut self, kept: &[bool]) {
        fn only<T>(values: &mut Vec<T>, kept: &[bool]) {
            let mut flags = kept.iter();
            values.retain(|_| flags.next().copied().unwrap_or(false));
        }
        let stays = |index: u64| {
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            kept.get(index).copied().unwrap_or(false)
        };
        self.ids = self.ids.only(stays);
        only(&mut self.positions, kept);
        if let Some(rotations) = &mut self.rotations {
            only(rotations, kept);
        }
        if let Some(radii) = &mut self.radii {
            only(radii, kept);
        }
        if let Some(of) = &mut self.morphology_of {
            only(of, kept);
        }
    }
}

/// Positions as they are drawn: 24 bits of each number.
pub(crate) fn narrowed(values: &[f64]) -> Vec<[f32; 3]> {
    let rows = values.as_chunks::<3>().0.iter();
    #[allow(
        clippy::cast_possible_truncation,
        reason = "what is beyond an f32 is infinite, and left out as no place"
    )]
    rows.map(|row| row.map(|one| one as f32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_without_a_place_are_left_out_and_the_others_keep_their_ids() {
        let mut population = CellPopulation::new("golgi_cell", Up::Y);
        population.ids = CellIds::of_runs([(10, 4)]).unwrap();
        population.positions = narrowed(&[
            1.0,
            2.0,
            3.0,
            f64::NAN,
            0.0,
            0.0,
            4.0,
            5.0,
            6.0,
            1e300,
            0.0,
            0.0,
        ]);
        population.rotations = Some(vec![[0.0; 3], [1.0; 3], [f32::NAN; 3], [3.0; 3]]);
        population.morphology_of = Some(vec![0, 1, 2, 3]);
        let mut problems = Problems::new();
        population.settle(Path::new("net.hdf5"), "/cells", &mut problems);
        assert_eq!(population.ids.iter().collect::<Vec<_>>(), [10, 12]);
        assert_eq!(population.positions, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(population.rotations, Some(vec![[0.0; 3], [0.0; 3]]));
        assert_eq!(population.morphology_of, Some(vec![0, 2]));
        assert_eq!(population.index_of(12), Some(1));
        assert_eq!(population.index_of(11), None);
        let said = problems.to_string();
        assert!(
            said.contains("2 of 4 cells") && said.contains("cell 11"),
            "{said}"
        );
        assert!(said.contains("rotations of 1"), "{said}");
    }
}
