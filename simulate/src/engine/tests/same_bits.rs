//! A network of all models gives the same bits however it is run.

use rand_like::Numbers;
use serde_json::json;

use super::super::{Edge, Grid, Network, Probe, Simulation};
use super::{Seen, grid, parameters};
use crate::models::Kind;

/// Numbers as if by chance, always the same: no crate is needed for that.
mod rand_like {
    pub(super) struct Numbers(pub(super) u64);

    impl Numbers {
        /// Below a bound.
        pub(super) fn below(&mut self, bound: u32) -> u32 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33) % u64::from(bound)) as u32
        }

        /// Within 0 and 1.
        pub(super) fn share(&mut self) -> f64 {
            f64::from(self.below(1 << 30)) / f64::from(1 << 30)
        }
    }
}

const CELLS: u32 = 2400;
const SOURCES: u32 = 100;

/// Cells of all models, one after the other, so that every block has all and none is in order.
fn mixed(eager: bool) -> Network {
    let sets = [
        parameters(Kind::IafPscExp, &json!({"I_e": 400.0})),
        parameters(Kind::IafPscAlpha, &json!({"I_e": 390.0, "tau_syn_ex": 1.3})),
        parameters(
            Kind::IafPscDelta,
            &json!({"I_e": 380.0, "refractory_input": true}),
        ),
        parameters(Kind::Izhikevich, &json!({"I_e": 12.0})),
        parameters(
            Kind::GlifPsc,
            &json!({"tau_syn": [2.0, 3.0], "after_spike_currents": true}),
        ),
        parameters(Kind::IafPscExp, &json!({"I_e": 410.0, "tau_m": 12.5})),
    ];
    let mut network = Network::new(grid());
    let of: Vec<u32> = (0..CELLS).map(|cell| cell % sets.len() as u32).collect();
    // Sources on both sides of the cells, whose spikes stand before and behind theirs.
    network.add_sources(SOURCES as usize / 2).unwrap();
    network.add_cells(&sets, &of).unwrap();
    network.add_sources(SOURCES as usize / 2).unwrap();
    let first = SOURCES / 2;
    let mut numbers = Numbers(1);
    let mut edges = Vec::new();
    for target in 0..CELLS {
        for _ in 0..30 {
            let weight = match target % 6 {
                2 | 3 => numbers.share() - 0.3,
                _ => 60.0 * (numbers.share() - 0.3),
            };
            edges.push(Edge {
                source: numbers.below(CELLS + SOURCES),
                target: first + target,
                weight,
                delay: 1 + numbers.below(12),
                receptor: if target % 6 == 4 {
                    1 + numbers.below(2)
                } else {
                    0
                },
            });
        }
    }
    network.connect(&edges).unwrap();
    for source in (0..first).chain(first + CELLS..CELLS + SOURCES) {
        let times: Vec<f64> = (0..20).map(|_| 0.05 + 60.0 * numbers.share()).collect();
        network.train(source, &times).unwrap();
    }
    network
        .clamp(&[first + 3, first + 4, first + 2000], &[(5.0, 20.0, 30.0)])
        .unwrap();
    network.clamp(&[first + 4], &[(10.0, 30.0, 100.0)]).unwrap();
    let probe = |cells: Vec<u32>, variables: &[&str]| Probe {
        cells,
        variables: variables.iter().map(|name| (*name).to_owned()).collect(),
        first: 0,
        every: 5,
        end: 500,
    };
    let some = (0..40).map(|one| first + one * 59).collect();
    network.probe(&probe(some, &["V_m"])).unwrap();
    if eager {
        let exp = vec![first, first + 2394];
        network
            .probe(&probe(exp, &["I_syn_in", "V_m", "I_syn_ex"]))
            .unwrap();
    }
    network
}

const END: u64 = 600;

fn told(eager: bool, threads: usize, pieces: impl Fn(u64) -> u64) -> Seen {
    let mut simulation = Simulation::new(mixed(eager), threads).unwrap();
    let mut seen = Seen::default();
    while simulation.now() < END {
        let to = END.min(simulation.now() + pieces(simulation.now()));
        simulation.run_to(to, &mut seen);
        // Asking must not change what comes.
        simulation.state(SOURCES / 2, "I_syn_ex").unwrap();
    }
    seen
}

#[test]
fn any_number_of_threads_and_any_pieces_give_the_same_bits() {
    let alone = told(true, 1, |_| END);
    assert!(alone.spikes.len() > 3000, "{} spikes", alone.spikes.len());
    assert!(alone.spikes.is_sorted());
    assert_eq!(alone.rows.len(), 200);
    for threads in [1, 2, 3] {
        assert!(told(true, threads, |_| END) == alone, "{threads} threads");
        assert!(
            told(true, threads, |_| 1) == alone,
            "{threads} threads, step by step"
        );
        assert!(
            told(true, threads, |now| 1 + now % 7) == alone,
            "{threads} threads, pieces"
        );
    }
    // Without a probe that shows what has just arrived, intervals are longer.
    let without = told(false, 2, |_| END);
    assert!(without.spikes == alone.spikes);
    let first = alone.rows.iter().filter(|row| row.0 == 0);
    assert!(first.eq(&without.rows));
}

#[test]
fn an_observer_with_more_rows_than_are_kept_gets_all_of_them() {
    let mut network = mixed(false);
    let cells: Vec<u32> = (SOURCES / 2..SOURCES / 2 + CELLS).collect();
    let all = Probe {
        cells,
        variables: vec!["V_m".to_owned()],
        first: 1,
        every: 1,
        end: u64::MAX,
    };
    let all = network.probe(&all).unwrap();
    let seen = super::run(network, 1000);
    let steps = seen.rows.iter().filter(|row| row.0 == all.0);
    assert!(steps.map(|row| row.1).eq(1..=1000));
}

#[test]
fn spikes_that_arrive_together_are_added_by_time_then_sender_then_edge() {
    // 2^53 + 1 - 2^53 is 0 or 1, as it is added.
    let large = 9_007_199_254_740_992.0;
    let grid = Grid::new(1.0).unwrap();
    let sums = |edges: &[(u32, f64, u32)], times: &[f64]| {
        let mut network = Network::new(grid);
        let cell = parameters(
            Kind::IafPscDelta,
            &json!({"V_th": 1e300, "tau_m": 1e30, "V_min": -1e300}),
        );
        network.add_cells(&[cell], &[0]).unwrap();
        network.add_sources(3).unwrap();
        let edges: Vec<Edge> = edges
            .iter()
            .map(|&(source, weight, delay)| Edge {
                source,
                target: 0,
                weight,
                delay,
                receptor: 0,
            })
            .collect();
        network.connect(&edges).unwrap();
        for (source, time) in (1..).zip(times) {
            network.train(source, &[*time]).unwrap();
        }
        let mut simulation = Simulation::new(network, 1).unwrap();
        simulation.run_to(20, &mut ());
        simulation.state(0, "V_m").unwrap() + 70.0
    };
    // By sender: 0 + 2^53 + 1 - 2^53.
    assert_eq!(
        sums(&[(3, -large, 1), (2, 1.0, 1), (1, large, 1)], &[5.0; 3]),
        0.0
    );
    // By sender: 0 + 2^53 - 2^53 + 1.
    assert_eq!(
        sums(&[(3, 1.0, 1), (2, -large, 1), (1, large, 1)], &[5.0; 3]),
        1.0
    );
    // By time, though the senders are the other way round.
    assert_eq!(
        sums(
            &[(3, large, 3), (2, -large, 2), (1, 1.0, 1)],
            &[7.0, 6.0, 5.0]
        ),
        1.0
    );
    // By edge.
    assert_eq!(
        sums(&[(1, large, 1), (1, 1.0, 1), (1, -large, 1)], &[5.0]),
        0.0
    );
    assert_eq!(
        sums(&[(1, large, 1), (1, -large, 1), (1, 1.0, 1)], &[5.0]),
        1.0
    );
}
