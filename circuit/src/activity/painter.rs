//! Where activity is painted: an array with a value for each cell.
//!
//! Owns that a cell gets one value a frame, and how many cells get one.

/// Where activity is painted.
#[derive(Debug)]
pub struct Painter<'a> {
    out: &'a mut [f32],
    cells: usize,
    given: usize,
    /// The cells that were given a value, where they are to be remembered.
    touched: Option<&'a mut Vec<u32>>,
    /// A bit for each cell that [`set_once`](Self::set_once) gave its value.
    seen: &'a mut Vec<u64>,
    /// Cells that are not at rest, where all are painted.
    all: Option<usize>,
}

impl<'a> Painter<'a> {
    /// On an array of values at rest. `seen` is memory that may be used.
    pub(super) fn new(
        out: &'a mut [f32],
        touched: Option<&'a mut Vec<u32>>,
        seen: &'a mut Vec<u64>,
    ) -> Self {
        let cells = out.len();
        seen.clear();
        Self {
            out,
            cells,
            given: 0,
            touched,
            seen,
            all: None,
        }
    }

    /// On nothing: what is painted of so many cells is counted.
    pub(super) fn counting(cells: usize, seen: &'a mut Vec<u64>) -> Self {
        let nothing = Self::new(&mut [], None, seen);
        Self { cells, ..nothing }
    }

    /// Gives cells one value. Each cell gets one value a frame.
    pub fn level(&mut self, cells: &[u32], value: f32) {
        if !self.out.is_empty() {
            for cell in cells {
                if let Some(place) = self.out.get_mut(*cell as usize) {
                    *place = value;
                }
            }
        }
        self.given += cells.len();
        if let Some(touched) = &mut self.touched {
            touched.extend_from_slice(cells);
        }
    }

    /// Gives a cell its value unless it has one already in this frame. The value is reckoned where it is
    /// needed.
    pub fn set_once(&mut self, cell: u32, value: impl FnOnce() -> f32) {
        if self.seen.is_empty() {
            // A bit for each cell: most of what is met again is known from memory that is near.
            self.seen.resize(self.cells.div_ceil(64), 0);
        }
        let (word, bit) = (cell as usize / 64, 1_u64 << (cell % 64));
        if let Some(word) = self.seen.get_mut(word).filter(|word| **word & bit == 0) {
            *word |= bit;
            self.level(&[cell], value());
        }
    }

    /// How many cells were given a value.
    pub fn given(&self) -> usize {
        self.given
    }

    /// All cells at once, for activity that changes all of them. `paint` gives each its value and says
    /// how many are not at rest.
    pub fn all(&mut self, paint: impl FnOnce(&mut [f32]) -> usize) {
        self.all = Some(paint(self.out));
    }

    /// Cells that are not at rest, where all were painted.
    pub(super) fn of_all(&self) -> Option<usize> {
        self.all
    }
}
