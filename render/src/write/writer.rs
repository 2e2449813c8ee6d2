//! The thread that writes frames, and how others wait for it.

use super::about::About;
use super::arrays::Arrays;
use super::error::Error;
use super::event::Event;
use super::failure::Failure;
use super::frame::{Job, Memory};
use super::sources;
use super::spec::Spec;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long one wait lasts where there is no end to it.
const LONG: Duration = Duration::from_secs(3600);

/// What the thread is at.
#[derive(Default)]
struct State {
    waiting: Option<Job>,
    busy: bool,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes frames, one after the other, in a thread of its own: the caller renders the next one
/// meanwhile. Dropping it waits for the frame that is being written.
pub struct Writer {
    spec: Arc<Spec>,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The process that has the thread: one that is forked from it has none to wait for.
    process: u32,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Writer")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// Starts the thread. Files on their way are made in `folder`, which is made if need be, as
    /// `{frame:06}.{pass}.{ext}`. `tell` is called by the thread, once for each frame.
    ///
    /// # Errors
    /// A specification that cannot be written, a folder that cannot be made, no thread.
    pub fn open(
        spec: Spec,
        folder: &Path,
        tell: impl FnMut(Event) + Send + 'static,
    ) -> Result<Self, Error> {
        Self::open_by_way_of(spec, folder, None, tell)
    }

    /// The same. With a `scratch` folder, the files of a frame are made there, and copied to `folder`
    /// when all of them are; it is made for each frame, and goes behind it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_by_way_of(
        spec: Spec,
        folder: &Path,
        scratch: Option<&Path>,
        tell: impl FnMut(Event) + Send + 'static,
    ) -> Result<Self, Error> {
        spec.check()?;
        std::fs::create_dir_all(folder).map_err(|source| Error::Folder {
            folder: folder.into(),
            source,
        })?;
        let (spec, shared) = (Arc::new(spec), Arc::new(Shared::default()));
        let thread = std::thread::Builder::new()
            .name("blendtorch-write".into())
            .spawn({
                let (spec, shared) = (Arc::clone(&spec), Arc::clone(&shared));
                let folder = folder.to_path_buf();
                let scratch = scratch.map(Path::to_path_buf);
                move || serve(&spec, &folder, scratch.as_deref(), &shared, tell)
            })
            .map_err(Error::Thread)?;
        Ok(Self {
            spec,
            shared,
            thread: Mutex::new(Some(thread)),
            process: std::process::id(),
        })
    }

    /// What is written of each frame.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Hands over a frame, after waiting until the one before is done. `about` is JSON: of it are
    /// read `view`, world to camera, which normals are turned by; `ids`, the number of ids;
    /// `manifest`, cryptomatte's. All of it is passed on. The arrays are dropped by the thread.
    ///
    /// # Errors
    /// An array that is missing or not as it must be, by name; what cannot be read of `about`; a
    /// writer that is closed. What fails later is told as [`Event::Failed`].
    pub fn write(&self, frame: i64, arrays: Arrays, about: &str) -> Result<(), Error> {
        let about = About::read(frame, about)?;
        let (height, width) = sources::check(&self.spec, frame, &arrays, &about)?;
        let (mut state, _) = self.idle(Duration::MAX);
        if state.closed {
            return Err(Error::Closed);
        }
        state.waiting = Some(Job {
            frame,
            height,
            width,
            arrays,
            about,
        });
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Waits at most so long until nothing is being written; whether that is so.
    pub fn wait(&self, time: Duration) -> bool {
        self.idle(time).1
    }

    fn idle(&self, time: Duration) -> (MutexGuard<'_, State>, bool) {
        let until = Instant::now().checked_add(time);
        let mut state = self.shared.lock();
        while state.busy || state.waiting.is_some() {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return (state, false);
            }
            let left = left.unwrap_or(LONG);
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        (state, true)
    }

    /// Waits until nothing is being written.
    pub fn flush(&self) {
        self.wait(Duration::MAX);
    }

    /// Waits until nothing is being written, and ends the thread. A second time it does nothing.
    pub fn close(&self) {
        self.flush();
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // A panic of what is told has been printed.
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            self.close();
        }
    }
}

/// Ends the waiting of others, also if what is told panics.
struct Busy<'a>(&'a Shared);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.busy = false;
        if std::thread::panicking() {
            state.closed = true;
            state.waiting = None;
        }
        drop(state);
        self.0.changed.notify_all();
    }
}

fn serve(
    spec: &Spec,
    folder: &Path,
    scratch: Option<&Path>,
    shared: &Shared,
    mut tell: impl FnMut(Event),
) {
    let mut memory = Memory::default();
    loop {
        let mut state = shared.lock();
        let job = loop {
            if let Some(job) = state.waiting.take() {
                state.busy = true;
                break job;
            }
            if state.closed {
                return;
            }
            let waited = shared.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        };
        drop(state);
        let busy = Busy(shared);
        let frame = job.frame;
        let written = catch_unwind(AssertUnwindSafe(|| {
            memory.write(spec, folder, scratch, &job)
        }));
        let written = written.unwrap_or_else(|_| {
            // What it was at may be half done.
            memory = Memory::default();
            let text = "the writer of frames has a fault, see what it printed: please report it";
            Err(Failure::encode(text.into()))
        });
        let event = match written {
            Ok(files) => Event::Written {
                frame,
                files,
                about: job.about.all,
            },
            Err(Failure { kind, text }) => Event::Failed { frame, kind, text },
        };
        drop(job.arrays);
        tell(event);
        drop(busy);
    }
}
