//! What of a network's activity is shown at a time: a value for each cell, for any frame.
//!
//! Owns spikes in order ([`SpikeIndex`]), the clock of a video ([`Timeline`]), and the kinds of activity:
//! BSB's [`Pulsar`], a [`Flash`] for each spike, its [`Decay`], the fluorescence of an [`Indicator`], and
//! what was recorded as [`Traces`]. Every one is a function of the frame, by random access: nothing depends
//! on which frame was asked for before. It reads no network and draws nothing; times are in ms, frames may
//! be fractions.

mod decay;
mod error;
mod fill;
mod flash;
mod indicator;
mod line;
mod painter;
mod pulsar;
mod spikes;
mod sums;
#[cfg(test)]
mod tests;
mod traces;

pub use decay::Decay;
pub use error::ActivityError;
pub use fill::{Kept, fill, fill_whole, level};
pub use flash::Flash;
pub use indicator::{Indicator, IndicatorStyle};
pub use line::Timeline;
pub use painter::Painter;
pub use pulsar::{Pulsar, PulsarStyle};
pub use spikes::{Counts, MOST_CELLS, SpikeIndex};
pub use traces::{Between, Outside, Traces, TracesStyle};

/// A value for each cell of a population, at any frame.
pub trait Activity: Send {
    /// What kind it is, as descriptions name it.
    fn kind(&self) -> &'static str;

    /// How many cells.
    fn cells(&self) -> usize;

    /// The lowest and the highest value that is meant to be shown; cells at rest may be below.
    fn range(&self) -> (f32, f32);

    /// Whether painting reads a file: then it may take long, and fail.
    fn reads(&self) -> bool {
        false
    }

    /// The value of cells that do nothing at a frame.
    fn rest(&self, frame: f64) -> f32;

    /// Gives the cells that are not at rest their values; all others have [`rest`](Self::rest) already.
    ///
    /// # Errors
    /// Where what is shown cannot be read.
    fn paint(&mut self, frame: f64, painter: &mut Painter<'_>) -> Result<(), ActivityError>;
}
