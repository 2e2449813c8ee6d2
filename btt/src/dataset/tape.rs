//! The recording of what a dataset delivers, if there is one.
//!
//! Owns the recorder until the recording is finished, or has failed: an error is told once, and what
//! comes later is delivered without being recorded.

use crate::record::{RecordError, Recorded, Recorder};
use blendtorch_wire::{Bytes, Message};

/// A recorder, or none.
#[derive(Debug, Default)]
pub(super) struct Tape(Option<Recorder>);

impl Tape {
    /// Of what comes from now on.
    pub(super) fn new(recorder: Recorder) -> Self {
        Self(Some(recorder))
    }

    /// Finishes the recording, if there is one; what it holds.
    pub(super) fn finish(&mut self) -> Result<Option<Recorded>, RecordError> {
        self.0.take().map(Recorder::finish).transpose()
    }

    /// Between samples: what waits in the recorder is written when it is time.
    pub(super) fn flush_if_due(&mut self) -> Result<(), RecordError> {
        let flushed = self.0.as_mut().map(Recorder::flush_if_due);
        flushed.transpose().map(drop).inspect_err(|_| self.0 = None)
    }

    /// Appends a sample, if there is a recording; behind the `last` one it is finished.
    pub(super) fn append(
        &mut self,
        message: &Message,
        frames: &[Bytes],
        last: bool,
    ) -> Result<(), RecordError> {
        let Some(recorder) = &mut self.0 else {
            return Ok(());
        };
        let recorded = recorder.append(&message.header, frames).map(drop);
        if recorded.is_err() || last {
            let finished = self.finish();
            return recorded.and(finished.map(drop));
        }
        recorded
    }
}
