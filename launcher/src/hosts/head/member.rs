//! A host, as the head knows it, and whether it can be one.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::board::Outcome;
use crate::hosts::words::{HostHello, PROTOCOL, ToHost};

/// Clocks that differ by more are wrong.
const CLOCKS: Duration = Duration::from_secs(60);

/// A host.
pub(super) struct Host {
    pub(super) name: String,
    pub(super) slot: String,
    pub(super) say: UnboundedSender<ToHost>,
    pub(super) instances: BTreeSet<usize>,
    pub(super) heard_at: Instant,
    pub(super) open: HashMap<u64, oneshot::Sender<Outcome>>,
    pub(super) asked: u64,
    /// It has been asked to go.
    pub(super) leaving: Option<String>,
    pub(super) came_at: Instant,
}

impl Host {
    pub(super) fn tell(&self, word: ToHost) {
        // Whose connection is over is gone soon.
        let _ = self.say.send(word);
    }
}

/// Why a host cannot be used.
pub(super) fn unfit(hello: &HostHello) -> Option<String> {
    if hello.protocol != PROTOCOL {
        return Some(format!(
            "its blendtorch {} speaks another version ({}) of what hosts and their head say than this \
             one ({}, {PROTOCOL}); install the same on both",
            hello.blendtorch,
            hello.protocol,
            env!("CARGO_PKG_VERSION"),
        ));
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let theirs = Duration::from_nanos(hello.unix_ns);
    let differ = now.abs_diff(theirs);
    (differ > CLOCKS).then(|| {
        format!(
            "its clock and this machine's differ by {:.0} s: files would be taken for older or newer than \
             they are; set both by a time server (chrony, ntpd)",
            differ.as_secs_f64()
        )
    })
}
