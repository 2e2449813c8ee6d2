//! A block of cells: what arrives at them, how they move, what they send, what is recorded of them.
//!
//! One thread has a block at a time. Everything that a step needs is allocated before.

use super::edges::Edges;
use super::fetch;
use super::layout::BlockLayout;
use crate::models::{Group, Kind};

/// So many spikes are taken at once.
const TOGETHER: usize = 32;

/// A spike that is on its way, as blocks take it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// The row that a delay of no step would reach.
    pub(crate) row: u32,
    pub(crate) source: u32,
}

/// A change of a cell's injected current.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Injection {
    /// The first step with it.
    pub(crate) step: u64,
    pub(crate) group: u32,
    pub(crate) at: u32,
    /// In pA.
    pub(crate) current: f64,
}

/// When a probe records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rhythm {
    pub(crate) first: u64,
    pub(crate) every: u64,
    /// Behind the last.
    pub(crate) end: u64,
}

impl Rhythm {
    /// Whether the state at a step is recorded.
    #[inline(always)]
    pub(crate) fn is_due(&self, step: u64) -> bool {
        step >= self.first && step < self.end && (step - self.first).is_multiple_of(self.every)
    }
}

/// One value that a probe records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) group: u32,
    pub(crate) at: u32,
    pub(crate) recordable: u32,
}

/// What a probe records of a block.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) rhythm: Rhythm,
    pub(crate) readings: Vec<Reading>,
}

#[derive(Debug)]
struct Slot {
    kind: Kind,
    group: Group,
    /// The cells' indices in the network.
    cells: Vec<u32>,
    base: usize,
    width: usize,
}

/// A block.
#[derive(Debug)]
pub(crate) struct Block {
    slots: Vec<Slot>,
    /// Whether the cells' indices rise over all groups.
    in_order: bool,
    edges: Edges,
    /// What arrives: a row for each step from now on, in a ring.
    ring: Vec<f64>,
    width: usize,
    rows: usize,
    spiked: Vec<u32>,
    /// The cells that spiked since [`Self::work`] began, step by step, and where each step's end.
    sent: Vec<u32>,
    sent_until: Vec<usize>,
    pub(crate) injections: Vec<Injection>,
    pub(crate) next_injection: usize,
    pub(crate) parts: Vec<Part>,
    /// What the probes recorded since [`Self::work`] began, in the order of steps, probes, readings.
    recorded: Vec<f64>,
}

impl Block {
    /// A block whose cells have the states of `groups`, and rows for so many steps.
    pub(crate) fn new(layout: BlockLayout, groups: Vec<Group>, edges: Edges, rows: usize) -> Self {
        let width = layout.width;
        let slots: Vec<Slot> = layout
            .groups
            .into_iter()
            .zip(groups)
            .map(|(layout, group)| Slot {
                kind: layout.kind,
                group,
                base: layout.base,
                width: layout.channels * layout.cells.len(),
                cells: layout.cells,
            })
            .collect();
        let cells = slots.iter().flat_map(|slot| &slot.cells);
        let in_order = cells.is_sorted();
        Self {
            in_order,
            slots,
            edges,
            ring: vec![0.0; width * rows],
            width,
            rows,
            spiked: Vec::new(),
            sent: Vec::new(),
            sent_until: Vec::new(),
            injections: Vec::new(),
            next_injection: 0,
            parts: Vec::new(),
            recorded: Vec::new(),
        }
    }

    /// Takes the spikes that are on their way and moves from step `from` to step `to`.
    #[inline(always)]
    pub(crate) fn work(&mut self, arrivals: &[Arrival], from: u64, to: u64) {
        self.deliver(arrivals);
        self.sent.clear();
        self.sent_until.clear();
        self.recorded.clear();
        for step in from..to {
            self.advance(step);
            self.inject(step + 1);
            self.record(step + 1);
        }
    }

    /// Adds the spikes that are on their way to the rows of their arrival.
    #[inline(always)]
    pub(crate) fn deliver(&mut self, arrivals: &[Arrival]) {
        let (rows, width) = (self.rows, self.width);
        // Where their edges are is found for some at once, so that the memory answers for all of them
        // while the first are added.
        for some in arrivals.chunks(TOGETHER) {
            let mut places = [(0, 0); TOGETHER];
            for (place, arrival) in places.iter_mut().zip(some) {
                *place = self.edges.of(arrival.source);
                fetch::fetch(self.edges.at(*place));
            }
            for (place, arrival) in places.iter().zip(some) {
                for synapse in self.edges.at(*place) {
                    let row = arrival.row as usize + synapse.delay as usize;
                    let row = if row >= rows { row - rows } else { row };
                    if let Some(sum) = self.ring.get_mut(row * width + synapse.row as usize) {
                        *sum += synapse.weight;
                    }
                }
            }
        }
    }

    /// Sets the injected currents that act in the update from `step` on.
    pub(crate) fn inject(&mut self, step: u64) {
        while let Some(injection) = self.injections.get(self.next_injection) {
            if injection.step > step {
                break;
            }
            if let Some(slot) = self.slots.get_mut(injection.group as usize) {
                slot.group.inject(injection.at as usize, injection.current);
            }
            self.next_injection += 1;
        }
    }

    #[inline(always)]
    fn advance(&mut self, step: u64) {
        let now = (step % self.rows as u64) as usize;
        let before = if now == 0 { self.rows - 1 } else { now - 1 };
        let begin = self.sent.len();
        for slot in &mut self.slots {
            let row = if slot.kind.late() { before } else { now };
            let first = row * self.width + slot.base;
            self.spiked.clear();
            slot.group.advance(
                step as i64,
                &mut self.ring[first..first + slot.width],
                &mut self.spiked,
            );
            self.sent
                .extend(self.spiked.iter().map(|at| slot.cells[*at as usize]));
        }
        if !self.in_order {
            self.sent[begin..].sort_unstable();
        }
        self.sent_until.push(self.sent.len());
    }

    fn record(&mut self, step: u64) {
        for part in &self.parts {
            if !part.rhythm.is_due(step) {
                continue;
            }
            let row = self.row_before(step);
            self.recorded.reserve(part.readings.len());
            for reading in &part.readings {
                let value = self.value(row, reading.group, reading.at, reading.recordable);
                self.recorded.push(value);
            }
        }
    }

    /// A recordable of a cell at a step that has just been reached.
    pub(crate) fn read(&self, step: u64, group: u32, at: u32, recordable: u32) -> f64 {
        self.value(self.row_before(step), group, at, recordable)
    }

    /// The row of what arrived in the step that ends at `step`.
    fn row_before(&self, step: u64) -> usize {
        let rows = self.rows as u64;
        ((step + rows - 1) % rows) as usize
    }

    #[inline]
    fn value(&self, last: usize, group: u32, at: u32, recordable: u32) -> f64 {
        let Some(slot) = self.slots.get(group as usize) else {
            return f64::NAN;
        };
        let first = last * self.width + slot.base;
        let pending = &self.ring[first..first + slot.width];
        slot.group.read(at as usize, recordable as usize, pending)
    }

    /// The cells that spiked in the given step of the last [`Self::work`], 0 for its first, in rising
    /// order.
    pub(crate) fn sent(&self, step: usize) -> &[u32] {
        let until = |step: usize| self.sent_until.get(step).copied().unwrap_or(0);
        let from = if step == 0 { 0 } else { until(step - 1) };
        self.sent.get(from..until(step)).unwrap_or_default()
    }

    /// What the probes recorded in the last [`Self::work`].
    pub(crate) fn recorded(&self) -> &[f64] {
        &self.recorded
    }

    /// A group of cells.
    pub(crate) fn group_mut(&mut self, group: u32) -> Option<&mut Group> {
        self.slots
            .get_mut(group as usize)
            .map(|slot| &mut slot.group)
    }
}
