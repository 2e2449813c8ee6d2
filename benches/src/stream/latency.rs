//! From just before an image is published until a loader has handed out its batch of one. The next
//! image is published once the consumer has answered, by a byte over a socket of its own.

use super::case::{Case, Size};
use super::link::{Inlet, Outlet, PATIENCE};
use super::processes::{Asked, run};
use super::way::Way;
use crate::rounds::interleave;
use crate::row::{Goal, Row};
use crate::usage::Usage;
use anyhow::{Context, Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

const WAYS: [Way; 7] = [
    Way::Baseline,
    Way::LibzmqTcp,
    Way::LibzmqIpc,
    Way::Tcp,
    Way::Ipc,
    Way::Shm,
    Way::InPlace,
];
/// Images before those that count.
const WARM_UP: usize = 50;
/// Images that count.
const IMAGES: usize = 500;

/// Milliseconds of one image.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Latency {
    p50_ms: f64,
    /// Of a hundred images, one takes longer.
    p99_ms: f64,
}

pub(crate) fn rows(python: &Path, rounds: usize, quick: bool) -> Result<Vec<Row>> {
    let cases = WAYS.map(|way| Case {
        way,
        size: Size::Usual,
        producers: 1,
    });
    let images = WARM_UP + IMAGES / if quick { 10 } else { 1 };
    let measured = interleave(&cases, rounds, Case::name, |case| {
        let (_, latency): (Vec<Usage>, Latency) = run(case, images, Asked::Latency, python)?;
        Ok(latency)
    })?;
    let mut rows = Vec::new();
    for (case, results) in cases.iter().zip(&measured) {
        let row = |unit, value: fn(&Latency) -> f64| {
            let name = format!("{}, one outstanding", case.name());
            Row::new(name, unit, results, &measured[0], value)
        };
        let goal = (case.way == Way::Shm).then_some(Goal::AtMost(0.2));
        rows.push(row("ms p50", |latency| latency.p50_ms).goal(goal));
        rows.push(row("ms p99", |latency| latency.p99_ms));
    }
    Ok(rows)
}

/// Publishes images one at a time, each numbered with the time.
pub(super) fn produce(outlet: &mut dyn Outlet, images: usize, ack: &Path) -> Result<()> {
    let (mut consumer, _) = UnixListener::bind(ack)?.accept()?;
    for _ in 0..images {
        outlet.publish(&now)?;
        consumer.read_exact(&mut [0])?;
    }
    Ok(())
}

/// Takes them.
pub(super) fn consume(inlet: &mut dyn Inlet, images: usize, ack: &Path) -> Result<Latency> {
    let mut producer = answer_to(ack)?;
    let mut times = Vec::with_capacity(images);
    while let Some(numbers) = inlet.next()? {
        times.push(now() - numbers.first().context("an empty batch")?);
        producer.write_all(&[1])?;
    }
    ensure!(times.len() == images, "{} of {images} came", times.len());
    let times = &mut times[WARM_UP.min(images - 1)..];
    times.sort_unstable();
    let part = |hundredths: usize| times[times.len() * hundredths / 100] as f64 / 1e6;
    Ok(Latency {
        p50_ms: part(50),
        p99_ms: part(99),
    })
}

/// Where the producer listens, or is about to.
fn answer_to(path: &Path) -> Result<UnixStream> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match UnixStream::connect(path) {
            Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
            connected => return Ok(connected?),
        }
    }
}

/// Nanoseconds since the machine started: one clock for all processes.
fn now() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}
