//! Filling an array with a frame's activity.
//!
//! Owns what is remembered of the array between two frames: few cells are not at rest at a time, so those
//! of the last frame are put to rest and those of the new one get their values; the others are not
//! touched.

use super::{Activity, ActivityError};

/// Where more than one in so many cells was given a value, writing all anew is faster than those.
const MANY: usize = 16;

/// So many are few, of however many cells.
const FEW: usize = 64;

/// Where activity is painted.
#[derive(Debug)]
pub struct Painter<'a> {
    out: &'a mut [f32],
    touched: &'a mut Vec<u32>,
    /// A bit for each cell that [`set_once`](Self::set_once) gave its value.
    seen: &'a mut Vec<u64>,
    /// Cells that are not at rest, where all are painted.
    all: Option<usize>,
}

impl Painter<'_> {
    /// Gives a cell its value. Each cell gets one value a frame.
    pub fn set(&mut self, cell: u32, value: f32) {
        if let Some(place) = self.out.get_mut(cell as usize) {
            *place = value;
            self.touched.push(cell);
        }
    }

    /// Gives a cell its value unless it has one already in this frame. The value is reckoned where it is
    /// needed.
    pub fn set_once(&mut self, cell: u32, value: impl FnOnce() -> f32) {
        if self.seen.is_empty() {
            // A bit for each cell: most of what is met again is known from memory that is near.
            self.seen.resize(self.out.len().div_ceil(64), 0);
        }
        let (word, bit) = (cell as usize / 64, 1_u64 << (cell % 64));
        if let Some(word) = self.seen.get_mut(word).filter(|word| **word & bit == 0) {
            *word |= bit;
            self.set(cell, value());
        }
    }

    /// So many cells will be given a value, or fewer.
    pub fn expect(&mut self, cells: usize) {
        self.touched.reserve(cells.min(self.out.len()));
    }

    /// How many cells were given a value.
    pub fn given(&self) -> usize {
        self.touched.len()
    }

    /// All cells at once, for activity that changes all of them. `paint` gives each its value and says
    /// how many are not at rest.
    pub fn all(&mut self, paint: impl FnOnce(&mut [f32]) -> usize) {
        self.all = Some(paint(self.out));
    }
}

/// What an array holds since it was filled last. It is of one array: another one needs another.
#[derive(Debug, Default)]
pub struct Kept {
    touched: Vec<u32>,
    seen: Vec<u64>,
    /// The value of all others; `None` where all have to be written.
    rest: Option<f32>,
    cells: usize,
    still: bool,
}

impl Kept {
    /// Forgets the array: the next frame writes all of it.
    pub fn forget(&mut self) {
        self.rest = None;
    }

    /// Whether the last frame left the array as it was.
    pub fn still(&self) -> bool {
        self.still
    }
}

/// Fills an array, `(cells,)`, with the activity of a frame; how many cells are not at rest.
///
/// `kept` is what the last call left of the same array, which nobody else has written to since; see
/// [`Kept::forget`].
///
/// # Errors
/// The array has another length, the frame is no number, or what is shown cannot be read; then the next
/// call writes the whole array.
pub fn fill<A: Activity + ?Sized>(
    activity: &mut A,
    frame: f64,
    out: &mut [f32],
    kept: &mut Kept,
) -> Result<usize, ActivityError> {
    let cells = activity.cells();
    if out.len() != cells {
        let given = out.len();
        return Err(ActivityError::Array { given, cells });
    }
    if !frame.is_finite() {
        return Err(ActivityError::Frame(frame));
    }
    let rest = activity.rest(frame);
    let was = kept.rest.take().filter(|_| kept.cells == cells);
    #[allow(clippy::float_cmp, reason = "it is the very value that was written")]
    let same = was.is_some_and(|was| was == rest);
    let none = same && kept.touched.is_empty();
    kept.still = false;
    if same && kept.touched.len() <= FEW + cells / MANY {
        for cell in &kept.touched {
            if let Some(place) = out.get_mut(*cell as usize) {
                *place = rest;
            }
        }
    } else {
        out.fill(rest);
    }
    kept.touched.clear();
    kept.seen.clear();
    let mut painter = Painter {
        out,
        touched: &mut kept.touched,
        seen: &mut kept.seen,
        all: None,
    };
    activity.paint(frame, &mut painter)?;
    match painter.all {
        Some(active) => Ok(active),
        None => {
            kept.rest = Some(rest);
            kept.cells = cells;
            kept.still = none && kept.touched.is_empty();
            Ok(kept.touched.len())
        }
    }
}
