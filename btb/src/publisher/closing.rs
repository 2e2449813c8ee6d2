//! How a publisher closes: what is queued goes out, consumers are told how it ended, and what they
//! did not take is said.

use super::{Publisher, now_ns};
use blendtorch_transport::{Linger, Outgoing};
use blendtorch_wire::{End, Message};
use std::time::Instant;

impl Publisher {
    /// From now on an end, also by a drop, is a failure: consumers are told so, and those on this
    /// machine also `reason`, of which the last lines travel.
    pub fn set_failed(&mut self, reason: &str) {
        self.end = Some(End::failed(reason));
    }

    /// Lets connected consumers take what is queued, tells each that this was all, and closes. True
    /// if they have taken everything and left; false when time was up before that
    /// ([`PublisherOptions::linger`](super::PublisherOptions::linger)), for whatever reason. Without
    /// a consumer there is nobody to wait for.
    ///
    /// They are told that it is finished, or what [`set_failed`](Self::set_failed) has said. Dropped
    /// by a thread that panics, it has failed.
    pub fn close(&mut self) -> bool {
        let end = self
            .end
            .clone()
            .unwrap_or_else(|| match std::thread::panicking() {
                true => End::failed("the publisher's thread panicked"),
                false => End::finished(),
            });
        self.close_as(end)
    }

    /// As [`close`](Self::close), telling consumers that it came to its end in this way. A reason
    /// goes only to those on this machine, since it may hold paths.
    pub fn close_as(&mut self, end: End) -> bool {
        self.close_until(end, || None)
    }

    /// As [`close_as`](Self::close_as), but no longer than until what `until` returns; it is asked
    /// many times a second.
    pub fn close_until(&mut self, end: End, mut until: impl FnMut() -> Option<Instant>) -> bool {
        let mut message = Message::end(self.id, self.sequence);
        message.header.btid = self.options.btid;
        message.header.time_ns = now_ns();
        message.header.end = Some(match self.sender.address().is_local() {
            true => end,
            false => end.without_reason(),
        });
        let Ok(frames) = message.encode() else {
            return false;
        };
        let linger = match self.options.linger {
            Some(most) => Linger::Most(most),
            None => Linger::WhileTaken(self.options.patience),
        };
        let end = Outgoing::new(frames);
        self.told.waits();
        let closed = self.sender.close_until(&end, linger, &mut until);
        self.told.goes_on();
        self.told.closed(closed.undelivered == 0);
        if closed.undelivered > 0 {
            self.stats.lock().undelivered = closed.undelivered;
            self.loss = Some(format!(
                "the publisher at {address} was closed before all it published had gone out: {lost} \
                 of {all} samples were given up, while {waiting} had not left. Let the consumer end \
                 first, or give lingerms to wait longer for one that pauses",
                address = self.sender.address(),
                lost = closed.undelivered,
                all = self.sequence,
                waiting = match closed.waiting.len() {
                    1 => format!("a consumer ({})", closed.waiting[0]),
                    n => format!("{n} consumers ({})", closed.waiting.join(", ")),
                },
            ));
        }
        closed.waiting.is_empty()
    }

    /// Once, after a close: what was published and given up, for the user. A drop says it on stderr.
    #[must_use]
    pub fn take_loss(&mut self) -> Option<String> {
        self.loss.take()
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.close();
        if let Some(loss) = self.take_loss() {
            eprintln!("blendtorch: {loss}");
        }
    }
}
