//! Ctrl-C and SIGTERM end the training; a second one ends the program at once.

use anyhow::{Context, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::signal::unix::{SignalKind, signal};

/// Whether somebody asked this program to end.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    first: Arc<AtomicU8>,
}

impl Signals {
    /// Takes the signals over, until the program ends.
    pub(crate) fn catch() -> Result<Self> {
        let first = Arc::new(AtomicU8::new(0));
        let seen = Arc::clone(&first);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .context("signals cannot be handled")?;
        let entered = runtime.enter();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        drop(entered);
        let watch = async move {
            loop {
                let code = tokio::select! {
                    Some(()) = interrupt.recv() => 130,
                    Some(()) = terminate.recv() => 143,
                    else => return,
                };
                if seen.swap(code, Ordering::SeqCst) != 0 {
                    // The instances notice that their launcher is gone, and go too.
                    std::process::exit(code.into());
                }
                eprintln!("\ntrain: stopping (once more to end at once)");
            }
        };
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || runtime.block_on(watch))
            .context("signals cannot be handled")?;
        Ok(Self { first })
    }

    /// Whether the training is to end without results.
    pub(crate) fn stopped(&self) -> bool {
        self.exit_code().is_some()
    }

    /// The exit code of a program that was stopped: 128 + the signal.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        match self.first.load(Ordering::SeqCst) {
            0 => None,
            code => Some(code),
        }
    }
}
