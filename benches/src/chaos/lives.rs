//! What the lives of a fleet's instances took: from a kill to the exit that was seen, to the next
//! start, to its first item.
//!
//! Owns the times. They are the launcher's and the consumer's, by one clock of the kernel.

use crate::consumer::Taken;
use crate::faults::{Fault, Kind};
use anyhow::{Context, Result};
use blendtorch_launcher::Fleet;
use btb::control::{Epitaph, FleetClient, FleetReport};
use serde::Serialize;

/// How the fleet is, as others hear it: also when all its instances have ended.
pub(crate) fn report(fleet: &Fleet) -> Result<FleetReport> {
    let name = fleet.name().context("nobody can ask the fleet")?;
    Ok(FleetClient::named(name)?.status(false)?)
}

/// What followed a fault; seconds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Followed {
    pub(crate) kind: Kind,
    /// Since the beginning.
    pub(crate) at: f64,
    pub(crate) instance: usize,
    pub(crate) life: u64,
    /// How the life ended, in the launcher's words.
    pub(crate) end: Option<String>,
    /// From the fault to the exit of its process.
    pub(crate) exited: Option<f64>,
    /// From there until the launcher had seen it, and cleared what it left.
    pub(crate) seen: Option<f64>,
    /// From its exit to the next start.
    pub(crate) respawned: Option<f64>,
    /// From there to the first item that the consumer had of it.
    pub(crate) first_item: Option<f64>,
    /// It had delivered nothing: the launcher waits longer before it tries again.
    pub(crate) barren: bool,
}

/// What followed each fault.
pub(crate) fn followed(
    faults: &[Fault],
    report: &FleetReport,
    taken: &Taken,
    began: u64,
) -> Vec<Followed> {
    let each = faults.iter().map(|fault| {
        let one = |life: u64| {
            let instance = report.instances.get(fault.instance)?;
            instance.lives.iter().find(|epitaph| epitaph.life == life)
        };
        // A pause is no end.
        let ended = one(fault.life).filter(|_| fault.kind != Kind::Pause);
        let exited = fault.exited_ns.filter(|_| ended.is_some());
        // The last life has no other after it.
        let next = ended.and_then(|_| one(fault.life + 1));
        let first = next.and_then(|next| first_item(next, taken));
        let between = |from: u64, to: u64| (to as f64 - from as f64) * 1e-9;
        Followed {
            kind: fault.kind,
            at: between(began, fault.at_ns),
            instance: fault.instance,
            life: fault.life,
            end: ended.map(|ended| ended.end.clone()),
            exited: exited.map(|exited| between(fault.at_ns, exited)),
            seen: ended
                .zip(exited)
                .map(|(ended, exited)| between(exited, ended.ended_ns)),
            respawned: exited
                .zip(next)
                .map(|(exited, next)| between(exited, next.began_ns)),
            first_item: next
                .zip(first)
                .map(|(next, first)| between(next.began_ns, first)),
            barren: ended.is_some_and(|ended| ended.publishers.iter().all(|one| one.accepted == 0)),
        }
    });
    each.collect()
}

fn first_item(life: &Epitaph, taken: &Taken) -> Option<u64> {
    let publishers = life.publishers.iter();
    let first = publishers.filter_map(|one| taken.publishers.get(&one.publisher));
    first.map(|from| from.first_ns).min()
}
