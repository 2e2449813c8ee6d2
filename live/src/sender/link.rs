//! The threads of one viewer: one sends, one hears.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use blendtorch_channels::{Duplex, DuplexOptions};
use blendtorch_wire::{End, Fields};

use super::ended;
use super::queue::Queue;
use crate::message::{Answer, answer, end_fields};
use crate::{LinkCounts, LinkState, LiveError, News};

/// How often it is looked whether the other end is there.
const LOOK: Duration = Duration::from_millis(50);
/// So many snapshots wake a thread that would look a moment later.
const MANY: usize = 1024;
/// A network that nobody answers is told again: it may have gone to one that has ended since.
const GREET_AGAIN: Duration = Duration::from_secs(5);

/// What is shared with the threads.
#[derive(Debug)]
struct Shared {
    duplex: Duplex,
    session: u64,
    /// Whether somebody may wait for what the viewer answers.
    is_awaited: bool,
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, queue: MutexGuard<'a, Queue>, time: Duration) -> MutexGuard<'a, Queue> {
        let waited = self.changed.wait_timeout(queue, time);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// One viewer.
#[derive(Debug)]
pub(super) struct Link {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Link {
    pub(super) fn start(
        address: &str,
        session: u64,
        hello: Fields,
        is_awaited: bool,
    ) -> Result<Self, LiveError> {
        let duplex = Duplex::connect(address, DuplexOptions::default())?;
        let shared = Arc::new(Shared {
            duplex,
            session,
            is_awaited,
            queue: Mutex::new(Queue::new(address.to_owned())),
            changed: Condvar::new(),
        });
        let (sends, hears) = (Arc::clone(&shared), Arc::clone(&shared));
        let threads = vec![
            named("live-sends", move || send_all(&sends, &hello))?,
            named("live-hears", move || hear_all(&hears))?,
        ];
        Ok(Self { shared, threads })
    }

    /// Queues a snapshot. Where it need not go at once the thread finds it when it looks: waking it for
    /// each costs more than all else.
    pub(super) fn push(&self, fields: Fields, at_once: bool) {
        let waiting = self.shared.queue().push(fields);
        if at_once || waiting.is_multiple_of(MANY) {
            self.shared.changed.notify_all();
        }
    }

    /// Waits until the viewer is near enough; whether it is.
    pub(super) fn wait(&self, window: u32, until: Instant, patience: Duration) -> bool {
        let began = Instant::now();
        let mut queue = self.shared.queue();
        loop {
            let may = queue.may_go_on(window, patience);
            let left = until.saturating_duration_since(Instant::now());
            if may || left.is_zero() {
                queue.waited(began.elapsed());
                return may;
            }
            queue = self.shared.wait(queue, left.min(LOOK));
        }
    }

    pub(super) fn news(&self) -> Vec<News> {
        self.shared.queue().take_news()
    }

    pub(super) fn counts(&self) -> LinkCounts {
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

    /// Waits until the viewer has taken everything, and ends the threads.
    pub(super) fn finish(&mut self, until: Instant) {
        let mut queue = self.shared.queue();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if queue.is_done() || left.is_zero() {
                break;
            }
            queue = self.shared.wait(queue, left.min(LOOK));
        }
        queue.give_up();
        queue.is_over = true;
        drop(queue);
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            drop(thread.join()); // one that panicked has said so
        }
    }
}

fn named(name: &str, act: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, LiveError> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(act);
    thread.map_err(LiveError::Thread)
}

/// Sends the network, snapshots, and the end, as far as the viewer takes them.
fn send_all(shared: &Shared, hello: &Fields) {
    let mut greeted = Instant::now();
    let mut queue = shared.queue();
    while !queue.is_over {
        let again = queue.state() == LinkState::Greeted && greeted.elapsed() >= GREET_AGAIN;
        if (queue.must_greet || again) && shared.duplex.is_connected().unwrap_or(false) {
            queue.greeted();
            drop(queue);
            greeted = Instant::now();
            let sent = send(shared, hello.clone());
            queue = shared.queue();
            queue.must_greet |= !sent;
        } else if queue.takes() {
            let next = queue.pop();
            let is_end = next.is_none();
            let Some(fields) = next.or_else(|| queue.end.clone()) else {
                continue;
            };
            drop(queue);
            let sent = send(shared, fields);
            queue = shared.queue();
            queue.has_said_end |= is_end && sent;
            shared.changed.notify_all();
        } else {
            queue = shared.wait(queue, LOOK);
        }
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
                let queue = shared.queue();
                if queue.is_over || queue.must_greet {
                    return false;
                }
            }
        }
    }
}

/// Hears what the viewer answers, and notices that it is gone.
fn hear_all(shared: &Shared) {
    let mut was_there = false;
    loop {
        let is_there = shared.duplex.is_connected().unwrap_or(false);
        let heard = shared.duplex.recv(LOOK);
        let mut queue = shared.queue();
        if queue.is_over {
            return;
        }
        let changed = match heard {
            Ok(Some(message)) => {
                was_there |= is_there;
                // What is no answer of ours is nothing to go by.
                match answer(&message.fields, shared.session) {
                    Ok(Some(answer)) => {
                        let is_count = matches!(answer, Answer::Seen { .. });
                        queue.heard(answer);
                        // Who sends looks by itself; to be woken costs more than to send.
                        !is_count || shared.is_awaited || queue.end.is_some()
                    }
                    _ => false,
                }
            }
            Ok(None) => {
                if was_there && !is_there {
                    queue.lost();
                }
                std::mem::replace(&mut was_there, is_there) != is_there
            }
            Err(_) => false, // no message of ours
        };
        drop(queue);
        if changed {
            shared.changed.notify_all();
        }
    }
}
