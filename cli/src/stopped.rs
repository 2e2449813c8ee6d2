//! Ctrl-C and SIGTERM for commands that have no fleet to stop.
//!
//! Owns their handlers. It must never take over a signal that the program was started with ignored
//! (`nohup`), nor end anything: whoever works looks, and ends by itself.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use tokio::signal::unix::{SignalKind, signal};

/// Whether a signal has come.
#[derive(Debug)]
pub(super) struct Stopped {
    first: Arc<AtomicI32>,
}

impl Stopped {
    /// Listens until the program ends.
    pub(super) fn listen() -> io::Result<Self> {
        let first = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&first);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let inside = runtime.enter();
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        let mut tasks = Vec::new();
        for kind in kinds.into_iter().filter(|kind| !is_ignored(*kind)) {
            let mut handler = signal(kind)?;
            let seen = Arc::clone(&seen);
            tasks.push(runtime.spawn(async move {
                while handler.recv().await.is_some() {
                    let number = kind.as_raw_value();
                    let _ = seen.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
                }
            }));
        }
        drop(inside);
        std::thread::Builder::new()
            .name("blendtorch-signals".into())
            .spawn(move || {
                runtime.block_on(async {
                    for task in tasks {
                        let _ = task.await;
                    }
                });
            })?;
        Ok(Self { first })
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
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or(0) & (1 << (kind.as_raw_value() - 1)) != 0
}
