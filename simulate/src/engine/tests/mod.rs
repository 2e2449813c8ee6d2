//! Tests of the engine: as NEST, the same bits however it is run, changed between steps, and what it
//! refuses.

mod as_nest;
mod changes;
mod refusals;
mod same_bits;

use serde_json::Value as Json;

use super::{Edge, Grid, Network, Observer, ProbeId, Simulation};
use crate::models::{Kind, Parameters};

/// Everything that is told.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    spikes: Vec<(u64, u32)>,
    rows: Vec<(usize, u64, Vec<f64>)>,
}

impl Observer for Seen {
    fn spikes(&mut self, spikes: &[(u64, u32)]) {
        self.spikes.extend_from_slice(spikes);
    }

    fn rows(&mut self, probe: ProbeId, step: u64, values: &[f64]) {
        self.rows.push((probe.0, step, values.to_vec()));
    }
}

fn grid() -> Grid {
    Grid::new(0.1).unwrap()
}

fn parameters(kind: Kind, values: &Json) -> Parameters {
    Parameters::from_json(kind, values.as_object().unwrap()).unwrap()
}

fn edge(source: u32, target: u32, weight: f64, ms: f64) -> Edge {
    Edge {
        source,
        target,
        weight,
        delay: grid().delay(ms).unwrap(),
        receptor: 0,
    }
}

/// A cell, number 0, and a source, number 1, with an edge to it.
fn one_cell(kind: Kind, values: &Json, weight: f64) -> Network {
    let mut network = Network::new(grid());
    network
        .add_cells(&[parameters(kind, values)], &[0])
        .unwrap();
    network.add_sources(1).unwrap();
    let receptor = u32::from(kind == Kind::GlifPsc);
    let edge = Edge {
        receptor,
        ..edge(1, 0, weight, 1.0)
    };
    network.connect(&[edge]).unwrap();
    network
}

/// Runs in one go.
fn run(network: Network, steps: u64) -> Seen {
    let mut seen = Seen::default();
    Simulation::new(network, 1)
        .unwrap()
        .run_to(steps, &mut seen);
    seen
}
