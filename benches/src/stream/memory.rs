//! The peak memory of a consumer that takes batches slowly, so that every queue before it is full.
//!
//! What counts is the highest resident set (`VmHWM`) less what the process had before it connected,
//! less the batches in flight. Of ours, in flight are those that `prefetch_bytes` lets wait, one
//! that is assembled and waits to join them, and the one that the loop holds. torch's loader without
//! workers assembles one while the loop holds another. Memory that is shared with publishers counts
//! in the resident set of each process that has read it, although it exists once: it is told beside.

use super::case::{Case, Size};
use super::link::{BATCH, Inlet};
use super::processes::{Asked, run};
use super::way::Way;
use crate::machine::field;
use crate::rounds::interleave;
use crate::row::{Goal, Row};
use crate::usage::Usage;
use anyhow::{Context, Result, ensure};
use btt::LoaderOptions;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

const WAYS: [Way; 4] = [Way::Baseline, Way::Tcp, Way::Ipc, Way::Shm];
/// Of each of four producers: enough to fill every queue several times.
const IMAGES: usize = 80;
/// How long the loop takes for a batch: longer than any way needs to bring one.
const PAUSE: Duration = Duration::from_millis(40);

/// Megabytes of a consumer.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Peak {
    /// Before it connected.
    before_mb: f64,
    /// The most there was at a time.
    peak_mb: f64,
    /// Of memory shared with publishers, the most that was seen.
    shared_mb: f64,
    /// Of all other memory, the most that was seen.
    own_mb: f64,
}

pub(crate) fn rows(python: &Path, rounds: usize) -> Result<Vec<Row>> {
    let cases = WAYS.map(|way| Case {
        way,
        size: Size::Usual,
        producers: 4,
    });
    let measured = interleave(&cases, rounds, Case::name, |case| {
        let (_, peak): (Vec<Usage>, Peak) = run(case, IMAGES, Asked::Memory, python)?;
        Ok((peak, in_flight(case)))
    })?;
    let mut rows = Vec::new();
    for (case, results) in cases.iter().zip(&measured) {
        let row = |what: &str, value: fn(&(Peak, f64)) -> f64| {
            let name = format!("{}, {what}", case.name());
            Row::new(name, "MB", results, &measured[0], value)
        };
        let goal = (case.way == Way::Shm).then_some(Goal::AtMost(64.0));
        let over = row("peak over batches in flight", |(peak, in_flight)| {
            peak.peak_mb - peak.before_mb - in_flight
        });
        rows.push(over.goal(goal));
        rows.push(row("batches in flight", |(_, in_flight)| *in_flight));
        if case.way == Way::Shm {
            let shared: Vec<_> = results.iter().map(|(peak, _)| peak.shared_mb).collect();
            let peaks: Vec<_> = results.iter().map(|(peak, _)| peak.peak_mb).collect();
            let name = format!("{}, shared with producers (beside its peak)", case.name());
            rows.push(Row::new(name, "MB", &shared, &peaks, |megabytes| {
                *megabytes
            }));
            rows.push(row(
                "own memory over batches in flight",
                |(peak, in_flight)| peak.own_mb - peak.before_mb - in_flight,
            ));
        }
    }
    Ok(rows)
}

/// Megabytes of the batches that exist at a time when every queue is full.
fn in_flight(case: Case) -> f64 {
    let batch = BATCH * case.size.bytes();
    let waiting = match case.way {
        Way::Baseline => 0,
        _ => (LoaderOptions::default().prefetch_bytes / batch).max(1),
    };
    ((waiting + 2) * batch) as f64 / 1e6
}

/// What a process has before it connects.
pub(super) struct Resident {
    before_mb: f64,
}

impl Resident {
    pub(super) fn start() -> Result<Self> {
        // Forgets the highest so far: whoever may not is measured with it.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        Ok(Self {
            before_mb: megabytes("VmRSS")?,
        })
    }

    /// Takes every batch, slowly.
    pub(super) fn watch(&self, inlet: &mut dyn Inlet) -> Result<Peak> {
        let (mut images, mut shared_mb, mut own_mb) = (0, 0_f64, 0_f64);
        while let Some(numbers) = inlet.next()? {
            images += numbers.len();
            std::thread::sleep(PAUSE);
            let shared = megabytes("RssShmem")?;
            shared_mb = shared_mb.max(shared);
            own_mb = own_mb.max(megabytes("VmRSS")? - shared);
        }
        ensure!(images > 0, "no images");
        Ok(Peak {
            before_mb: self.before_mb,
            peak_mb: megabytes("VmHWM")?,
            shared_mb,
            own_mb,
        })
    }
}

/// Of this process.
fn megabytes(name: &str) -> Result<f64> {
    let value = field("/proc/self/status", name).context("no such memory")?;
    let kilobytes: f64 = value.trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024.0 / 1e6)
}
