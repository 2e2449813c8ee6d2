//! The simulated hosts: a connection each, over which their instances say what real ones would.
//!
//! Owns their threads, and when each frame was told.

use crate::head::join_file;
use crate::instance::{Instance, answer, began, written};
use anyhow::{Context, Result};
use blendtorch_channels::control::{InstanceReport, Refusal, RefusalKind, Wanted, now_ns};
use blendtorch_launcher::Join;
use blendtorch_launcher::simulated::{FromHead, Says, join};
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{interval, sleep};

/// How often a host tells how its instances are.
const REPORT: Duration = Duration::from_secs(1);
/// How often it is looked for what a host is to know.
const LOOK: Duration = Duration::from_millis(50);

/// What all hosts have said and heard.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) words_in: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) words_out: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    /// Instances that have begun.
    pub(crate) up: AtomicU64,
    /// When each frame was told, by the kernel's monotonic clock.
    pub(crate) told: Mutex<HashMap<i64, u64>>,
    /// Why hosts have ended before they were to.
    pub(crate) errors: Mutex<Vec<String>>,
}

/// All hosts, until the head ends them.
pub(crate) struct Hosts {
    pub(crate) books: Arc<Books>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Hosts {
    pub(crate) fn start(folder: &Path, hosts: usize, of: (f64, u8)) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let books = Arc::new(Books::default());
        for host in 0..hosts {
            let (file, books) = (join_file(folder, host), Arc::clone(&books));
            runtime.spawn(async move {
                if let Err(error) = serve(file, host, of, &books).await {
                    locked(&books.errors).push(format!("host {host}: {error:#}"));
                }
            });
        }
        let runtime = Some(runtime);
        Ok(Self { books, runtime })
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

pub(crate) fn locked<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a host says next.
enum Word {
    Report(Vec<InstanceReport>),
    Said(usize, u64, Value),
    Answer(u64, Result<Value, Refusal>),
}

/// One host's instances.
type Instances = Arc<Mutex<HashMap<usize, Instance>>>;

/// One host, whose instances have so many frames a second of so many files.
async fn serve(
    file: PathBuf,
    host: usize,
    (rate, passes): (f64, u8),
    books: &Arc<Books>,
) -> Result<()> {
    while !file.exists() {
        sleep(LOOK).await;
    }
    let known = Join::from_file(&file)?;
    let name = format!("host-{host}");
    let met = join(&known, &name).await.map_err(anyhow::Error::msg)?;
    let (mut hears, mut says) = met;
    let share = loop {
        match hears.next().await.map_err(anyhow::Error::msg)? {
            FromHead::Share(share) => break share,
            FromHead::Over => return Ok(()),
            _ => {}
        }
    };
    let instances: HashMap<_, _> = share
        .iter()
        .map(|&(index, life)| (index, Instance::new(index, life)))
        .collect();
    begin(&mut says, &share, &instances)
        .await
        .map_err(anyhow::Error::msg)?;
    books.up.fetch_add(share.len() as u64, Ordering::Relaxed);
    let instances: Instances = Arc::new(Mutex::new(instances));
    let (say, words) = unbounded_channel();
    let writing = tokio::spawn(write(says, words, Arc::clone(books)));
    let reporting = tokio::spawn(report(Arc::clone(&instances), say.clone(), rate));
    let end = loop {
        let before = hears.passed;
        let word = hears.next().await;
        count(&books.words_out, &books.bytes_out, before, hears.passed);
        match word {
            Ok(FromHead::Ask {
                id,
                instance,
                wanted,
            }) => {
                let (instances, say) = (Arc::clone(&instances), say.clone());
                let books = Arc::clone(books);
                tokio::spawn(async move {
                    let outcome =
                        asked(&instances, instance, wanted, (&say, rate, passes), &books).await;
                    let _ = say.send(Word::Answer(id, outcome));
                });
            }
            Ok(FromHead::Over) => break Ok(()),
            Ok(_) => {}
            Err(error) => break Err(anyhow::Error::msg(error)),
        }
    };
    reporting.abort();
    drop(say);
    writing.abort();
    end
}

async fn begin(
    says: &mut Says,
    share: &[(usize, u64)],
    instances: &HashMap<usize, Instance>,
) -> Result<(), String> {
    let mut addresses = IndexMap::from(["DATA", "CTRL"].map(|name| (name.to_owned(), Vec::new())));
    let mut commands = Vec::new();
    for instance in share.iter().filter_map(|(index, _)| instances.get(index)) {
        for (of, address) in addresses.values_mut().zip(instance.addresses()) {
            of.push(address);
        }
        commands.push(instance.command());
    }
    says.placed(addresses, commands).await?;
    for (index, life) in share {
        if let Some(instance) = instances.get(index) {
            says.began(*index, *life, instance.about()).await?;
        }
    }
    Ok(())
}

async fn write(mut says: Says, mut words: UnboundedReceiver<Word>, books: Arc<Books>) {
    while let Some(word) = words.recv().await {
        let before = says.passed;
        let sent = match word {
            Word::Report(instances) => says.report(instances).await,
            Word::Said(instance, life, value) => says.said((instance, life), "render", value).await,
            Word::Answer(id, outcome) => says.answer(id, outcome).await,
        };
        count(&books.words_in, &books.bytes_in, before, says.passed);
        if sent.is_err() {
            return;
        }
    }
}

fn count(
    words: &AtomicU64,
    bytes: &AtomicU64,
    before: blendtorch_launcher::simulated::Passed,
    now: blendtorch_launcher::simulated::Passed,
) {
    words.fetch_add(now.words - before.words, Ordering::Relaxed);
    bytes.fetch_add(now.bytes - before.bytes, Ordering::Relaxed);
}

/// Once a second; hosts do not all report at the same moment.
async fn report(instances: Instances, say: UnboundedSender<Word>, rate: f64) {
    sleep(REPORT.mul_f64(rand::random())).await;
    let mut ticks = interval(REPORT);
    let mut done = 0.0;
    loop {
        ticks.tick().await;
        done += rate;
        let reports = {
            let mut instances = locked(&instances);
            let each = instances.values_mut().map(|one| {
                // Those that render count themselves.
                if one.folder.is_none() {
                    one.frames = done as u64;
                }
                one.report()
            });
            each.collect()
        };
        if say.send(Word::Report(reports)).is_err() {
            return;
        }
    }
}

async fn asked(
    instances: &Instances,
    index: usize,
    wanted: Wanted,
    (say, rate, passes): (&UnboundedSender<Word>, f64, u8),
    books: &Books,
) -> Result<Value, Refusal> {
    let Wanted::Call {
        name, arguments, ..
    } = wanted
    else {
        return Ok(json!({}));
    };
    let gone = || Refusal::new(RefusalKind::Gone, "there is no such instance");
    let (life, folder) = {
        let mut instances = locked(instances);
        let one = instances.get_mut(&index).ok_or_else(gone)?;
        if let Some(answer) = answer(&name, &arguments, one) {
            return Ok(answer);
        }
        (one.life, one.folder.clone().ok_or_else(gone)?)
    };
    let frames: Vec<i64> = serde_json::from_value(arguments["frames"].clone()).unwrap_or_default();
    for frame in frames {
        let seconds = 1.0 / rate;
        let _ = say.send(Word::Said(index, life, began(&folder, frame)));
        // Frames take more and less, as they do: else all that begin together stay together.
        sleep(Duration::from_secs_f64(
            seconds * (0.5 + rand::random::<f64>()),
        ))
        .await;
        match written(&folder, frame, seconds, passes) {
            Ok(value) => {
                locked(&books.told).insert(frame, now_ns());
                let _ = say.send(Word::Said(index, life, value));
            }
            Err(error) => locked(&books.errors).push(format!("frame {frame}: {error}")),
        }
        if let Some(one) = locked(instances).get_mut(&index) {
            one.frames += 1;
        }
    }
    Ok(json!({"ok": {"left": [], "unknown": {}}}))
}

/// The head's socket for those who ask, once it is there.
pub(crate) fn socket(runtime: &Path) -> Result<PathBuf> {
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let folders = entries(runtime);
    let deeper = folders.iter().flat_map(|folder| entries(folder));
    let all = folders.iter().cloned().chain(deeper);
    let mut sockets = all
        .map(|folder| folder.join("head.sock"))
        .filter(|file| file.exists());
    sockets.next().context("the head has no socket")
}
