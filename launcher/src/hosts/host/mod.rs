//! `blendtorch host`: a machine's part of a fleet whose head is on another one.
//!
//! Owns the connection to the head, and the end: when the head is gone, so are the instances. What runs
//! here is a fleet as at home.

mod forward;
mod line;
mod meet;
mod part;
mod session;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::Join;
pub(super) use meet::reach;

/// How a host ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostEnd {
    /// The head had it end, or all its instances had.
    InOrder,
    /// It was asked to go, by this signal, and what it had in work is finished.
    Left(i32),
    /// It cannot be used, or the head was lost: why.
    Failed(String),
}

/// How a host runs.
#[derive(Debug, Clone)]
pub struct HostOptions {
    /// How long it tries to reach the head.
    pub reach_within: Duration,
    /// By what whoever supplied it knows it; as the environment or the handed-over words say, where it
    /// is not said.
    pub slot: Option<String>,
    /// Whether it ends when stdin is closed, over which it was told where the head is.
    pub ends_with_stdin: bool,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            reach_within: Duration::from_secs(20),
            slot: None,
            ends_with_stdin: false,
        }
    }
}

/// How hard this host is asked to end, by signals or by its stdin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    No,
    /// After what is in work.
    ToGo(i32),
    /// Now.
    ToEnd(i32),
}

/// Runs what the head says, until it is over; `say` tells people.
pub fn serve_host(join: &Join, options: &HostOptions, say: fn(&str)) -> HostEnd {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return HostEnd::Failed(format!("no runtime can be made: {error}")),
    };
    let slot = options
        .slot
        .clone()
        .or_else(|| join.slot.clone())
        .or_else(of_slurm)
        .unwrap_or_default();
    let end = runtime.block_on(async {
        let asked = match listen_for_signals(options.ends_with_stdin) {
            Ok(asked) => asked,
            Err(error) => return HostEnd::Failed(format!("signals cannot be handled: {error}")),
        };
        let (reader, writer) = match reach(join, options.reach_within).await {
            Ok(met) => met,
            Err(why) => return HostEnd::Failed(why),
        };
        say("reached the head");
        session::run((reader, writer), slot, asked, say).await
    });
    runtime.shutdown_background();
    end
}

/// As Slurm knows it: a job's element, or a job and the node.
fn of_slurm() -> Option<String> {
    let value = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (value("SLURM_ARRAY_JOB_ID"), value("SLURM_ARRAY_TASK_ID")) {
        (Some(job), Some(task)) => Some(format!("{job}_{task}")),
        _ => value("SLURM_JOB_ID").map(|job| match value("SLURMD_NODENAME") {
            Some(node) => format!("{job}@{node}"),
            None => job,
        }),
    }
}

/// The first SIGTERM asks it to go, anything else and anything further to end.
fn listen_for_signals(stdin_too: bool) -> std::io::Result<watch::Receiver<Asked>> {
    let (tell, asked) = watch::channel(Asked::No);
    let tell = Arc::new(tell);
    for which in [Signal::TERM, Signal::INT, Signal::HUP] {
        let number = which.as_raw();
        let mut handler = signal(SignalKind::from_raw(number))?;
        let tell = Arc::clone(&tell);
        tokio::spawn(async move {
            while handler.recv().await.is_some() {
                tell.send_modify(|asked| {
                    *asked = match (*asked, which) {
                        (Asked::No, Signal::TERM) => Asked::ToGo(number),
                        (Asked::ToEnd(first), _) => Asked::ToEnd(first),
                        _ => Asked::ToEnd(number),
                    };
                });
            }
        });
    }
    if stdin_too {
        let closed = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&closed);
        std::thread::Builder::new()
            .name("blendtorch-stdin".into())
            .spawn(move || {
                let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
                seen.store(true, Ordering::Release);
            })?;
        tokio::spawn(async move {
            while !closed.load(Ordering::Acquire) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            tell.send_modify(|asked| *asked = Asked::ToEnd(Signal::HUP.as_raw()));
        });
    }
    Ok(asked)
}
