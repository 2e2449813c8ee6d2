//! Ctrl-C and SIGTERM end the fleet; a second one ends it at once.
//!
//! Owns what a signal does to a program that holds a fleet.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::caught::Caught;
use crate::Stopper;

/// The handlers of a program that holds a fleet; they stay until it ends.
#[derive(Debug)]
pub struct Signals {
    caught: Caught,
    /// Whom they stop, once there is something to stop.
    stopper: Arc<Mutex<Option<Stopper>>>,
}

impl Signals {
    /// Has the first signal stop the fleet and each further one kill it; `say` tells the user of the
    /// first.
    ///
    /// # Errors
    /// The system gives no handler or no thread.
    pub fn stop(stopper: Stopper, say: fn(&str)) -> io::Result<Self> {
        let signals = Self::listen(say)?;
        signals.stops(stopper);
        Ok(signals)
    }

    /// From now on this is stopped; at once, where a signal has come meanwhile.
    pub fn stops(&self, stopper: Stopper) {
        let mut held = self.stopper.lock().unwrap_or_else(PoisonError::into_inner);
        if self.exit_code().is_some() {
            stopper.stop();
        }
        *held = Some(stopper);
    }

    /// The same before there is a fleet: what is being started is stopped when it is there, and a second
    /// signal ends the program.
    ///
    /// # Errors
    /// As [`stop`](Self::stop).
    pub fn listen(say: fn(&str)) -> io::Result<Self> {
        let stopper = Arc::<Mutex<Option<Stopper>>>::default();
        let theirs = Arc::clone(&stopper);
        let caught = Caught::listen(move |number, is_first| {
            let held = theirs.lock().unwrap_or_else(PoisonError::into_inner);
            match (&*held, is_first) {
                (Some(stopper), true) => stopper.stop(),
                (Some(stopper), false) => stopper.kill(),
                (None, true) => {}
                (None, false) => std::process::exit(128 + number),
            }
            if is_first {
                say("stopping (once more to kill at once)");
            }
        })?;
        Ok(Self { caught, stopper })
    }

    /// The exit code of a program that was stopped, 128 + the first signal; `None` if it was not.
    #[must_use]
    pub fn exit_code(&self) -> Option<u8> {
        self.caught.exit_code()
    }
}
