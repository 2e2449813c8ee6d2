//! What signals do to a render: the first SIGTERM ends it after the frames in work, anything else at
//! once.
//!
//! Owns the program's signal handlers. It must never take over a signal the program was started with
//! ignored (`nohup`).

use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use blendtorch_launcher::Stopper;
use blendtorch_render::Ending;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// The handlers of a program that renders; they stay until it ends.
#[derive(Debug)]
pub(super) struct Signals {
    first: Arc<AtomicI32>,
    at_once: Arc<AtomicBool>,
    /// Whom they stop, once there are Blenders.
    stopper: Arc<Mutex<Option<Stopper>>>,
}

impl Signals {
    /// Has the first SIGTERM ask for the ending; a second one, or another signal, stops the fleet, and
    /// each further one kills it. `say` tells the user.
    pub(super) fn heed(ending: Ending, say: fn(&str)) -> io::Result<Self> {
        let signals = Self {
            first: Arc::default(),
            at_once: Arc::default(),
            stopper: Arc::default(),
        };
        let stopper = Arc::clone(&signals.stopper);
        let (first, at_once) = (Arc::clone(&signals.first), Arc::clone(&signals.at_once));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let (caught, mut numbers) = mpsc::unbounded_channel();
        let inside = runtime.enter();
        for which in [Signal::INT, Signal::TERM, Signal::HUP] {
            if is_ignored(which) {
                continue;
            }
            let mut handler = signal(SignalKind::from_raw(which.as_raw()))?;
            let caught = caught.clone();
            runtime.spawn(async move {
                while handler.recv().await.is_some() && caught.send(which).is_ok() {}
            });
        }
        drop(inside);
        let heed = move |which: Signal| {
            let number = which.as_raw();
            let is_first = first
                .compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok();
            if is_first && which == Signal::TERM {
                ending.ask();
                say("ending after the frames in work (once more to stop at once)");
                return;
            }
            let held = stopper.lock().unwrap_or_else(PoisonError::into_inner);
            match (&*held, at_once.swap(true, Ordering::SeqCst)) {
                (Some(stopper), true) => stopper.kill(),
                (Some(stopper), false) => {
                    stopper.stop();
                    say("stopping (once more to kill at once)");
                }
                // What is being started is stopped when it is there.
                (None, false) => say("stopping (once more to end at once)"),
                (None, true) => std::process::exit(128 + number),
            }
        };
        std::thread::Builder::new()
            .name("blendtorch-signals".into())
            .spawn(move || {
                runtime.block_on(async {
                    while let Some(which) = numbers.recv().await {
                        heed(which);
                    }
                });
            })?;
        Ok(signals)
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
