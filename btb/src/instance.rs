//! This process as an instance of a launcher: its page of memory, its desk, its line.
//!
//! Owns the one of each that a process has, and when a publisher writes to them. It must never fail:
//! without a launcher, or with one of another version, everything works but being asked.

use blendtorch_channels::control::{
    CONTROL, Desk, LIFE, Link, PAGE, Page, PublisherSlot, Resume, Stage, State,
};
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// The version of the words that an instance says.
pub const PROTOCOL: u32 = 1;

/// What this process has as an instance.
#[derive(Debug)]
pub struct Instance {
    process: u32,
    life: u64,
    page: Option<Arc<Page>>,
    desk: Arc<Desk>,
    link: Option<Link>,
    /// Frames are counted by whoever plays them, and not by what is published.
    playing: AtomicBool,
    waiting: Mutex<Waiting>,
    warnings: Mutex<Vec<String>>,
}

/// Publishers that wait for a consumer, and what the instance was at before the first of them did.
#[derive(Debug, Default)]
struct Waiting {
    publishers: usize,
    before: State,
}

static THIS: OnceLock<Instance> = OnceLock::new();

impl Instance {
    /// This process's. None in a process that was forked from it: what is there is its parent's.
    pub fn this() -> Option<&'static Self> {
        let this = THIS.get_or_init(Self::of_environment);
        (this.process == std::process::id()).then_some(this)
    }

    fn of_environment() -> Self {
        let given = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let mut warnings = Vec::new();
        let page = given(PAGE).and_then(|path| match Page::open(&path.to_string_lossy()) {
            Ok(page) => Some(Arc::new(page)),
            Err(error) => {
                warnings.push(format!(
                    "{error}. The launcher cannot see whether this instance hangs, nor what is lost \
                     where it is killed"
                ));
                None
            }
        });
        if let Some(page) = &page {
            page.attach();
        }
        let desk = Arc::new(Desk::default());
        let life = given(LIFE).and_then(|life| life.to_str()?.parse().ok());
        let life = life.unwrap_or(1_u64).max(1);
        desk.tell(|about| {
            about.protocol = PROTOCOL;
            about.pid = std::process::id();
            about.life = life;
            about.blendtorch = env!("CARGO_PKG_VERSION").into();
        });
        let link = given(CONTROL).and_then(|socket| {
            let opened = Link::open(Path::new(&socket), Arc::clone(&desk));
            opened
                .inspect_err(|error| {
                    let socket = socket.to_string_lossy();
                    warnings.push(format!(
                        "the launcher at {socket} cannot be told of: {error}"
                    ));
                })
                .ok()
        });
        Self {
            process: std::process::id(),
            life,
            page,
            desk,
            link,
            playing: AtomicBool::new(false),
            waiting: Mutex::default(),
            warnings: Mutex::new(warnings),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lines for the user, once.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Which life of the instance this is, from 1. It is another one after each restart.
    #[must_use]
    pub fn life(&self) -> u64 {
        self.life
    }

    /// What it offers, and what is wanted of it.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The line to its launcher, if there is one.
    #[must_use]
    pub fn link(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    /// Says something to whoever listens in the launcher's program, by any thread and at once.
    pub fn say(&self, topic: &str, value: Value) {
        if let Some(link) = &self.link {
            link.tell(topic, value);
        }
    }

    /// What it is at from now on; what it was at before.
    pub fn enter(&self, state: State) -> State {
        self.page.as_ref().map_or(state, |page| page.enter(state))
    }

    /// Frames are played from now on, or no more: while they are, [`frame_done`](Self::frame_done) is
    /// said of each.
    pub fn set_playing(&self, playing: bool) {
        self.playing.store(playing, Relaxed);
        self.enter(match playing {
            true => State::Rendering,
            false => State::Quiet,
        });
    }

    /// A frame is done.
    pub fn frame_done(&self) {
        if let Some(page) = &self.page {
            page.frame_done();
        }
    }

    /// Which episode, and which sample of it, is made now.
    pub fn set_place(&self, episode: Option<u64>, sample: Option<u64>) {
        if let Some(page) = &self.page {
            page.set_place(episode, sample);
        }
    }

    /// Whether lives before this one have published anything.
    #[must_use]
    pub fn has_published_before(&self) -> bool {
        self.page
            .as_ref()
            .is_some_and(|page| page.messages_before() > 0)
    }

    /// Where this life goes on.
    #[must_use]
    pub fn resume(&self) -> Resume {
        self.page
            .as_ref()
            .map_or_else(Resume::default, |page| page.resume())
    }

    /// Where the next life would go on.
    pub fn set_resume(&self, resume: Resume) {
        if let Some(page) = &self.page {
            page.set_resume(resume);
        }
    }
}

/// A publisher's way to tell of what it does.
#[derive(Debug, Default)]
pub(crate) struct Told(Option<(&'static Instance, Option<PublisherSlot>)>);

impl Told {
    /// Of the publisher with these 64 bits that is bound to an address.
    pub(crate) fn of(publisher: u64, address: &str) -> Self {
        Self(Instance::this().map(|this| {
            let page = this.page.as_ref();
            (
                this,
                page.and_then(|page| PublisherSlot::take(page, publisher, address)),
            )
        }))
    }

    /// A sample is to be published.
    pub(crate) fn offers(&self, sequence: u64) {
        if let Some((this, slot)) = &self.0 {
            if !this.playing.load(Relaxed) {
                this.enter(State::Rendering);
            }
            if let Some(slot) = slot {
                slot.offer(sequence);
            }
        }
    }

    /// Nobody takes it yet. Several publishers, in threads, may wait at a time.
    pub(crate) fn waits(&self) {
        if let Some((this, _)) = &self.0 {
            let mut waiting = this.waiting();
            let before = this.enter(State::WaitingForConsumer);
            if waiting.publishers == 0 {
                waiting.before = before;
            }
            waiting.publishers += 1;
        }
    }

    /// It waits no more.
    pub(crate) fn goes_on(&self) {
        if let Some((this, _)) = &self.0 {
            let mut waiting = this.waiting();
            waiting.publishers = waiting.publishers.saturating_sub(1);
            this.enter(match waiting.publishers {
                0 => waiting.before,
                _ => State::WaitingForConsumer,
            });
        }
    }

    /// The sample was queued.
    pub(crate) fn published(&self, sequence: u64, bytes: u64, took: Duration) {
        if let Some((this, slot)) = &self.0 {
            this.desk.published(bytes);
            this.desk.took(Stage::Publish, took);
            if let Some(slot) = slot {
                slot.accept(sequence);
            }
            match (&this.page, this.playing.load(Relaxed)) {
                (Some(page), false) => page.frame_done(),
                (Some(page), true) => page.progresses(),
                (None, _) => {}
            }
        }
    }

    /// The sample was given up.
    pub(crate) fn takes_back(&self, sequence: u64) {
        if let Some((_, Some(slot))) = &self.0 {
            slot.take_back(sequence);
        }
    }

    /// It has closed: in order, where all that it had published was taken.
    pub(crate) fn closed(&self, all_taken: bool) {
        let Some((this, slot)) = &self.0 else { return };
        if let Some(slot) = slot.as_ref().filter(|_| all_taken) {
            slot.close();
        }
        if !this.playing.load(Relaxed) {
            this.enter(State::Quiet);
        }
    }
}
