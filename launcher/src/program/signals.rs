//! Ctrl-C and SIGTERM end the fleet; a second one ends it at once.
//!
//! Owns the program's signal handlers. It must never take over a signal the program was started with
//! ignored (`nohup`).

use std::io;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::Stopper;

/// The handlers of a program that holds a fleet; they stay until it ends.
#[derive(Debug)]
pub struct Signals {
    first: Arc<AtomicI32>,
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
        if self.first.load(Ordering::SeqCst) != 0 {
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
        let first = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&first);
        let stopper = Arc::<Mutex<Option<Stopper>>>::default();
        let theirs = Arc::clone(&stopper);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let (caught, mut signals) = mpsc::unbounded_channel();
        let inside = runtime.enter();
        for which in [Signal::INT, Signal::TERM, Signal::HUP] {
            if is_ignored(which) {
                continue;
            }
            let mut handler = signal(SignalKind::from_raw(which.as_raw()))?;
            let caught = caught.clone();
            runtime.spawn(async move {
                while handler.recv().await.is_some() && caught.send(which.as_raw()).is_ok() {}
            });
        }
        drop(inside);
        std::thread::Builder::new()
            .name("blendtorch-signals".into())
            .spawn(move || {
                runtime.block_on(async {
                    while let Some(number) = signals.recv().await {
                        let held = theirs.lock().unwrap_or_else(PoisonError::into_inner);
                        let is_first = seen
                            .compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst)
                            .is_ok();
                        match (&*held, is_first) {
                            (Some(stopper), true) => stopper.stop(),
                            (Some(stopper), false) => stopper.kill(),
                            (None, true) => {}
                            (None, false) => std::process::exit(128 + number),
                        }
                        if is_first {
                            say("stopping (once more to kill at once)");
                        }
                    }
                });
            })?;
        Ok(Self { first, stopper })
    }

    /// The exit code of a program that was stopped, 128 + the first signal; `None` if it was not.
    #[must_use]
    pub fn exit_code(&self) -> Option<u8> {
        match self.first.load(Ordering::SeqCst) {
            0 => None,
            number => u8::try_from(128 + number).ok(),
        }
    }
}

/// Whether the process ignores a signal, by the mask the kernel shows.
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0);
    mask & (1 << (signal.as_raw() - 1)) != 0
}
