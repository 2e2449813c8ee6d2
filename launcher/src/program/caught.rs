//! Signals that ask a program to end, one after another.
//!
//! Owns the handlers. It must never take over a signal the program was started with ignored (`nohup`),
//! nor end anything: whoever listens does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// The handlers of SIGINT, SIGTERM and SIGHUP; they stay until the program ends.
#[derive(Debug)]
pub struct Caught {
    first: Arc<AtomicI32>,
}

impl Caught {
    /// Has a thread call `heed` for each signal that comes: its number, and whether it is the first.
    ///
    /// # Errors
    /// The system gives no handler or no thread.
    pub fn listen(mut heed: impl FnMut(i32, bool) + Send + 'static) -> io::Result<Self> {
        let first = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&first);
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
                while handler.recv().await.is_some() && caught.send(which.as_raw()).is_ok() {}
            });
        }
        drop(inside);
        std::thread::Builder::new()
            .name("blendtorch-signals".into())
            .spawn(move || {
                runtime.block_on(async {
                    while let Some(number) = numbers.recv().await {
                        let is_first = seen
                            .compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst)
                            .is_ok();
                        heed(number, is_first);
                    }
                });
            })?;
        Ok(Self { first })
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
