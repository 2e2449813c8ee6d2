//! From a network that is put together to the blocks that run.

use super::block::{Block, Part, Reading};
use super::conductor::{Columns, Conductor, Told};
use super::layout::{self, BlockLayout};
use super::network::Network;
use super::pace::Pace;
use crate::models::{Group, Kind, Parameters};

/// Longer intervals gain nothing.
const LONGEST_INTERVAL: u64 = 256;
/// The blocks of a network, which gives up its edges for them.
pub(super) fn blocks(network: &mut Network, rows: usize) -> Vec<Block> {
    let layouts = std::mem::take(&mut network.layouts);
    let edges = std::mem::take(&mut network.edges);
    let mut blocks: Vec<Block> = layouts
        .into_iter()
        .zip(edges)
        .map(|(layout, edges)| {
            let groups = groups(network, &layout);
            Block::new(layout, groups, edges, rows)
        })
        .collect();
    for probe in &network.probes {
        for block in &mut blocks {
            block.parts.push(Part {
                rhythm: probe.rhythm,
                readings: Vec::new(),
            });
        }
        for (cell, recordable) in &probe.columns {
            let place = network.places.get(*cell as usize);
            let part = place
                .and_then(|place| blocks.get_mut(place.block as usize))
                .and_then(|block| block.parts.last_mut());
            if let (Some(place), Some(part)) = (place, part) {
                part.readings.push(Reading {
                    group: place.group,
                    at: place.at,
                    recordable: *recordable,
                });
            }
        }
    }
    blocks
}

fn groups(network: &Network, layout: &BlockLayout) -> Vec<Group> {
    let parameters = |cell: &u32| {
        let set = network.set_of.get(*cell as usize);
        set.and_then(|set| network.sets.get(*set as usize))
    };
    let of_layout = |group: &layout::GroupLayout| {
        let mut stretches: Vec<(&Parameters, usize)> = Vec::new();
        for one in group.cells.iter().filter_map(parameters) {
            match stretches.last_mut() {
                Some((last, cells)) if std::ptr::eq(*last, one) => *cells += 1,
                _ => stretches.push((one, 1)),
            }
        }
        Group::new(group.kind, &stretches, network.grid.step())
    };
    layout.groups.iter().map(of_layout).collect()
}

/// What is between the intervals of a network, which gives up its spike trains for it.
pub(super) fn conductor(network: &mut Network, rows: u64) -> Conductor {
    let shows_arrivals = network.probes.iter().flat_map(|probe| &probe.columns);
    let shows_arrivals = shows_arrivals
        .filter(|(_, recordable)| *recordable > 0)
        .any(|(cell, _)| network.kind(*cell) == Ok(Kind::IafPscExp));
    let mut interval = u64::from(network.shortest).min(LONGEST_INTERVAL);
    if shows_arrivals {
        interval = interval.min(u64::from(network.shortest_shown));
    }
    let mut inputs = std::mem::take(&mut network.trains);
    inputs.sort_unstable();
    let blocks = network.layouts.len();
    let probes = network.probes.iter().map(|probe| {
        let mut of_block = vec![Vec::new(); blocks];
        for (column, (cell, _)) in (0u32..).zip(&probe.columns) {
            let place = network.places.get(*cell as usize);
            if let Some(own) = place.and_then(|place| of_block.get_mut(place.block as usize)) {
                own.push(column);
            }
        }
        Columns {
            rhythm: probe.rhythm,
            width: probe.width,
            of_block,
        }
    });
    Conductor {
        pace: Pace::new(),
        now: 0,
        goal: 0,
        interval,
        rows,
        probes: probes.collect(),
        inputs,
        next_input: 0,
        taken: vec![0; blocks],
        told: Told::default(),
    }
}
