//! One case: a head, its simulated hosts, and what is seen of both for a while.
//!
//! Owns the processes of the case, which end with it.

use crate::head::ENTERED;
use crate::hosts::{Books, Hosts, locked, socket};
use crate::options::{Options, Work};
use crate::usage::Usage;
use anyhow::{Context, Result, ensure};
use blendtorch_channels::control::{FleetClient, Instances, Wanted, now_ns};
use serde::Serialize;
use std::collections::HashMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// All must be up by then.
const UP: Duration = Duration::from_secs(180);
/// How long it runs before it is watched.
const SETTLES: Duration = Duration::from_secs(3);
/// How long the head may take to end.
const ENDS: Duration = Duration::from_secs(60);
/// How often somebody asks an instance.
const ASKS: Duration = Duration::from_millis(50);
const LOOK: Duration = Duration::from_millis(50);

/// How many, and what they do.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Case {
    #[serde(serialize_with = "as_text")]
    pub(crate) work: Work,
    pub(crate) instances: usize,
    pub(crate) rate: f64,
}

fn as_text<S: serde::Serializer>(work: &Work, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(work)
}

/// What was seen of a head.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Seen {
    /// From the head's start until the last instance had begun, or the first frame was told.
    pub(crate) up_seconds: f64,
    /// Processor time in wall time.
    pub(crate) cores: f64,
    /// Of it, in the kernel.
    pub(crate) system_cores: f64,
    pub(crate) megabytes: f64,
    pub(crate) peak_megabytes: f64,
    pub(crate) switches: f64,
    pub(crate) threads: f64,
    pub(crate) files: f64,
    pub(crate) words_in: f64,
    pub(crate) words_out: f64,
    pub(crate) kilobytes_in: f64,
    pub(crate) kilobytes_out: f64,
    /// A question to an instance, milliseconds.
    pub(crate) ask_p50: f64,
    pub(crate) ask_p99: f64,
    /// Frames entered a second.
    pub(crate) frames: f64,
    /// From told to entered, milliseconds.
    pub(crate) frame_p50: f64,
    pub(crate) frame_p99: f64,
}

/// A process that ends with this value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Case {
    pub(crate) fn run(self, options: &Options) -> Result<Seen> {
        let mut made = tempfile::Builder::new();
        made.prefix("blendtorch-scale-");
        let folder = match &options.folder {
            Some(folder) => made.tempdir_in(folder)?,
            None => made.tempdir()?,
        };
        let folder = folder.path();
        // A fleet's sockets need a short path.
        let runtime = made.tempdir()?;
        let began = Instant::now();
        let hosts = self.instances.div_ceil(options.each);
        let mut head = Process(self.head(folder, runtime.path(), hosts, options)?);
        let pid = head.0.id();
        let hosts = Hosts::start(folder, hosts, (self.rate, options.passes))?;
        let books = &hosts.books;
        let all = self.instances as u64;
        let told = || locked(&books.told).len() as u64;
        let up = || match self.work {
            Work::Stream => books.up.load(Ordering::Relaxed) >= all,
            // Each has told of one.
            Work::Render => told() >= all,
        };
        while !up() {
            well(&mut head, books)?;
            let so = books.up.load(Ordering::Relaxed);
            ensure!(
                began.elapsed() < UP,
                "{so} of {all} are up, {} frames told",
                told()
            );
            std::thread::sleep(LOOK);
        }
        let up_seconds = began.elapsed().as_secs_f64();
        if options.show {
            println!("the head is process {pid}");
        }
        std::thread::sleep(SETTLES);
        let mut asks = FleetClient::at(socket(runtime.path())?);
        let mut seen = self.watch(pid, books, &mut asks, options.seconds())?;
        well(&mut head, books)?;
        let from = now_ns() - u64::try_from(options.seconds().as_nanos())?;
        seen.up_seconds = up_seconds;
        drop(head.0.stdin.take());
        let until = Instant::now() + ENDS;
        while head.0.try_wait()?.is_none() {
            ensure!(Instant::now() < until, "the head does not end");
            std::thread::sleep(LOOK);
        }
        if self.work == Work::Render {
            seen.enter(folder, books, from)?;
        }
        Ok(seen)
    }

    fn head(self, folder: &Path, runtime: &Path, hosts: usize, options: &Options) -> Result<Child> {
        DirBuilder::new()
            .mode(0o700)
            .create(runtime.join("blendtorch"))?;
        let most = UP.min(Duration::from_secs(60)) + options.seconds() + SETTLES;
        let frames = (self.instances as f64 * self.rate * most.as_secs_f64()) as usize;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("head")
            .arg(folder)
            .args(["--hosts", &hosts.to_string()])
            .args(["--each", &options.each.to_string()])
            .args(["--passes", &options.passes.to_string()])
            .args(["--work", &self.work.to_string()])
            .args([
                "--frames",
                &frames.clamp(self.instances, 1_000_000).to_string(),
            ])
            .env("XDG_RUNTIME_DIR", runtime)
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        command
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))
    }

    fn watch(
        self,
        pid: u32,
        books: &Books,
        asks: &mut FleetClient,
        seconds: Duration,
    ) -> Result<Seen> {
        let over = AtomicBool::new(false);
        let counters = || {
            [
                &books.words_in,
                &books.words_out,
                &books.bytes_in,
                &books.bytes_out,
            ]
            .map(|counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64)
        };
        let (first, before, after, last, mut asked) = std::thread::scope(|scope| {
            let asking = scope.spawn(|| ask(asks, self.instances, &over));
            let (first, before) = (counters(), Usage::of(pid));
            std::thread::sleep(seconds);
            let (after, last) = (Usage::of(pid), counters());
            over.store(true, Ordering::Release);
            (first, before, after, last, asking.join())
        });
        let (before, after) = (before?, after?);
        let (cores, system_cores, switches) = after.since(&before);
        let each: Vec<_> = first
            .iter()
            .zip(last)
            .map(|(first, last)| (last - first) / seconds.as_secs_f64())
            .collect();
        let asked = match &mut asked {
            Ok(Ok(asked)) => asked,
            Ok(Err(error)) => anyhow::bail!("an instance does not answer: {error:#}"),
            Err(_) => anyhow::bail!("who asks panicked"),
        };
        let (ask_p50, ask_p99) = percentiles(asked);
        Ok(Seen {
            cores,
            system_cores,
            switches,
            megabytes: after.megabytes,
            peak_megabytes: after.peak_megabytes,
            threads: after.threads as f64,
            files: after.files as f64,
            words_in: each[0],
            words_out: each[1],
            kilobytes_in: each[2] / 1e3,
            kilobytes_out: each[3] / 1e3,
            ask_p50,
            ask_p99,
            ..Seen::default()
        })
    }
}

/// Asks instances, one after another; milliseconds of each answer.
fn ask(client: &mut FleetClient, instances: usize, over: &AtomicBool) -> Result<Vec<f64>> {
    let mut took = Vec::new();
    while !over.load(Ordering::Acquire) {
        let one = Instances::These(vec![rand::random_range(0..instances)]);
        let began = Instant::now();
        let outcomes = client.tell(Wanted::Status, one, Duration::from_secs(30))?;
        took.push(began.elapsed().as_secs_f64() * 1e3);
        for (instance, outcome) in outcomes {
            outcome.map_err(|refusal| anyhow::anyhow!("{instance}: {refusal}"))?;
        }
        std::thread::sleep(ASKS);
    }
    Ok(took)
}

/// Whether the head and the hosts go on.
fn well(head: &mut Process, books: &Books) -> Result<()> {
    let ended = head.0.try_wait()?;
    ensure!(ended.is_none(), "the head ended: {ended:?}");
    let errors = locked(&books.errors);
    ensure!(
        errors.is_empty(),
        "{}",
        errors[..errors.len().min(3)].join("; ")
    );
    Ok(())
}

impl Seen {
    /// Of the frames that were told from a moment on: how many were entered, and how soon.
    fn enter(&mut self, folder: &Path, books: &Books, from: u64) -> Result<()> {
        let text = std::fs::read(folder.join(ENTERED))?;
        let entered: HashMap<i64, u64> = serde_json::from_slice::<Vec<_>>(&text)?
            .into_iter()
            .collect();
        let told = locked(&books.told);
        // The last ones may have been told to a head that was ending.
        let seconds = 1e-9 * (now_ns() - from) as f64;
        let mut took = Vec::new();
        for (frame, at) in told.iter().filter(|(_, at)| **at >= from) {
            if let Some(entered) = entered.get(frame) {
                took.push(entered.saturating_sub(*at) as f64 * 1e-6);
            }
        }
        let first = told.values().filter(|at| **at >= from).min();
        let last = entered.values().max();
        let spans = first
            .zip(last)
            .map(|(first, last)| last.saturating_sub(*first) as f64 * 1e-9);
        self.frames = took.len() as f64 / spans.unwrap_or(seconds).max(1e-3);
        (self.frame_p50, self.frame_p99) = percentiles(&mut took);
        Ok(())
    }
}

fn percentiles(values: &mut [f64]) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |part: f64| {
        let place = (values.len() as f64 * part) as usize;
        let place = place.min(values.len().saturating_sub(1));
        values.get(place).copied().unwrap_or(f64::NAN)
    };
    (at(0.5), at(0.99))
}
