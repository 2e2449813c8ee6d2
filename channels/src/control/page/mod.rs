//! The page of memory that an instance shares with its launcher, and that outlives it.
//!
//! Owns what its words mean. The launcher makes the page and begins each life in it; the instance
//! writes how it is, a few stores a frame; both read. Nothing read from it is believed without a
//! look at its bounds: whoever wrote it may have written anything.

mod publishers;
#[cfg(test)]
mod tests;

use super::error::PageError;
use super::mapped::{BYTES, WORDS, Words};
pub use publishers::{PublisherCount, PublisherSlot, address_mark};
use rustix::fs::{
    MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, ftruncate, memfd_create,
};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

/// "BTpage" and two zeros, as a little-endian number.
const MAGIC: u64 = u64::from_le_bytes(*b"BTpage\0\0");
const VERSION: u64 = 1;

/// Publishers of one life that have a place.
pub const MOST_PUBLISHERS: usize = 64;

// What the words are.
const W_MAGIC: usize = 0;
const W_VERSION: usize = 1;
const W_LIFE: usize = 2;
const W_PID: usize = 3;
const W_STATE: usize = 4;
const W_STATE_SINCE: usize = 5;
const W_FRAMES: usize = 6;
const W_PROGRESS_AT: usize = 7;
const W_SLOWEST: usize = 8;
const W_LATEST: usize = 9;
/// One more than the episode; 0 where there is none. Likewise the sample.
const W_EPISODE: usize = 10;
const W_SAMPLE: usize = 11;
const W_MESSAGES: usize = 12;
/// Where the next life goes on; those survive a life.
const W_BASE: usize = 24;
const W_PLAY: usize = 25;
const W_NEXT_EPISODE: usize = 26;
const W_PLAYED: usize = 27;
/// The farthest that any of the run's plays has come; `next_episode` goes back with each of them.
const W_FARTHEST: usize = 28;
/// Messages of the lives before.
const W_BEFORE: usize = 29;
const W_PUBLISHERS: usize = 64;
const PUBLISHER_WORDS: usize = 5;
const _: () = assert!(W_PUBLISHERS + MOST_PUBLISHERS * PUBLISHER_WORDS <= WORDS);

/// What an instance is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It has begun no frame yet.
    #[default]
    Starting,
    /// It evaluates, renders, or runs the script between frames.
    Rendering,
    /// It has a sample and nobody takes it.
    WaitingForConsumer,
    /// An environment waits for its agent's next action.
    WaitingForAgent,
    /// It waits to be asked for something.
    WaitingForRequest,
    /// It plays nothing and has no publisher any more: what it does is not counted.
    Quiet,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Starting,
        Self::Rendering,
        Self::WaitingForConsumer,
        Self::WaitingForAgent,
        Self::WaitingForRequest,
        Self::Quiet,
    ];

    fn of(word: u64) -> Self {
        let index = usize::try_from(word).unwrap_or(usize::MAX);
        // A word that nobody here knows: it does something.
        Self::ALL.get(index).copied().unwrap_or(Self::Rendering)
    }

    /// Whether somebody else is waited for: then its time is not its own.
    #[must_use]
    pub fn waits(self) -> bool {
        matches!(
            self,
            Self::WaitingForConsumer | Self::WaitingForAgent | Self::WaitingForRequest
        )
    }
}

/// Where the next life of an instance goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The number of the first episode of a whole run of the script.
    pub base: u64,
    /// Which of the script's `play` calls was going on, from 0.
    pub play: u64,
    /// The episode that comes next in it.
    pub next_episode: u64,
    /// How many of its episodes are over, those that were lost among them.
    pub played: u64,
}

/// What a page says at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageView {
    /// Which life it is, from 1.
    pub life: u64,
    /// The process that writes it, once one does.
    pub pid: Option<u32>,
    /// What it is at, and for how long.
    pub state: State,
    /// For how long.
    pub state_for: Duration,
    /// Frames, or samples of a script without them, that are done.
    pub frames: u64,
    /// How long it has been since the last of them, or since the life began.
    pub since_progress: Duration,
    /// The longest of them and of the lives before, without what it waited for others.
    pub slowest: Duration,
    /// The latest.
    pub latest: Duration,
    /// The episode, and the sample's index in it.
    pub episode: Option<u64>,
    /// The sample's index in the episode.
    pub sample: Option<u64>,
    /// Messages published, by all publishers.
    pub messages: u64,
    /// Where the next life would go on.
    pub resume: Resume,
    /// The publishers of this life.
    pub publishers: Vec<PublisherCount>,
}

/// A page of memory, made by a launcher or opened by an instance.
#[derive(Debug)]
pub struct Page {
    words: Words,
    /// Kept open: others find the page through it.
    file: File,
    /// Waiting of the frame that is going on, and since when somebody is waited for.
    frame: Mutex<Frame>,
}

#[derive(Debug, Default)]
struct Frame {
    begun: u64,
    waited: u64,
    waits_since: Option<u64>,
}

impl Page {
    /// A new one, for `name` to tell it by.
    ///
    /// # Errors
    /// [`PageError::Io`] where no memory file can be made.
    pub fn create(name: &str) -> Result<Self, PageError> {
        let io = |source: std::io::Error| PageError::Io {
            place: name.to_owned(),
            source,
        };
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let fd = memfd_create(name, flags).map_err(|error| io(error.into()))?;
        let sealed = ftruncate(&fd, BYTES as u64).and_then(|()| {
            fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)
        });
        sealed.map_err(|error| io(error.into()))?;
        let file = File::from(fd);
        let page = Self::of(file).map_err(io)?;
        page.set(W_VERSION, VERSION);
        page.words.at(W_MAGIC).store(MAGIC, Release);
        Ok(page)
    }

    /// The one at a path, as [`path`](Self::path) gave it.
    ///
    /// # Errors
    /// All of [`PageError`].
    pub fn open(path: &str) -> Result<Self, PageError> {
        let place = || path.to_owned();
        let io = |source| PageError::Io {
            place: place(),
            source,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(io)?;
        // One that may become shorter would end this process with a signal.
        let sealed = fcntl_get_seals(&file).is_ok_and(|seals| seals.contains(SealFlags::SHRINK));
        let long = file.metadata().map_err(io)?.len() == BYTES as u64;
        if !sealed || !long {
            return Err(PageError::NotOurs { place: place() });
        }
        let page = Self::of(file).map_err(io)?;
        if page.words.at(W_MAGIC).load(Acquire) != MAGIC {
            return Err(PageError::NotOurs { place: place() });
        }
        match page.get(W_VERSION) {
            VERSION => Ok(page),
            found => Err(PageError::Version {
                place: place(),
                found,
                ours: VERSION,
            }),
        }
    }

    fn of(file: File) -> std::io::Result<Self> {
        Ok(Self {
            words: Words::map(&file)?,
            file,
            frame: Mutex::default(),
        })
    }

    /// Where other processes of this user open it, as long as this one has it.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }

    fn get(&self, word: usize) -> u64 {
        self.words.at(word).load(Relaxed)
    }

    fn set(&self, word: usize, value: u64) {
        self.words.at(word).store(value, Relaxed);
    }

    // --- the launcher's side

    /// Begins a life: all but where it goes on is as new. Nobody else may write meanwhile.
    pub fn begin_life(&self, life: u64) {
        self.set(
            W_BEFORE,
            self.messages_before().saturating_add(self.get(W_MESSAGES)),
        );
        let publishers = W_PUBLISHERS..W_PUBLISHERS + MOST_PUBLISHERS * PUBLISHER_WORDS;
        // How long its frames take is known from the lives before.
        (W_PID..W_BASE)
            .chain(publishers)
            .filter(|word| *word != W_SLOWEST)
            .for_each(|word| self.set(word, 0));
        let now = now_ns();
        self.set(W_STATE_SINCE, now);
        self.set(W_PROGRESS_AT, now);
        self.words.at(W_LIFE).store(life, Release);
    }

    /// The script has come to its end in order: another life is a whole run of it, whose episodes
    /// follow on those there were.
    pub fn end_run(&self) {
        let next = self.get(W_FARTHEST).max(self.get(W_BASE));
        self.set_resume(Resume {
            base: next,
            next_episode: next,
            ..Resume::default()
        });
    }

    /// What it says now.
    #[must_use]
    pub fn view(&self) -> PageView {
        let now = now_ns();
        let life = self.words.at(W_LIFE).load(Acquire);
        let ago = |word| Duration::from_nanos(now.saturating_sub(self.get(word)));
        let index = |word| self.get(word).checked_sub(1);
        let publishers = (0..MOST_PUBLISHERS).filter_map(|slot| {
            let at = W_PUBLISHERS + slot * PUBLISHER_WORDS;
            // What was accepted had been offered: read in this order it stays so.
            let accepted = self.words.at(at + 2).load(Acquire);
            let offered = self.words.at(at + 1).load(Acquire).max(accepted);
            let publisher = self.words.at(at).load(Acquire);
            (publisher != 0).then_some(PublisherCount {
                publisher,
                offered,
                accepted,
                mark: self.words.at(at + 4).load(Acquire),
                closed: self.get(at + 3) != 0,
            })
        });
        PageView {
            life,
            pid: u32::try_from(self.get(W_PID)).ok().filter(|pid| *pid != 0),
            state: State::of(self.get(W_STATE)),
            state_for: ago(W_STATE_SINCE),
            frames: self.get(W_FRAMES),
            since_progress: ago(W_PROGRESS_AT),
            slowest: Duration::from_nanos(self.get(W_SLOWEST)),
            latest: Duration::from_nanos(self.get(W_LATEST)),
            episode: index(W_EPISODE),
            sample: index(W_SAMPLE),
            messages: self.get(W_MESSAGES),
            resume: self.resume(),
            publishers: publishers.collect(),
        }
    }

    // --- the instance's side

    /// This process writes it from now on.
    pub fn attach(&self) {
        self.set(W_PID, u64::from(std::process::id()));
    }

    /// Which life it is, from 1.
    #[must_use]
    pub fn life(&self) -> u64 {
        self.words.at(W_LIFE).load(Acquire)
    }

    /// What it is at from now on; what it was at before.
    pub fn enter(&self, state: State) -> State {
        let before = State::of(self.get(W_STATE));
        if state == before {
            return before;
        }
        let now = now_ns();
        let mut frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        match (state.waits(), frame.waits_since) {
            (true, None) => frame.waits_since = Some(now),
            (false, Some(since)) => {
                frame.waited += now.saturating_sub(since);
                frame.waits_since = None;
                // What it waited for others is no lack of progress.
                self.set(W_PROGRESS_AT, now);
            }
            _ => {}
        }
        if matches!(before, State::Starting | State::Quiet) {
            frame.begun = now;
            self.set(W_PROGRESS_AT, now);
        }
        self.set(W_STATE, state as u64);
        self.set(W_STATE_SINCE, now);
        before
    }

    /// A frame is done, or a sample of a script that has none; the next begins.
    pub fn frame_done(&self) {
        let now = now_ns();
        let mut frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = frame.waits_since.replace(now) {
            frame.waited += now.saturating_sub(since);
        }
        if !State::of(self.get(W_STATE)).waits() {
            frame.waits_since = None;
        }
        if frame.begun != 0 {
            let took = now.saturating_sub(frame.begun).saturating_sub(frame.waited);
            self.set(W_LATEST, took);
            self.set(W_SLOWEST, took.max(self.get(W_SLOWEST)));
        }
        (frame.begun, frame.waited) = (now, 0);
        drop(frame);
        self.set(W_PROGRESS_AT, now);
        self.words.at(W_FRAMES).fetch_add(1, Relaxed);
    }

    /// Something was done, though no frame with it.
    pub fn progresses(&self) {
        self.set(W_PROGRESS_AT, now_ns());
    }

    /// Which episode and which sample of it is made now.
    pub fn set_place(&self, episode: Option<u64>, sample: Option<u64>) {
        let word = |index: Option<u64>| index.map_or(0, |index| index.saturating_add(1));
        self.set(W_EPISODE, word(episode));
        self.set(W_SAMPLE, word(sample));
    }

    /// Messages that the lives before this one published.
    #[must_use]
    pub fn messages_before(&self) -> u64 {
        self.get(W_BEFORE)
    }

    /// Where this life goes on.
    #[must_use]
    pub fn resume(&self) -> Resume {
        Resume {
            base: self.get(W_BASE),
            play: self.get(W_PLAY),
            next_episode: self.get(W_NEXT_EPISODE),
            played: self.get(W_PLAYED),
        }
    }

    /// Where the next life is to go on.
    pub fn set_resume(&self, resume: Resume) {
        self.set(W_BASE, resume.base);
        self.set(W_PLAY, resume.play);
        self.set(W_NEXT_EPISODE, resume.next_episode);
        self.set(W_PLAYED, resume.played);
        self.words
            .at(W_FARTHEST)
            .fetch_max(resume.next_episode, Relaxed);
    }
}

/// Nanoseconds of the kernel's monotonic clock, the same for all processes of a machine.
#[must_use]
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let part = |part: i64| u64::try_from(part).unwrap_or_default();
    part(now.tv_sec)
        .saturating_mul(1_000_000_000)
        .saturating_add(part(now.tv_nsec))
}
