//! A run that viewers see while it goes on.
//!
//! Owns which spike belongs to which interval, and where cells are that viewers are told. Who waits, and
//! what travels, is the crate `blendtorch-live`'s. A run that is not published pays nothing for it.

use std::ops::Range;
use std::time::Duration;

use blendtorch_live::{
    Hello, LinkCounts, LiveError, News, Policy, Sender, SenderOptions, Snapshot,
};
use blendtorch_wire::End;

use crate::SimulateError;
use crate::load::{MemberPopulation, Members};
use crate::plan::Plan;
use crate::plan::recordings::Times;

/// How a run is published.
#[derive(Debug, Clone)]
pub struct Publish {
    /// Addresses of viewers, as `tcp://host:port`, and launch infos that list them.
    pub to: Vec<String>,
    /// How long an interval is, in ms; rounded to whole steps.
    pub every_ms: f64,
    /// Who waits for whom.
    pub policy: Policy,
    /// How it is shown: a JSON object with keys of a `network.json`; spikes that fade where nothing is said.
    pub description: Option<String>,
}

impl Default for Publish {
    fn default() -> Self {
        Self {
            to: Vec::new(),
            every_ms: 1.0,
            policy: Policy::Drop,
            description: None,
        }
    }
}

/// What is shown where nothing is said.
const SHOWN: &str = r#"{"show": {"as": "decay"}}"#;
/// How long a piece of a run waits for viewers at most, so that its user is heard meanwhile.
const SLICE: Duration = Duration::from_millis(500);

/// A population as viewers know it.
struct Shown {
    name: String,
    cells: Range<u32>,
    /// Indices of its cells among its nodes; nothing where they are the same.
    nodes: Option<Vec<u32>>,
    /// Indices of cells that have spiked in this interval.
    spiked: Vec<u32>,
}

/// The publisher of a run.
pub(crate) struct Publisher {
    sender: Sender,
    times: Times,
    populations: Vec<Shown>,
    /// Steps of an interval.
    every: u64,
    /// The interval that goes on, and the step that it began at.
    interval: u64,
    start: u64,
    waits: bool,
}

impl Publisher {
    /// Connects; and what is odd, for people.
    pub(crate) fn start(
        how: &Publish,
        plan: &Plan,
        members: &Members,
        now: u64,
    ) -> Result<(Self, Vec<String>), SimulateError> {
        let times = plan.times;
        let dt = times.grid.dt();
        let every = (how.every_ms / dt).round();
        if !(1.0..=1e12).contains(&every) {
            let text = format!(
                "an interval of {} ms is none: a step has {dt} ms",
                how.every_ms
            );
            return Err(LiveError::unfit("publish", text).into());
        }
        let mut hello = Hello::new(how.description.as_deref().unwrap_or(SHOWN));
        let (mut populations, mut said) = (Vec::new(), Vec::new());
        for (one, nodes) in members.populations.iter().zip(&plan.circuit.nodes) {
            if one.cells.is_empty() {
                continue;
            }
            let places = nodes.positions().map_err(SimulateError::Circuit)?;
            let places = places.unwrap_or_else(|| {
                said.push(format!(
                    "{}: its cells have no x, y and z: viewers see them on a grid",
                    one.name
                ));
                grid(nodes.len())
            });
            #[allow(
                clippy::cast_possible_truncation,
                reason = "viewers know places as float32"
            )]
            let places: Vec<[f32; 3]> = places
                .iter()
                .map(|place| place.map(|axis| axis as f32))
                .collect();
            hello = hello.population(&one.name, &places)?;
            populations.push(Shown::of(one));
        }
        let addresses = blendtorch_live::targets(&how.to)?;
        let options = SenderOptions {
            policy: how.policy,
            ..SenderOptions::default()
        };
        let sender = Sender::start(&addresses, hello, options)?;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 1e12"
        )]
        let every = every as u64;
        let publisher = Self {
            sender,
            times,
            populations,
            every,
            interval: 0,
            start: now,
            waits: false,
        };
        Ok((publisher, said))
    }

    /// Where the interval ends that goes on.
    pub(crate) fn next(&self) -> u64 {
        self.start + self.every
    }

    /// Spikes that were found until `now`: (step, member). One at the interval's end is the next one's.
    pub(crate) fn take(
        &mut self,
        spikes: &mut Vec<(u64, u32)>,
        now: u64,
    ) -> Result<(), SimulateError> {
        let end = self.next();
        spikes.retain(|(step, member)| {
            if *step >= end {
                return true;
            }
            let found = self
                .populations
                .iter_mut()
                .find(|one| one.cells.contains(member));
            if let Some(one) = found {
                one.spike(*member);
            }
            false
        });
        if now >= end {
            self.hand_over(end)?;
        }
        Ok(())
    }

    fn hand_over(&mut self, end: u64) -> Result<(), SimulateError> {
        let (start_ms, stop_ms) = (self.times.ms(self.start), self.times.ms(end));
        let mut snapshot = Snapshot::new(self.interval, start_ms, stop_ms);
        for one in &mut self.populations {
            let spiked = std::mem::take(&mut one.spiked);
            if !spiked.is_empty() {
                snapshot.spikes.insert(one.name.clone(), spiked);
            }
        }
        (self.interval, self.start) = (self.interval + 1, end);
        self.sender.hand_over(snapshot)?;
        self.waits = true;
        Ok(())
    }

    /// Waits a moment for viewers that are behind; whether it may go on.
    pub(crate) fn may_go_on(&mut self) -> bool {
        if self.waits {
            self.waits = !self.sender.wait(SLICE);
        }
        !self.waits
    }

    pub(crate) fn is_seen_by_all(&self) -> bool {
        self.sender.is_seen_by_all()
    }

    pub(crate) fn news(&mut self) -> Vec<News> {
        self.sender.news()
    }

    /// The rest of it, to `now`, and the end.
    pub(crate) fn end(
        &mut self,
        mut rest: Vec<(u64, u32)>,
        now: u64,
        end: &End,
    ) -> Result<Vec<LinkCounts>, SimulateError> {
        self.take(&mut rest, now)?;
        // Spikes at the very end belong to an interval that is not simulated any more.
        let late = self.populations.iter().any(|one| !one.spiked.is_empty());
        if self.start < now {
            self.hand_over(now)?;
        } else if late {
            self.hand_over(now + 1)?;
        }
        Ok(self.sender.close(end))
    }
}

impl Shown {
    fn of(one: &MemberPopulation) -> Self {
        let cells = one.cells.end - one.cells.start;
        let same = (0..cells).all(|cell| one.node(cell) == cell);
        Self {
            name: one.name.clone(),
            cells: one.cells.clone(),
            nodes: (!same).then(|| (0..cells).map(|cell| one.node(cell)).collect()),
            spiked: Vec::new(),
        }
    }

    fn spike(&mut self, member: u32) {
        let cell = member - self.cells.start;
        let node = match &self.nodes {
            None => Some(cell),
            Some(nodes) => nodes.get(cell as usize).copied(),
        };
        self.spiked.extend(node);
    }
}

/// Places of cells that have none: 20 µm from each other, in a square.
fn grid(cells: usize) -> Vec<[f64; 3]> {
    let side = (cells as f64).sqrt().ceil().max(1.0);
    let place = |cell: usize| {
        let row = (cell as f64 / side).floor();
        [20.0 * (cell as f64 - row * side), 20.0 * row, 0.0]
    };
    (0..cells).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::grid;

    #[test]
    fn cells_without_places_lie_apart() {
        let places = grid(7);
        for (at, one) in places.iter().enumerate() {
            let apart =
                |other: &[f64; 3]| one.iter().zip(other).any(|(a, b)| (a - b).abs() >= 20.0);
            assert!(places.iter().skip(at + 1).all(apart), "{places:?}");
        }
        assert!(grid(0).is_empty() && places.len() == 7);
    }
}
