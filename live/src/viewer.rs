//! The end that shows activity: it binds its address, and a sender connects.
//!
//! Owns whose session it is, and that a sender that goes without a word is noticed. It must never draw.

use std::time::{Duration, Instant};

use blendtorch_channels::{Duplex, DuplexMessage, DuplexOptions, Error as ChannelError};
use blendtorch_wire::Fields;

use crate::message::{Answer, Told, answer_fields, told};
use crate::{Ended, Hello, LiveError, Policy, Snapshot, ViewerCounts};

/// How often it is looked whether the sender is still there.
const LOOK: Duration = Duration::from_millis(100);
/// How long an answer may wait for room; a later one says the same and more.
const ANSWER: Duration = Duration::from_millis(20);
/// Under [`Policy::Drop`] nobody waits for counts: said again sooner than this, they wait until all that
/// has come is taken, so that one answer is said of many snapshots that come at once.
const SAY_AGAIN: Duration = Duration::from_millis(20);
/// The longest pause between two questions for a network that is not known.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// What a closing viewer has said must still go out.
const LINGER: Duration = Duration::from_secs(1);

/// What a viewer is told.
#[derive(Clone, Debug)]
pub enum Event {
    /// A network: all that was shown before is another's.
    Hello(Hello),
    /// An interval of it.
    Snapshot(Snapshot),
    /// The sender has said its last word.
    Ended(Ended),
    /// The sender has gone without one: it was killed, or the network between broke.
    Lost,
}

/// A viewer's end of the channel.
///
/// What cannot be read is an error, after which it goes on; what is wrong within a snapshot is taken
/// out of it and counted ([`Viewer::counts`]).
#[derive(Debug)]
pub struct Viewer {
    duplex: Duplex,
    /// The network that is shown now.
    hello: Option<Hello>,
    /// The session that has ended, whose last picture may still be drawn.
    ended: Option<u64>,
    /// The next step that is expected, and the counts of this session.
    next_step: u64,
    applied: u64,
    drawn: u64,
    pictures: u64,
    counts: ViewerCounts,
    asked: Option<Instant>,
    /// When counts were said last, and whether newer ones are still to be said.
    said: Option<Instant>,
    owes: bool,
}

impl Viewer {
    /// Binds `address`, and says `btid`, the instance's number, with every answer.
    ///
    /// # Errors
    /// [`LiveError::Channel`]: no address, or one that is in use.
    pub fn bind(address: &str, btid: Option<i64>) -> Result<Self, LiveError> {
        let options = DuplexOptions {
            btid,
            linger: LINGER,
            ..DuplexOptions::default()
        };
        Ok(Self {
            duplex: Duplex::bind(address, options)?,
            hello: None,
            ended: None,
            next_step: 0,
            applied: 0,
            drawn: 0,
            pictures: 0,
            counts: ViewerCounts::default(),
            asked: None,
            said: None,
            owes: false,
        })
    }

    /// The address, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> String {
        self.duplex.address()
    }

    /// What the sender of this session does about late viewers.
    #[must_use]
    pub fn policy(&self) -> Option<Policy> {
        self.hello.as_ref().map(|hello| hello.policy)
    }

    /// What was counted since it was bound.
    #[must_use]
    pub fn counts(&self) -> ViewerCounts {
        self.counts
    }

    /// The next that a sender says, or `None` when nothing came within `timeout`.
    ///
    /// # Errors
    /// [`LiveError::Malformed`], after which it goes on; [`LiveError::Channel`].
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Event>, LiveError> {
        let start = Instant::now();
        loop {
            let left = timeout.saturating_sub(start.elapsed());
            // Asked before it is received: what a sender said before it went is given first.
            let connected = self.duplex.is_connected()?;
            match self.receive(left.min(LOOK)) {
                Ok(Some(message)) => {
                    if let Some(event) = self.take(&message.fields)? {
                        return Ok(Some(event));
                    }
                }
                Ok(None) if self.hello.is_some() && !connected => {
                    (self.hello, self.owes) = (None, false);
                    return Ok(Some(Event::Lost));
                }
                Ok(None) if start.elapsed() >= timeout => return Ok(None),
                Ok(None) => {}
                Err(error) => {
                    let is_malformed =
                        matches!(error, LiveError::Channel(ChannelError::Malformed { .. }));
                    self.counts.malformed += u64::from(is_malformed);
                    return Err(error);
                }
            }
        }
    }

    /// The next message, after `time` none; what is owed is said before one is waited for.
    fn receive(&mut self, time: Duration) -> Result<Option<DuplexMessage>, LiveError> {
        if self.owes {
            let come = self.duplex.recv(Duration::ZERO)?;
            if come.is_some() {
                return Ok(come);
            }
            self.say_what_is_owed()?;
        }
        Ok(self.duplex.recv(time)?)
    }

    fn take(&mut self, fields: &Fields) -> Result<Option<Event>, LiveError> {
        let told = told(fields).map_err(|problem| self.malformed(problem))?;
        match told {
            Told::Hello(hello) => {
                self.answer(hello.session, &Answer::Ready)?;
                let (is_new, session) = (!self.is_of(hello.session), hello.session);
                // The same network again: this end was out of the sender's sight for a while.
                if is_new || self.hello.is_none() {
                    (self.next_step, self.applied) = (0, 0);
                    (self.drawn, self.pictures, self.owes) = (0, 0, false);
                    self.hello = Some(hello.clone());
                    self.ended = None;
                    return Ok(Some(Event::Hello(hello)));
                }
                self.say_counts(session)?;
                Ok(None)
            }
            Told::Step(session) if self.is_of(session) => self.step(fields).map(Some),
            Told::Step(session) => {
                self.ask(session)?;
                Ok(None)
            }
            Told::End(session, ended) if self.is_of(session) => {
                self.say_counts(session)?;
                self.hello = None;
                self.ended = Some(session);
                Ok(Some(Event::Ended(ended)))
            }
            Told::End(..) => Ok(None),
        }
    }

    fn step(&mut self, fields: &Fields) -> Result<Event, LiveError> {
        let hello = self.hello.as_ref();
        let read = hello.map(|hello| Told::snapshot(fields, hello));
        let (snapshot, faults) = match read {
            Some(Ok(read)) => read,
            Some(Err(problem)) => return Err(self.malformed(problem)),
            None => return Err(self.malformed("no network was told".to_owned())),
        };
        self.counts.unknown_spikes += faults.spikes;
        self.counts.unfit += faults.arrays;
        self.counts.missed += snapshot.step.saturating_sub(self.next_step);
        self.next_step = snapshot.step.saturating_add(1).max(self.next_step);
        self.applied += 1;
        self.counts.applied += 1;
        Ok(Event::Snapshot(snapshot))
    }

    /// Says that all snapshots until now are applied, and whether they are drawn: each has been, or
    /// a picture of a newer one was made. Nothing where there was no session. Where nobody waits for it
    /// one answer is said for several that are seen at once, at the latest when the next event is waited
    /// for.
    ///
    /// # Errors
    /// [`LiveError::Channel`].
    pub fn seen(&mut self, drawn: bool) -> Result<(), LiveError> {
        let Some(session) = self.session() else {
            return Ok(());
        };
        if drawn {
            let is_new = u64::from(self.applied > self.drawn);
            self.pictures += is_new;
            self.counts.pictures += is_new;
            self.drawn = self.applied;
        }
        let is_soon = self.said.is_some_and(|said| said.elapsed() < SAY_AGAIN);
        if self.policy() == Some(Policy::Drop) && is_soon {
            self.owes = true;
            return Ok(());
        }
        self.say_counts(session)
    }

    /// Says that this network cannot be shown, and why; the sender does not wait for this viewer.
    ///
    /// # Errors
    /// [`LiveError::Channel`].
    pub fn refuse(&mut self, reason: &str) -> Result<(), LiveError> {
        match self.hello.take() {
            Some(hello) => self.answer(hello.session, &Answer::Refused(reason.to_owned())),
            None => Ok(()),
        }
    }

    fn say_counts(&mut self, session: u64) -> Result<(), LiveError> {
        (self.owes, self.said) = (false, Some(Instant::now()));
        let seen = Answer::Seen {
            applied: self.applied,
            drawn: self.drawn,
            pictures: self.pictures,
        };
        self.answer(session, &seen)
    }

    fn say_what_is_owed(&mut self) -> Result<(), LiveError> {
        match self.session().filter(|_| self.owes) {
            Some(session) => self.say_counts(session),
            None => Ok(()),
        }
    }

    /// The session that counts are of.
    fn session(&self) -> Option<u64> {
        let shown = self.hello.as_ref().map(|hello| hello.session);
        shown.or(self.ended)
    }

    fn is_of(&self, session: u64) -> bool {
        let shown = self.hello.as_ref();
        shown.is_some_and(|hello| hello.session == session)
    }

    /// Asks for the network of steps that came without one, now and then.
    fn ask(&mut self, session: u64) -> Result<(), LiveError> {
        let due = self.asked.is_none_or(|asked| asked.elapsed() >= ASK_AGAIN);
        if due {
            self.asked = Some(Instant::now());
            self.answer(session, &Answer::Ask)?;
        }
        Ok(())
    }

    fn answer(&self, session: u64, answer: &Answer) -> Result<(), LiveError> {
        let (_, message) = self.duplex.message(answer_fields(session, answer))?;
        // Who does not take answers is told all of it by a later one.
        self.duplex.try_send(&message, ANSWER)?;
        Ok(())
    }

    fn malformed(&mut self, problem: String) -> LiveError {
        self.counts.malformed += 1;
        LiveError::Malformed {
            address: self.duplex.address(),
            problem,
        }
    }
}

impl Drop for Viewer {
    /// What is owed is said; the channel lingers for it.
    fn drop(&mut self) {
        drop(self.say_what_is_owed()); // who closes has nobody to tell that it was not taken
    }
}
