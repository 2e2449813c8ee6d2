//! A dataset that records what it delivers.

use super::RemoteIterableDataset;
use crate::error::Error;
use crate::record::{Recorded, Recorder};
use blendtorch_wire::{Bytes, Message};

impl RemoteIterableDataset {
    /// From now on, each sample is appended to a recording as it was received, before it is
    /// delivered. The recording is finished with the iteration.
    ///
    /// When appending fails, that is the iteration's next error, once; the sample is discarded and
    /// later ones are delivered without being recorded.
    pub fn record(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
    }

    /// Finishes the recording now, if there is one; what it holds.
    ///
    /// # Errors
    /// [`Error::Record`].
    pub fn finish_recording(&mut self) -> Result<Option<Recorded>, Error> {
        let recorder = self.recorder.take();
        Ok(recorder.map(Recorder::finish).transpose()?)
    }

    /// Between samples: what waits in the recorder is written when it is time.
    pub(super) fn flush_recording_if_due(&mut self) -> Result<(), Error> {
        let flushed = self.recorder.as_mut().map(Recorder::flush_if_due);
        flushed.transpose().map(drop).map_err(|error| {
            self.recorder = None;
            error.into()
        })
    }

    /// Appends a sample before it is delivered, if there is a recording.
    pub(super) fn record_sample(
        &mut self,
        message: &Message,
        frames: &[Bytes],
    ) -> Result<(), Error> {
        let Some(recorder) = &mut self.recorder else {
            return Ok(());
        };
        let mut recorded = recorder.append(&message.header, frames).map(drop);
        // Behind the last sample nobody may ask again: the file is complete now.
        if recorded.is_err() || self.options.max_items == Some(self.delivered + 1) {
            let recorder = self.recorder.take();
            let finished = recorder.map(Recorder::finish).transpose();
            recorded = recorded.and(finished.map(drop));
        }
        recorded.map_err(|error| {
            self.stats.lock().stats.discarded += 1;
            error.into()
        })
    }
}
