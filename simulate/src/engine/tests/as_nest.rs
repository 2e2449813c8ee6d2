//! Single cells beside what NEST 3.10.0 said of the same: `scripts/peers/neurons/nest_one.py` asked it.

use serde_json::Value as Json;

use super::super::{Edge, Network, Probe, Simulation};
use super::{Seen, grid, parameters};
use crate::models::Kind;

fn cases() -> Vec<Json> {
    serde_json::from_str(include_str!("../from_nest.json")).unwrap()
}

fn numbers(json: &Json) -> Vec<f64> {
    let all = json.as_array().unwrap().iter();
    all.map(|one| one.as_f64().unwrap()).collect()
}

fn built(case: &Json) -> Network {
    let kind = Kind::from_name(case["model"].as_str().unwrap()).unwrap();
    let mut network = Network::new(grid());
    let cell = parameters(kind, &case["parameters"]);
    network.add_cells(&[cell], &[0]).unwrap();
    network.add_sources(1).unwrap();
    let edges: Vec<Edge> = case["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| Edge {
            source: 1,
            target: 0,
            weight: edge[0].as_f64().unwrap(),
            delay: grid().delay(edge[1].as_f64().unwrap()).unwrap(),
            receptor: edge[2].as_u64().unwrap() as u32,
        })
        .collect();
    network.connect(&edges).unwrap();
    network.train(1, &numbers(&case["train"])).unwrap();
    let pulses: Vec<(f64, f64, f64)> = case["pulses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pulse| {
            let pulse = numbers(pulse);
            (pulse[0], pulse[1], pulse[2])
        })
        .collect();
    network.clamp(&[0], &pulses).unwrap();
    network
}

#[test]
fn single_cells_spike_in_the_steps_that_nest_says_and_all_variables_are_its() {
    for case in cases() {
        let (name, steps) = (&case["name"], case["steps"].as_u64().unwrap());
        let every = case["every"].as_u64().unwrap();
        let mut network = built(&case);
        let rows = case["rows"].as_object().unwrap();
        let kind = network.kind(0).unwrap();
        assert_eq!(rows.len(), kind.recordables().len(), "{name}");
        for variable in rows.keys() {
            let probe = Probe {
                cells: vec![0],
                variables: vec![variable.clone()],
                first: every,
                every,
                end: u64::MAX,
            };
            network.probe(&probe).unwrap();
        }
        let seen = super::run(network, steps);
        let spikes: Vec<f64> = seen.spikes.iter().map(|spike| spike.0 as f64).collect();
        assert_eq!(spikes, numbers(&case["spikes"]), "{name}");
        for (probe, (variable, theirs)) in rows.iter().enumerate() {
            let ours: Vec<f64> = seen
                .rows
                .iter()
                .filter(|row| row.0 == probe)
                .map(|row| row.2[0])
                .collect();
            let theirs = numbers(theirs);
            assert_eq!(ours.len(), theirs.len(), "{name}: {variable}");
            for (ours, theirs) in ours.iter().zip(&theirs) {
                let apart = (ours - theirs).abs();
                assert!(
                    apart <= 1e-9,
                    "{name}: {variable} is {ours}, and not {theirs}"
                );
            }
        }
    }
}

#[test]
fn what_is_asked_between_two_steps_is_what_a_multimeter_records_there() {
    for case in cases() {
        let (name, every) = (&case["name"], case["every"].as_u64().unwrap());
        let mut simulation = Simulation::new(built(&case), 1).unwrap();
        let rows = case["rows"].as_object().unwrap();
        let mut seen = Seen::default();
        for row in 0..case["steps"].as_u64().unwrap() / every {
            simulation.run_to((row + 1) * every, &mut seen);
            for (variable, theirs) in rows {
                let theirs = theirs[row as usize].as_f64().unwrap();
                let ours = simulation.state(0, variable).unwrap();
                let apart = (ours - theirs).abs();
                assert!(
                    apart <= 1e-9,
                    "{name}: {variable} is {ours}, and not {theirs}"
                );
            }
        }
    }
}
