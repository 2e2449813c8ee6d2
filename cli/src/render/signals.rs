//! What signals do to a render: the first SIGTERM ends it after the frames in work, anything else at
//! once.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use blendtorch_launcher::{Caught, Stopper};
use blendtorch_render::Ending;
use rustix::process::Signal;

/// The handlers of a program that renders; they stay until it ends.
#[derive(Debug)]
pub(super) struct Signals {
    caught: Caught,
    at_once: Arc<AtomicBool>,
    /// Whom they stop, once there are Blenders.
    stopper: Arc<Mutex<Option<Stopper>>>,
}

impl Signals {
    /// Has the first SIGTERM ask for the ending; a second one, or another signal, stops the fleet, and
    /// each further one kills it. `say` tells the user.
    pub(super) fn heed(ending: Ending, say: fn(&str)) -> io::Result<Self> {
        let at_once = Arc::<AtomicBool>::default();
        let stopper = Arc::<Mutex<Option<Stopper>>>::default();
        let (now, theirs) = (Arc::clone(&at_once), Arc::clone(&stopper));
        let caught = Caught::listen(move |number, is_first| {
            if is_first && number == Signal::TERM.as_raw() {
                ending.ask();
                say("ending after the frames in work (once more to stop at once)");
                return;
            }
            let held = theirs.lock().unwrap_or_else(PoisonError::into_inner);
            match (&*held, now.swap(true, Ordering::SeqCst)) {
                (Some(stopper), true) => stopper.kill(),
                (Some(stopper), false) => {
                    stopper.stop();
                    say("stopping (once more to kill at once)");
                }
                // What is being started is stopped when it is there.
                (None, false) => say("stopping (once more to end at once)"),
                (None, true) => std::process::exit(128 + number),
            }
        })?;
        Ok(Self {
            caught,
            at_once,
            stopper,
        })
    }

    /// From now on these are stopped; at once, where that was asked for meanwhile.
    pub(super) fn stops(&self, stopper: Stopper) {
        let mut held = self.stopper.lock().unwrap_or_else(PoisonError::into_inner);
        if self.stops_at_once() {
            stopper.stop();
        }
        *held = Some(stopper);
    }

    /// Whether frames in work are not waited for.
    pub(super) fn stops_at_once(&self) -> bool {
        self.at_once.load(Ordering::SeqCst)
    }

    /// The exit code of a program that was stopped, 128 + the first signal; `None` if it was not.
    pub(super) fn exit_code(&self) -> Option<u8> {
        self.caught.exit_code()
    }
}
