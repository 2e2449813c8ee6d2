//! Filling an array with a frame's activity.
//!
//! Owns what is remembered of the array between two frames: few cells are not at rest at a time, so those
//! of the last frame are put to rest and those of the new one get their values; the others are not
//! touched. Of an array that is another one each time nothing is remembered: all of it is written.

#[cfg(test)]
mod tests;

use super::{Activity, ActivityError, Painter};

/// Where more than one in so many cells was given a value, writing all anew is faster than those.
const MANY: usize = 16;

/// So many are few, of however many cells.
const FEW: usize = 64;

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
    checked(cells, frame, out)?;
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
    let mut painter = Painter::new(out, Some(&mut kept.touched), &mut kept.seen);
    activity.paint(frame, &mut painter)?;
    match painter.of_all() {
        Some(active) => Ok(active),
        None => {
            kept.rest = Some(rest);
            kept.cells = cells;
            kept.still = none && kept.touched.is_empty();
            Ok(kept.touched.len())
        }
    }
}

/// Fills an array, `(cells,)`, with the activity of a frame, whatever it holds, and remembers nothing of it;
/// how many cells are not at rest. `kept` is of another array, which the next call of [`fill`] writes as a
/// whole.
///
/// # Errors
/// As those of [`fill`].
pub fn fill_whole<A: Activity + ?Sized>(
    activity: &mut A,
    frame: f64,
    out: &mut [f32],
    kept: &mut Kept,
) -> Result<usize, ActivityError> {
    checked(activity.cells(), frame, out)?;
    kept.forget();
    kept.still = false;
    out.fill(activity.rest(frame));
    let mut painter = Painter::new(out, None, &mut kept.seen);
    activity.paint(frame, &mut painter)?;
    Ok(painter.of_all().unwrap_or_else(|| painter.given()))
}

/// The value of all cells at a frame, where all of them are at rest.
///
/// # Errors
/// The frame is no number, or what is shown cannot be read.
pub fn level<A: Activity + ?Sized>(
    activity: &mut A,
    frame: f64,
) -> Result<Option<f32>, ActivityError> {
    if !frame.is_finite() {
        return Err(ActivityError::Frame(frame));
    }
    let mut seen = Vec::new();
    let mut painter = Painter::counting(activity.cells(), &mut seen);
    activity.paint(frame, &mut painter)?;
    let none = painter.of_all().is_none() && painter.given() == 0;
    Ok(none.then(|| activity.rest(frame)))
}

fn checked(cells: usize, frame: f64, out: &[f32]) -> Result<(), ActivityError> {
    if out.len() != cells {
        let given = out.len();
        return Err(ActivityError::Array { given, cells });
    }
    match frame.is_finite() {
        true => Ok(()),
        false => Err(ActivityError::Frame(frame)),
    }
}
