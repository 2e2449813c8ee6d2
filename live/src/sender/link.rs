//! The thread of one viewer: it sends, and looks now and then what the viewer has answered.
//!
//! Owns who is woken, since that is most of what a simulation pays for being seen: the thread looks by
//! itself where nobody waits, and whoever waits for a viewer hears its answers without a thread between.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use blendtorch_channels::{Duplex, DuplexOptions, Error as ChannelError};
use blendtorch_wire::{End, Fields};

use super::ended;
use super::queue::Queue;
use crate::message::{Answer, answer, end_fields};
use crate::{LinkCounts, LinkState, LiveError, News};

/// How often it is looked whether there is something to be sent, and how long one wait is.
const LOOK: Duration = Duration::from_millis(50);
/// How soon it is looked for a viewer that has not come or not answered; then after twice as long.
const SOON: Duration = Duration::from_millis(1);
/// How often it is looked where the thread is woken for all that is to be sent, and for a viewer that has
/// long been missed.
const LATE: Duration = Duration::from_millis(200);
/// So many snapshots wake a thread that would look a moment later.
const MANY: usize = 1024;
/// Answers that are taken at once, at most: a peer that never stops is not all there is to do.
const ANSWERS: usize = 256;
/// A network that nobody answers is told again: it may have gone to one that has ended since.
const GREET_AGAIN: Duration = Duration::from_secs(5);

/// What is shared with the thread.
#[derive(Debug)]
struct Shared {
    duplex: Duplex,
    session: u64,
    queue: Mutex<Queue>,
    changed: Condvar,
    /// Held by who hears: the thread, or who waits. Whether the viewer was there at the last look.
    was_there: Mutex<bool>,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, queue: MutexGuard<'_, Queue>, time: Duration) {
        let waited = self.changed.wait_timeout(queue, time);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Hears for up to `time`; the thread is woken where there is more to do for it than before.
    fn hear(&self, time: Duration) {
        let was_there = self.was_there.lock();
        let mut was_there = was_there.unwrap_or_else(PoisonError::into_inner);
        if self.take_answers(&mut was_there, time) {
            self.changed.notify_all();
        }
    }

    /// Hears what has come by now, unless somebody else does. Whether anything but counts has changed.
    fn look(&self) -> bool {
        let mut was_there = match self.was_there.try_lock() {
            Ok(was_there) => was_there,
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        self.take_answers(&mut was_there, Duration::ZERO)
    }

    /// Takes what the viewer has answered, waiting up to `time` for the first, and notices that it is
    /// gone. Whether anything but counts has changed.
    fn take_answers(&self, was_there: &mut bool, time: Duration) -> bool {
        // Asked before anything is received: what a viewer said before it went is heard first.
        let is_there = self.duplex.is_connected().unwrap_or(false);
        let (mut left, mut changed) = (time, false);
        for _ in 0..ANSWERS {
            match self.duplex.recv(left) {
                Ok(Some(message)) => {
                    *was_there |= is_there;
                    // What is no answer of ours is nothing to go by.
                    if let Ok(Some(answer)) = answer(&message.fields, self.session) {
                        changed |= !matches!(answer, Answer::Seen { .. });
                        self.queue().heard(answer);
                    }
                }
                Ok(None) => {
                    if *was_there && !is_there {
                        self.queue().lost();
                    }
                    return changed | (std::mem::replace(was_there, is_there) != is_there);
                }
                Err(ChannelError::Malformed { .. }) => {} // no message of ours
                Err(_) => return changed,
            }
            left = Duration::ZERO;
        }
        changed
    }
}

/// One viewer.
#[derive(Debug)]
pub(super) struct Link {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Link {
    pub(super) fn start(address: &str, session: u64, hello: Fields) -> Result<Self, LiveError> {
        let shared = Arc::new(Shared {
            duplex: Duplex::connect(address, DuplexOptions::default())?,
            session,
            queue: Mutex::new(Queue::new(address.to_owned())),
            changed: Condvar::new(),
            was_there: Mutex::new(false),
        });
        let its = Arc::clone(&shared);
        let thread = thread::Builder::new().name("live-viewer".to_owned());
        let thread = thread.spawn(move || serve(&its, &hello));
        Ok(Self {
            shared,
            thread: Some(thread.map_err(LiveError::Thread)?),
        })
    }

    /// Queues snapshots, to be sent at once or when the thread looks: waking it for each costs more than
    /// all else.
    pub(super) fn push(&self, snapshots: Vec<Fields>, at_once: bool) {
        let mut queue = self.shared.queue();
        let mut wakes = at_once || !queue.must_look;
        queue.must_look |= !at_once;
        for fields in snapshots {
            wakes |= queue.push(fields).is_multiple_of(MANY);
        }
        wakes &= queue.takes(); // else it looks for the viewer, as often as is right for that
        drop(queue);
        if wakes {
            self.shared.changed.notify_all();
        }
    }

    /// Waits until the viewer is near enough; whether it is.
    pub(super) fn wait(&self, window: u32, until: Instant, patience: Duration) -> bool {
        let began = Instant::now();
        loop {
            let mut queue = self.shared.queue();
            let may = queue.may_go_on(window, patience);
            let left = until.saturating_duration_since(Instant::now());
            if may || left.is_zero() {
                queue.waited(began.elapsed());
                return may;
            }
            drop(queue);
            self.shared.hear(left.min(LOOK));
        }
    }

    pub(super) fn news(&self) -> Vec<News> {
        self.shared.queue().take_news()
    }

    /// As of now, whenever the thread looks; as of its end once that has ended.
    pub(super) fn counts(&self) -> LinkCounts {
        if self.thread.is_some() && self.shared.look() {
            self.shared.changed.notify_all();
        }
        self.shared.queue().counts()
    }

    /// Nothing follows but this.
    pub(super) fn end(&self, end: &End) {
        let mut queue = self.shared.queue();
        let ended = ended(end, queue.made);
        queue.end = Some(end_fields(self.shared.session, &ended));
        drop(queue);
        self.shared.changed.notify_all();
    }

    /// Waits until the viewer has taken everything, and ends the thread. A second call does nothing.
    pub(super) fn finish(&mut self, until: Instant) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if self.shared.queue().is_done() || left.is_zero() {
                break;
            }
            self.shared.hear(left.min(LOOK));
        }
        let mut queue = self.shared.queue();
        queue.give_up();
        queue.is_over = true;
        drop(queue);
        self.shared.changed.notify_all();
        drop(thread.join()); // one that panicked has said so
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.finish(Instant::now());
    }
}

/// Sends the network, snapshots, and the end, as far as the viewer takes them; hears, and notices that
/// it is gone.
fn serve(shared: &Shared, hello: &Fields) {
    let (mut greeted, mut soon) = (Instant::now(), SOON);
    loop {
        shared.look();
        let mut queue = shared.queue();
        let again = queue.state() == LinkState::Greeted && greeted.elapsed() >= GREET_AGAIN;
        if (queue.must_greet || again) && shared.duplex.is_connected().unwrap_or(false) {
            queue.greeted();
            drop(queue);
            (greeted, soon) = (Instant::now(), SOON);
            let sent = send(shared, hello.clone());
            queue = shared.queue();
            queue.must_greet |= !sent;
        }
        while !queue.is_over && queue.takes() {
            let next = queue.pop();
            let is_end = next.is_none();
            let Some(fields) = next.or_else(|| queue.end.clone()) else {
                break;
            };
            drop(queue);
            let sent = send(shared, fields);
            shared.look();
            queue = shared.queue();
            queue.has_said_end |= is_end && sent;
        }
        if queue.is_over {
            return;
        }
        let is_live = queue.state() == LinkState::Live;
        let pause = match (is_live, queue.must_look) {
            (true, true) => LOOK,
            (true, false) => LATE,
            (false, _) => soon,
        };
        soon = match is_live {
            true => SOON,
            false => LATE.min(2 * soon),
        };
        shared.wait(queue, pause);
    }
}

/// Whether it was sent. Under way until it is, until the viewer is lost, or all is over.
fn send(shared: &Shared, fields: Fields) -> bool {
    let Ok((_, message)) = shared.duplex.message(fields) else {
        return false; // fields that were checked before
    };
    loop {
        match shared.duplex.try_send(&message, LOOK) {
            Ok(true) => return true,
            Err(_) => return false,
            Ok(false) => {
                shared.look();
                let queue = shared.queue();
                if queue.is_over || queue.must_greet {
                    return false;
                }
            }
        }
    }
}
