//! The consumer of a case: batches by `btt::DataLoader`, which are dropped as they come.

use super::instances::{Instances, start_file};
use crate::row::median;
use anyhow::{Result, bail, ensure};
use btt::{Batch, DataLoader, DatasetOptions, LoaderOptions, RemoteIterableDataset};
use rustix::time::{ClockId, clock_gettime};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// From the word that all instances publish to the first phase: time to hear it, in frames.
const LEAD: f64 = 1.0;

/// How often it is seen that the instances are well.
const SLICE: Duration = Duration::from_millis(500);

/// An instance whose publisher has ended ends within this.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the consumer measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Consumed {
    /// Processor milliseconds of an image.
    pub(super) cpu_ms: f64,
    /// Milliseconds from an image's publishing to its batch, the copy into it left out; the median
    /// over images that complete a batch.
    pub(super) receive_ms: f64,
    /// Milliseconds to copy an image into its batch.
    pub(super) collate_ms: f64,
}

/// Takes all images that the instances publish; once each of them does, says when phases begin.
pub(super) fn consume(instances: &Instances, folder: &Path, limit: Instant) -> Result<Consumed> {
    let options = DatasetOptions {
        // Half of the time nothing is published; `check` knows when to give up.
        timeout: Duration::from_secs(600),
        first_item_timeout: Duration::from_secs(600),
        ..DatasetOptions::default()
    };
    let dataset = RemoteIterableDataset::connect(&instances.addresses(), options)?;
    let mut loader = DataLoader::new(dataset, LoaderOptions::default())?;
    let mut publishing = BTreeSet::new();
    while publishing.len() < instances.count {
        instances.check(limit)?;
        if loader.is_finished() {
            // An instance that failed closes its socket before it ends, and says why.
            std::thread::sleep(FAREWELL);
            instances.check(limit)?;
            bail!("the instances ended early");
        }
        if let Some(batch) = loader.next_timeout(SLICE)? {
            publishing.extend(batch.headers.iter().map(|header| header.btid));
        }
    }
    begin(folder)?;
    let (before, cpu) = (loader.stats(), seconds(ClockId::ProcessCPUTime));
    let mut latencies = Vec::new();
    while !loader.is_finished() {
        match loader.next_timeout(SLICE)? {
            Some(batch) => latencies.extend(latency_ms(&batch)),
            None => instances.check(limit)?,
        }
    }
    let (after, cpu) = (loader.stats(), seconds(ClockId::ProcessCPUTime) - cpu);
    ensure!(after.missing + after.duplicated == 0, "{after:?}");
    let images = (after.received - before.received) as f64;
    let collate_ms = (after.assembling - before.assembling).as_secs_f64() * 1e3 / images;
    Ok(Consumed {
        cpu_ms: cpu * 1e3 / images,
        receive_ms: median(latencies) - collate_ms,
        collate_ms,
    })
}

/// Tells the instances when the first phase begins.
fn begin(folder: &Path) -> Result<()> {
    let start = seconds(ClockId::Monotonic) + LEAD;
    let unfinished = folder.join("unfinished");
    std::fs::write(&unfinished, start.to_string())?;
    std::fs::rename(unfinished, start_file(folder))?; // Nobody reads half of it.
    Ok(())
}

/// From the publishing of its last image to now.
fn latency_ms(batch: &Batch) -> Option<f64> {
    let published = UNIX_EPOCH + Duration::from_nanos(batch.headers.last()?.time_ns);
    let latency = SystemTime::now().duration_since(published).ok()?;
    Some(latency.as_secs_f64() * 1e3)
}

fn seconds(clock: ClockId) -> f64 {
    let now = clock_gettime(clock);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}
