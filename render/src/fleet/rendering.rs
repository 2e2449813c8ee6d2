//! One render: who is asked, what is to be done, and how long it goes on.
//!
//! Owns its beginning and its end. Workers are asked by threads of their own ([`worker`]); what they say
//! comes together in one [`Keeper`], which alone writes the ledger.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::hub::GATHERED;
use super::keeper::Keeper;
use super::progress::{Outcome, Progress};
use super::shared::{Dealing, Shared};
use super::words::Word;
use super::worker;
use super::{Inner, scene};
use crate::RenderError;
use crate::job::{Part, Request, Scene};
use crate::ledger::Holder;

/// How often who listens is asked whether to go on.
const TICK: Duration = Duration::from_millis(200);

/// Renders of this process.
static RENDERS: AtomicU64 = AtomicU64::new(0);

/// Renders on these workers until all frames are done or set aside.
pub(super) fn render(
    inner: &Arc<Inner>,
    workers: &[usize],
    scene: &Scene,
    request: &Request,
    progress: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Outcome, RenderError> {
    let mut request = request.clone();
    request.out = std::path::absolute(&request.out).map_err(|error| RenderError::Out {
        folder: request.out.clone(),
        problem: error.to_string(),
    })?;
    let number = RENDERS.fetch_add(1, Ordering::Relaxed);
    let (words, hear) = channel();
    let tag = tag(request.part, number);
    let shared = Arc::new(Shared {
        inner: Arc::clone(inner),
        scene: scene.clone(),
        request,
        tag,
        words: Mutex::new(words.clone()),
        over: AtomicBool::new(false),
        dealing: Mutex::new(Dealing::default()),
        changed: Condvar::new(),
    });
    let mut keeper = Keeper::new(Arc::clone(&shared), workers, progress)?;
    inner.rendered(&shared.request.out, &shared.tag);
    for &one in workers {
        inner.hub.route(one, Some(words.clone()));
    }
    drop(words);
    let threads = workers.iter().map(|&one| {
        let shared = Arc::clone(&shared);
        thread::Builder::new()
            .name(format!("blendtorch-render-{one}"))
            .spawn(move || worker::work(&shared, one))
    });
    let started: std::io::Result<Vec<_>> = threads.collect();
    let rendered = match started {
        Err(error) => Err(RenderError::NoWorkers(format!(
            "no thread can be started: {error}"
        ))),
        // A worker that still renders what another one has rendered is not waited for.
        Ok(_) => listen(&mut keeper, &hear),
    };
    shared.end();
    for &one in workers {
        inner.hub.route(one, None);
        if rendered.is_err() {
            // Steps may have been refused half-way.
            scene::forget(inner, one);
        }
    }
    let finished = keeper.finish(&rendered);
    let outcome = rendered.and(finished);
    outcome.map_err(|error| keeper.as_full_disk(error))
}

/// A name that no other render into the folder has: of tasks without a head, several render there, from
/// several hosts.
fn tag(part: Option<Part>, number: u64) -> String {
    let Holder { host, pid } = Holder::this();
    match part {
        None => format!("{pid}-{number}"),
        Some(part) => format!("{part}-{host}-{pid}-{number}").replace('/', "of"),
    }
}

fn listen(
    keeper: &mut Keeper<'_>,
    hear: &std::sync::mpsc::Receiver<Word>,
) -> Result<(), RenderError> {
    let mut last: Option<Instant> = None;
    while !keeper.is_over() {
        let patience = keeper.next().map_or(TICK, |next| next.min(TICK));
        match hear.recv_timeout(patience) {
            Ok(word) => {
                let quiet = last.map_or(GATHERED, |last| last.elapsed());
                thread::sleep(GATHERED.saturating_sub(quiet));
                keeper.hear(word)?;
                // What has come meanwhile is entered with it.
                while let Ok(word) = hear.try_recv() {
                    keeper.hear(word)?;
                }
                keeper.commit()?;
                last = Some(Instant::now());
            }
            // Its own end is held by what the threads share.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        keeper.tick()?;
    }
    Ok(())
}
