//! The end that simulates: a thread for each viewer hands snapshots over to it.
//!
//! Owns who waits. A simulation calls [`Sender::send`], which never waits under [`Policy::Drop`], and
//! under [`Policy::Slow`] only for viewers that are there and behind. A viewer that is gone holds up
//! nobody.

mod link;
mod queue;

use std::sync::Arc;
use std::time::{Duration, Instant};

use blendtorch_wire::End;

use crate::message::{Ended, hello_fields, snapshot_fields};
use crate::{Hello, LinkCounts, LinkState, LiveError, Policy, Snapshot};
use link::Link;

/// How a [`Sender`] waits.
#[derive(Clone, Debug)]
pub struct SenderOptions {
    /// Who waits for whom; [`Policy::Drop`].
    pub policy: Policy,
    /// How long a viewer that has not come yet, or does not answer any more, is waited for under
    /// [`Policy::Slow`]; 60 s.
    pub patience: Duration,
    /// How long closing waits until viewers have taken everything; 5 s.
    pub linger: Duration,
}

impl Default for SenderOptions {
    fn default() -> Self {
        Self {
            policy: Policy::Drop,
            patience: Duration::from_secs(60),
            linger: Duration::from_secs(5),
        }
    }
}

/// Something that the user should hear, of one viewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The viewer's address.
    pub address: String,
    /// What is the matter, for people.
    pub text: String,
    /// Whether it is a trouble.
    pub is_trouble: bool,
}

/// A sender of activity, connected to any number of viewers, whether or not they are there yet.
///
/// Dropped without [`close`](Self::close) it tells them that it failed.
#[derive(Debug)]
pub struct Sender {
    hello: Arc<Hello>,
    options: SenderOptions,
    links: Vec<Link>,
    is_closed: bool,
}

impl Sender {
    /// Connects to viewers, and will tell each of them the network as soon as it is there.
    ///
    /// # Errors
    /// [`LiveError::NoAddresses`], [`LiveError::Unfit`] for a network that cannot be told,
    /// [`LiveError::Channel`] for what is no address, [`LiveError::Thread`].
    pub fn start<T: AsRef<str>>(
        addresses: &[T],
        mut hello: Hello,
        options: SenderOptions,
    ) -> Result<Self, LiveError> {
        if addresses.is_empty() {
            return Err(LiveError::NoAddresses);
        }
        hello.policy = options.policy;
        let random = getrandom::u64();
        hello.session = random.map_err(|error| LiveError::Random(error.to_string()))?;
        let fields = hello_fields(&hello)?;
        let links: Result<Vec<Link>, LiveError> = addresses
            .iter()
            .map(|one| Link::start(one.as_ref(), hello.session, fields.clone()))
            .collect();
        Ok(Self {
            hello: Arc::new(hello),
            options,
            links: links?,
            is_closed: false,
        })
    }

    /// Hands an interval over to every viewer's thread.
    ///
    /// Under [`Policy::Slow`] it then waits until each viewer that is there is at most its window
    /// behind, for up to the patience.
    ///
    /// # Errors
    /// [`LiveError::Unfit`] for what does not fit the network: nothing was sent.
    /// [`LiveError::Closed`].
    pub fn send(&mut self, snapshot: Snapshot) -> Result<(), LiveError> {
        self.hand_over(snapshot)?;
        while !self.wait(Duration::from_secs(1)) {}
        Ok(())
    }

    /// [`send`](Self::send) without its waiting, which is [`wait`](Self::wait): for who has to look
    /// after something else meanwhile.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn hand_over(&mut self, snapshot: Snapshot) -> Result<(), LiveError> {
        let at_once = self.options.policy != Policy::Drop;
        self.push(vec![snapshot], at_once)
    }

    /// Hands over several intervals, which are sent at once: for who gathers them, since a hand-over
    /// now and then between other things costs much more than several in a row.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn hand_over_all(&mut self, snapshots: Vec<Snapshot>) -> Result<(), LiveError> {
        self.push(snapshots, true)
    }

    fn push(&self, snapshots: Vec<Snapshot>, at_once: bool) -> Result<(), LiveError> {
        if self.is_closed {
            return Err(LiveError::Closed);
        }
        let snapshots = snapshots.into_iter();
        let fields: Result<Vec<_>, _> = snapshots
            .map(|one| snapshot_fields(&self.hello, one))
            .collect();
        let fields = fields?;
        if let Some((last, others)) = self.links.split_last() {
            for link in others {
                link.push(fields.clone(), at_once);
            }
            last.push(fields, at_once);
        }
        Ok(())
    }

    /// Waits for viewers that are behind, at most for `slice`; whether the simulation may go on.
    #[must_use]
    pub fn wait(&mut self, slice: Duration) -> bool {
        let Some(window) = self.options.policy.window() else {
            return true;
        };
        let until = Instant::now() + slice;
        let patience = self.options.patience;
        let mut all = true;
        // Each is asked, so that each one's time is counted.
        for link in &self.links {
            all &= link.wait(window, until, patience);
        }
        all
    }

    /// What happened since the last call, for people.
    #[must_use]
    pub fn news(&mut self) -> Vec<News> {
        self.links.iter().flat_map(Link::news).collect()
    }

    /// What is counted of each viewer.
    #[must_use]
    pub fn counts(&self) -> Vec<LinkCounts> {
        self.links.iter().map(Link::counts).collect()
    }

    /// Says how it ended, and waits until viewers have taken everything, for up to the linger time.
    /// The counts are final. A second call does nothing.
    pub fn close(&mut self, end: &End) -> Vec<LinkCounts> {
        self.close_within(end, self.options.linger)
    }

    fn close_within(&mut self, end: &End, linger: Duration) -> Vec<LinkCounts> {
        if !self.is_closed {
            self.is_closed = true;
            for link in &self.links {
                link.end(end);
            }
            let until = Instant::now() + linger;
            for link in &mut self.links {
                link.finish(until);
            }
        }
        self.counts()
    }

    /// Whether all viewers are there, but those that cannot show it.
    #[must_use]
    pub fn is_seen_by_all(&self) -> bool {
        let mut counts = self.links.iter().map(Link::counts);
        counts.all(|one| matches!(one.state, LinkState::Live | LinkState::Gone))
    }

    /// Whether any viewer is there.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        let mut counts = self.links.iter().map(Link::counts);
        counts.any(|one| one.state == LinkState::Live)
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let end = End::failed("the sender was left before its end");
        self.close_within(&end, Duration::from_secs(1));
    }
}

/// The sender's last word after so many snapshots.
fn ended(end: &End, snapshots: u64) -> Ended {
    Ended {
        end: end.clone(),
        snapshots,
    }
}
