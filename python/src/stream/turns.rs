//! What a loop is given, one thing after another.
//!
//! Owns the turns that threads take, the signals that are served between them, and how an iteration's
//! end is told; of several workers the last tells what of the publishers has failed. An iteration is
//! an epoch: another may follow, with a desk of its own. It must never know what is given.

use super::books::Desk;
use super::stats::{receipts_to_json, stats_to_python};
use crate::errors;
use btt::{Error, StatsHandle};
use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where what is given comes from. Nothing of it needs the GIL.
pub(super) trait Source: Send {
    /// One of them.
    type Next: Send;

    /// Waits a slice for the next one.
    fn next(&mut self) -> Result<Option<Self::Next>, Error>;

    /// Whether there is no next one.
    fn is_finished(&self) -> bool;

    /// Ends it for good.
    fn close(&mut self) -> Result<(), Error>;
}

/// A source that threads take turns with.
pub(super) struct Turns<S> {
    line: Mutex<Line<S>>,
    stats: StatsHandle,
    process: u32,
}

/// What whoever has the turn has.
struct Line<S> {
    source: S,
    desk: Option<Desk>,
}

impl<S: Source> Turns<S> {
    /// Of a source with these counters; a worker's are written to its desk too.
    pub(super) fn new(source: S, stats: StatsHandle, desk: Option<Bound<'_, Desk>>) -> Self {
        Self {
            line: Mutex::new(Line {
                source,
                desk: desk.map(|desk| desk.get().clone()),
            }),
            stats,
            process: std::process::id(),
        }
    }

    /// The next one, as `give` makes a dict of it; waits without the GIL. After an error the
    /// iteration may go on.
    pub(super) fn next<'py>(
        &self,
        py: Python<'py>,
        give: impl FnOnce(S::Next) -> PyResult<Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        errors::refuse_child(self.process)?;
        loop {
            let mut turn = self.turn(py);
            let Line { source, desk } = &mut *turn;
            let next = py.detach(|| {
                let next = source.next();
                if let Some(desk) = desk {
                    desk.now_and_then(&self.stats);
                }
                next
            });
            match next.map_err(|error| self.failed(&error, desk.as_ref()))? {
                Some(next) => return give(next),
                None if source.is_finished() => return Err(self.ended(None, desk.as_ref())),
                None => {}
            }
            drop(turn);
            py.check_signals()?;
        }
    }

    /// Whether the iteration has ended: a next epoch may begin.
    pub(super) fn is_finished(&self, py: Python<'_>) -> bool {
        errors::refuse_child(self.process).is_ok() && self.turn(py).source.is_finished()
    }

    /// Begins the next epoch as `begin` says, which is false where nothing more will come. A worker's
    /// counters go on at this desk.
    pub(super) fn next_epoch(
        &self,
        py: Python<'_>,
        desk: Option<Bound<'_, Desk>>,
        begin: impl FnOnce(&mut S) -> Result<bool, Error> + Send,
    ) -> PyResult<bool> {
        errors::refuse_child(self.process)?;
        let mut turn = self.turn(py);
        let line = &mut *turn;
        let source = &mut line.source;
        let begun = py.detach(|| begin(source));
        let goes_on = begun.map_err(|error| errors::consumer(&error))?;
        if goes_on {
            let desk = desk.map(|desk| desk.get().clone());
            if let (Some(desk), Some(before)) = (&desk, &line.desk) {
                desk.follow(before);
            }
            line.desk = desk;
        }
        Ok(goes_on)
    }

    /// The counters as a dict.
    pub(super) fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats_to_python(py, &self.stats.get())
    }

    /// The sequence numbers received, as JSON.
    pub(super) fn receipts(&self) -> PyResult<String> {
        receipts_to_json(&self.stats)
    }

    /// Counts items that were taken and could not be given.
    pub(super) fn count_discarded(&self, items: usize) {
        self.stats.count_discarded(items);
    }

    /// Ends the iteration for good.
    pub(super) fn close(&self, py: Python<'_>) -> PyResult<()> {
        if errors::refuse_child(self.process).is_err() {
            return Ok(()); // it is the parent's to close
        }
        let mut turn = self.turn(py);
        let Line { source, desk } = &mut *turn;
        let closed = py.detach(|| source.close());
        if let Some(desk) = desk {
            desk.end(&self.stats, None);
        }
        closed.map_err(|error| errors::consumer(&error))
    }

    /// Waits for this thread's turn, without the GIL.
    fn turn(&self, py: Python<'_>) -> MutexGuard<'_, Line<S>> {
        self.line
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The end of an iteration, as Python's exception. Of several workers, the last tells what of the
    /// publishers has failed.
    fn ended(&self, failed: Option<String>, desk: Option<&Desk>) -> PyErr {
        match desk.and_then(|desk| desk.end(&self.stats, failed)) {
            Some(failed) => errors::instance_failed(failed),
            None => PyStopIteration::new_err(()),
        }
    }

    /// An error of an iteration, as Python's exception.
    fn failed(&self, error: &Error, desk: Option<&Desk>) -> PyErr {
        match (error, desk) {
            (Error::Failed { .. }, Some(_)) => self.ended(Some(error.to_string()), desk),
            _ => errors::consumer(error),
        }
    }
}
