//! Which instances run here, and how each begins.
//!
//! Owns the difference between a fleet of one machine, all of whose instances begin their first life
//! here, and a host's part of one. It must never start anything.

use std::net::IpAddr;
use std::sync::mpsc;

use blendtorch_channels::control::Resume;

use super::output::Line;
use crate::board::Heard;

/// How an instance begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Beginning {
    pub(crate) index: usize,
    /// The number of its next life.
    pub(crate) life: u64,
    /// Where that goes on.
    pub(crate) resume: Resume,
}

/// A host's part of a fleet.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) instances: Vec<Beginning>,
    /// That of instance 0.
    pub(crate) seed: u64,
    /// The address by which the other machines reach this one.
    pub(crate) ip: IpAddr,
    /// Hears of all instances from their first moment on.
    pub(crate) listener: mpsc::Sender<Heard>,
    /// Where what they print goes, where somebody wants it.
    pub(crate) lines: Option<tokio::sync::mpsc::Sender<Line>>,
}

/// How each of so many instances begins here; none of those that another host has.
pub(super) fn here(instances: usize, part: Option<&Part>) -> Vec<Option<Beginning>> {
    let Some(part) = part else {
        let first = |index| {
            Some(Beginning {
                index,
                life: 1,
                resume: Resume::default(),
            })
        };
        return (0..instances).map(first).collect();
    };
    let mut all = vec![None; instances];
    for one in &part.instances {
        if let Some(place) = all.get_mut(one.index) {
            *place = Some(*one);
        }
    }
    all
}
