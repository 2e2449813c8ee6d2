//! A stream whose producers are killed, from its first item to its last.
//!
//! Owns the course of it: consumer, faults, the end. What it is held against is `account`'s.

use crate::account::Account;
use crate::consumer::{Images, Taken, take_all};
use crate::faults::{Schedule, carry_out};
use crate::fleets;
use crate::lives::{Followed, followed, report};
use crate::truth;
use anyhow::{Result, anyhow, ensure};
use blendtorch_launcher::Fleet;
use btb::control::{FleetReport, now_ns};
use indicatif::ProgressBar;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Seconds of a bin.
const BIN: f64 = 0.5;
/// A gap that is told, in seconds.
const GAP: f64 = 1.0;
/// A first item does not take longer.
const FIRST: Duration = Duration::from_secs(180);
/// How long producers stream before the first is killed.
const LEAD: Duration = Duration::from_secs(1);

/// What was seen of a stream.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Course {
    /// From its first item until the fleet was asked to end.
    pub(crate) seconds: f64,
    pub(crate) items: u64,
    pub(crate) items_per_second: f64,
    /// Items a second, in bins of `bin` seconds.
    pub(crate) bin: f64,
    pub(crate) rates: Vec<f64>,
    /// The longest time between two items, and since the beginning all that were long: at, for.
    pub(crate) longest_gap: f64,
    pub(crate) gaps: Vec<(f64, f64)>,
    pub(crate) faults: Vec<Followed>,
    pub(crate) duplicated: u64,
    pub(crate) errors: Vec<String>,
}

/// Producers without a Blender.
pub(crate) fn of_producers(
    lasts: Duration,
    seed: u64,
    bar: &ProgressBar,
) -> Result<(Course, Account)> {
    let folder = tempfile::Builder::new()
        .prefix("chaos-")
        .tempdir_in("/tmp")?;
    let fleet = fleets::producers(folder.path(), seed)?;
    let schedule = Schedule {
        lasts,
        kills: 1.0..5.0,
        producers: Some(folder.path()),
        seed,
    };
    let (course, taken) = run(&fleet, &schedule, Images::Checked, bar)?;
    let account = Account::of(&truth::read(folder.path())?, &taken);
    Ok((course, account))
}

/// Blenders.
pub(crate) fn of_blenders(lasts: Duration, seed: u64, bar: &ProgressBar) -> Result<Course> {
    let schedule = Schedule {
        lasts,
        kills: 7.0..9.0,
        producers: None,
        seed,
    };
    Ok(run(&fleets::blenders()?, &schedule, Images::Taken, bar)?.0)
}

fn run(
    fleet: &Fleet,
    schedule: &Schedule<'_>,
    images: Images,
    bar: &ProgressBar,
) -> Result<(Course, Taken)> {
    let addresses = fleet.launch_info().addresses["DATA"].clone();
    let count = AtomicU64::new(0);
    let (faults, until, report, taken) = std::thread::scope(|scope| {
        let consumer = scope.spawn(|| take_all(&addresses, images, &count));
        let hurt = || {
            let deadline = Instant::now() + FIRST;
            while count.load(Relaxed) == 0 && !consumer.is_finished() {
                ensure!(Instant::now() < deadline, "no item within {FIRST:?}");
                std::thread::sleep(Duration::from_millis(10));
            }
            std::thread::sleep(LEAD);
            carry_out(schedule, fleet, bar)
        };
        let faults = hurt();
        let until = now_ns();
        // What the last lives had published is told also when all have ended, as long as the fleet
        // is there: the consumer hears it before it ends.
        fleet.stop();
        let taken = consumer
            .join()
            .map_err(|_| anyhow!("the consumer panicked"))?;
        anyhow::Ok((faults?, until, report(fleet)?, taken?))
    })?;
    Ok((Course::of(&faults, until, &report, &taken), taken))
}

impl Course {
    fn of(
        faults: &[crate::faults::Fault],
        until: u64,
        report: &FleetReport,
        taken: &Taken,
    ) -> Self {
        let began = taken.arrivals.first().copied().unwrap_or(until);
        let at = |ns: u64| ns.saturating_sub(began) as f64 * 1e-9;
        let seconds = at(until);
        let times: Vec<f64> = taken
            .arrivals
            .iter()
            .filter(|ns| **ns <= until)
            .map(|ns| at(*ns))
            .collect();
        let mut rates = vec![0.0; (seconds / BIN) as usize];
        for time in &times {
            if let Some(rate) = rates.get_mut((time / BIN) as usize) {
                *rate += 1.0 / BIN;
            }
        }
        // The last one lasts until the fleet was asked to end.
        let next = times.iter().skip(1).chain([&seconds]);
        let gaps: Vec<_> = times
            .iter()
            .zip(next)
            .map(|(from, to)| (*from, to - from))
            .collect();
        Self {
            seconds,
            items: times.len() as u64,
            items_per_second: times.len() as f64 / seconds,
            bin: BIN,
            rates,
            longest_gap: gaps.iter().map(|(_, lasted)| *lasted).fold(0.0, f64::max),
            gaps: gaps
                .into_iter()
                .filter(|(_, lasted)| *lasted > GAP)
                .collect(),
            faults: followed(faults, report, taken, began),
            duplicated: taken.duplicated + taken.stats.duplicated,
            errors: taken.errors.clone(),
        }
    }
}
