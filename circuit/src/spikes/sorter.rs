//! Spikes put in order that do not fit in memory.
//!
//! Owns where they wait, and how sorted runs become one. Some megabytes are held; the rest is in a file
//! without a name beside the output.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::Sorting;
use super::trains::before;
use crate::CircuitError;

/// A spike that waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spike {
    pub time: f64,
    pub node: u64,
    pub population: u64,
}

/// A spike as it is stored.
type Stored = [u64; 3];

impl Spike {
    fn stored(self) -> Stored {
        [self.time.to_bits(), self.node, self.population]
    }

    fn of([time, node, population]: Stored) -> Self {
        Self {
            time: f64::from_bits(time),
            node,
            population,
        }
    }
}

/// So many are held in memory (6 MB).
const HELD: usize = 1 << 18;
/// So many of each run are read at a time, where there are few runs.
const READ: usize = 1 << 14;

/// Takes spikes in any order, and gives them in one.
#[derive(Debug)]
pub(super) struct Sorter {
    beside: PathBuf,
    sorting: Sorting,
    held: Vec<Spike>,
    most: usize,
    scratch: Option<File>,
    /// Where in the file each run ends, in spikes.
    runs: Vec<u64>,
    last: Option<Spike>,
    in_order: bool,
}

impl Sorter {
    pub(super) fn new(beside: &Path, sorting: Sorting) -> Self {
        Self {
            beside: beside.to_owned(),
            sorting,
            held: Vec::new(),
            most: HELD,
            scratch: None,
            runs: Vec::new(),
            last: None,
            in_order: true,
        }
    }

    /// As `new`, with so many spikes held: for tests.
    #[cfg(test)]
    pub(super) fn holding(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    pub(super) fn add(&mut self, spike: Spike) -> Result<(), CircuitError> {
        if let Some(last) = self.last
            && order(self.sorting, &last, &spike).is_gt()
        {
            self.in_order = false;
        }
        self.last = Some(spike);
        self.held.push(spike);
        if self.held.len() >= self.most {
            self.spill()
                .map_err(|source| CircuitError::io(&self.beside, source))?;
        }
        Ok(())
    }

    /// Adds spikes of one population.
    pub(super) fn add_all(
        &mut self,
        population: u64,
        node_ids: &[u64],
        timestamps: &[f64],
    ) -> Result<(), CircuitError> {
        for (node, time) in node_ids.iter().zip(timestamps) {
            self.add(Spike {
                time: *time,
                node: *node,
                population,
            })?;
        }
        Ok(())
    }

    fn sort(&mut self) {
        if !self.in_order {
            let sorting = self.sorting;
            self.held.sort_by(|a, b| order(sorting, a, b));
        }
    }

    fn spill(&mut self) -> std::io::Result<()> {
        self.sort();
        let scratch = match &mut self.scratch {
            Some(scratch) => scratch,
            none => {
                let folder = self
                    .beside
                    .parent()
                    .filter(|one| !one.as_os_str().is_empty());
                none.insert(tempfile::tempfile_in(folder.unwrap_or(Path::new(".")))?)
            }
        };
        for some in self.held.chunks(READ) {
            let stored: Vec<Stored> = some.iter().map(|one| one.stored()).collect();
            scratch.write_all(bytemuck::cast_slice(&stored))?;
        }
        let before = self.runs.last().copied().unwrap_or(0);
        self.runs.push(before + self.held.len() as u64);
        self.held.clear();
        Ok(())
    }

    /// Gives all spikes in order, some thousands at a time.
    pub(super) fn finish(
        mut self,
        mut take: impl FnMut(&[Spike]) -> Result<(), CircuitError>,
    ) -> Result<(), CircuitError> {
        let beside = self.beside.clone();
        let io = |source| CircuitError::io(&beside, source);
        if self.scratch.is_none() {
            self.sort();
            return take(&self.held);
        }
        if !self.held.is_empty() {
            self.spill().map_err(io)?;
        }
        // Runs that follow each other are one.
        if self.in_order {
            self.runs.drain(..self.runs.len().saturating_sub(1));
        }
        let Some(scratch) = self.scratch.take() else {
            return Ok(());
        };
        let each = (8 * HELD / self.runs.len().max(1)).clamp(256, READ);
        let mut start = 0;
        let mut heap = BinaryHeap::new();
        let mut runs: Vec<Run> = Vec::new();
        for (at, end) in self.runs.iter().enumerate() {
            let mut run = Run::new(start, *end);
            start = *end;
            if let Some(spike) = run.next(&scratch, each).map_err(io)? {
                heap.push(Head {
                    spike,
                    run: at,
                    sorting: self.sorting,
                });
            }
            runs.push(run);
        }
        let mut out = Vec::with_capacity(READ);
        while let Some(mut head) = heap.pop() {
            out.push(head.spike);
            if out.len() == READ {
                take(&out)?;
                out.clear();
            }
            let Some(run) = runs.get_mut(head.run) else {
                continue;
            };
            if let Some(spike) = run.next(&scratch, each).map_err(io)? {
                head.spike = spike;
                heap.push(head);
            }
        }
        take(&out)
    }
}

/// A part of the file that is in order.
struct Run {
    at: u64,
    end: u64,
    read: Vec<Stored>,
    next: usize,
}

impl Run {
    fn new(at: u64, end: u64) -> Self {
        Self {
            at,
            end,
            read: Vec::new(),
            next: 0,
        }
    }

    fn next(&mut self, file: &File, each: usize) -> std::io::Result<Option<Spike>> {
        if self.next == self.read.len() {
            let number = usize::try_from(self.end - self.at)
                .unwrap_or(usize::MAX)
                .min(each);
            self.read.resize(number, [0; 3]);
            self.next = 0;
            let size = size_of::<Stored>() as u64;
            file.read_exact_at(bytemuck::cast_slice_mut(&mut self.read), self.at * size)?;
            self.at += number as u64;
        }
        let spike = self.read.get(self.next).copied().map(Spike::of);
        self.next += 1;
        Ok(spike)
    }
}

/// The next spike of a run. The heap gives its greatest, so the first in order is the greatest.
struct Head {
    spike: Spike,
    run: usize,
    sorting: Sorting,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        // Equal ones in the order they came.
        let spikes = order(self.sorting, &self.spike, &other.spike);
        spikes.then(self.run.cmp(&other.run)).reverse()
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

/// By id, populations follow each other; by time they are mixed, as in BMTK's text.
fn order(sorting: Sorting, a: &Spike, b: &Spike) -> Ordering {
    let populations = a.population.cmp(&b.population);
    let spikes = before(sorting, (a.node, a.time), (b.node, b.time));
    match sorting {
        Sorting::None => Ordering::Equal,
        Sorting::ById => populations.then(spikes),
        Sorting::ByTime => a.time.total_cmp(&b.time).then(populations).then(spikes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_order_becomes_the_one_that_is_wanted(
            spikes in prop::collection::vec((0..50_u64, 0..5_u64, 0..3_u64), 0..200),
            held in 1..40_usize,
            which in 0..3_usize,
        ) {
            let sorting = [Sorting::None, Sorting::ById, Sorting::ByTime][which];
            let folder = tempfile::tempdir().unwrap();
            let mut sorter = Sorter::new(&folder.path().join("s.h5"), sorting).holding(held);
            let spikes: Vec<Spike> = spikes
                .into_iter()
                .map(|(time, node, population)| Spike { time: time as f64 / 2.0, node, population })
                .collect();
            for spike in &spikes {
                sorter.add(*spike).unwrap();
            }
            let mut found = Vec::new();
            sorter.finish(|some| { found.extend_from_slice(some); Ok(()) }).unwrap();
            let mut wanted = spikes;
            wanted.sort_by(|a, b| order(sorting, a, b));
            prop_assert_eq!(found, wanted);
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
