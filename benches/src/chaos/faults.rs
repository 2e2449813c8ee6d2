//! What is done to instances, and when.
//!
//! Owns the schedule, which a seed decides, and the signals. It must never touch a process that is
//! not a running instance of the fleet it was given.

use crate::processes::has_ended;
use crate::producer::hang_file;
use anyhow::Result;
use blendtorch_launcher::{Fleet, InstanceStatus};
use btb::control::now_ns;
use indicatif::ProgressBar;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often it is looked whether it is time.
const LOOK: Duration = Duration::from_millis(10);
/// How long one is stopped that is to go on.
const PAUSE: Duration = Duration::from_secs(3);
/// One of so many kills is a pause instead.
const PAUSES: u32 = 7;

/// What is done to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// SIGKILL.
    Kill,
    /// SIGSTOP, and SIGCONT three seconds later: slow, and no fault.
    Pause,
    /// It makes no progress any more.
    Hang,
}

/// Something that was done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) at_ns: u64,
    pub(crate) kind: Kind,
    pub(crate) instance: usize,
    pub(crate) life: u64,
    pub(crate) pid: u32,
    /// When its process was seen to have ended, by the kernel's word and not by the launcher's.
    pub(crate) exited_ns: Option<u64>,
}

/// What is to be done.
pub(crate) struct Schedule<'a> {
    pub(crate) lasts: Duration,
    /// Seconds between kills.
    pub(crate) kills: Range<f64>,
    /// Where producers find that they are to hang; without, none does, and none is paused.
    pub(crate) producers: Option<&'a Path>,
    pub(crate) seed: u64,
}

/// Somebody who has been stopped: until when, which life, which process.
struct Paused {
    until: Instant,
    instance: usize,
    life: u64,
}

/// Carries it out; what was done.
pub(crate) fn carry_out(
    schedule: &Schedule<'_>,
    fleet: &Fleet,
    bar: &ProgressBar,
) -> Result<Vec<Fault>> {
    let mut rng = StdRng::seed_from_u64(schedule.seed);
    let (start, mut faults) = (Instant::now(), Vec::<Fault>::new());
    let mut paused = Vec::<Paused>::new();
    let pause =
        |rng: &mut StdRng| Duration::from_secs_f64(rng.random_range(schedule.kills.clone()));
    let mut kill_at = start + pause(&mut rng);
    let mut hangs: Vec<_> = schedule
        .producers
        .map(|_| {
            [2, 1]
                .map(|third| start + schedule.lasts * third / 3)
                .to_vec()
        })
        .unwrap_or_default();
    while start.elapsed() < schedule.lasts {
        std::thread::sleep(LOOK);
        bar.set_position(start.elapsed().as_secs());
        let now = Instant::now();
        note_exits(&mut faults);
        paused.retain(|one| {
            let goes_on = now >= one.until;
            if goes_on {
                go_on(one, fleet);
            }
            !goes_on
        });
        // One that hangs is left alone until the launcher has seen it, and one that was paused has
        // made a slow frame, which gives it more time.
        let is = |one: &InstanceStatus, kinds: &[Kind]| {
            let at = |fault: &&Fault| (fault.instance, fault.life) == (one.index, one.life);
            faults
                .iter()
                .filter(at)
                .any(|fault| kinds.contains(&fault.kind))
        };
        let running: Vec<_> = fleet
            .status()
            .into_iter()
            .filter(InstanceStatus::is_running)
            .collect();
        let hangs_now = hangs.last().is_some_and(|at| now >= *at);
        let without: &[Kind] = match hangs_now {
            true => &[Kind::Hang, Kind::Pause, Kind::Kill],
            false => &[Kind::Hang, Kind::Kill],
        };
        let candidates: Vec<_> = running.iter().filter(|one| !is(one, without)).collect();
        if candidates.is_empty() || !(hangs_now || now >= kill_at) {
            continue;
        }
        let one = candidates[rng.random_range(0..candidates.len())];
        let kind = match (hangs_now, schedule.producers) {
            (true, _) => Kind::Hang,
            (false, Some(_)) if rng.random_range(0..PAUSES) == 0 => Kind::Pause,
            _ => Kind::Kill,
        };
        faults.push(Fault {
            at_ns: now_ns(),
            kind,
            instance: one.index,
            life: one.life,
            pid: one.pid,
            exited_ns: None,
        });
        match (kind, schedule.producers) {
            (Kind::Hang, Some(folder)) => {
                hangs.pop();
                std::fs::write(hang_file(folder, one.index, one.life), "")?;
                continue;
            }
            (Kind::Pause, _) => {
                signal(one.pid, Signal::STOP);
                paused.push(Paused {
                    until: now + PAUSE,
                    instance: one.index,
                    life: one.life,
                });
            }
            _ => signal(one.pid, Signal::KILL),
        }
        kill_at = now + pause(&mut rng);
    }
    paused.iter().for_each(|one| go_on(one, fleet));
    Ok(faults)
}

fn note_exits(faults: &mut [Fault]) {
    let ends = |fault: &&mut Fault| fault.kind != Kind::Pause && fault.exited_ns.is_none();
    for fault in faults.iter_mut().filter(ends) {
        fault.exited_ns = has_ended(fault.pid).then(now_ns);
    }
}

fn go_on(paused: &Paused, fleet: &Fleet) {
    let status = &fleet.status()[paused.instance];
    if status.is_running() && status.life == paused.life {
        signal(status.pid, Signal::CONT);
    }
}

/// One that has ended by itself meanwhile needs none.
fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}
