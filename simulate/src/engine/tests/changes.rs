//! What is changed between two steps acts from there on.

use serde_json::json;

use super::super::{ClampId, EngineError, Network, Simulation};
use super::{Seen, edge, grid, one_cell, parameters};
use crate::models::Kind;

#[test]
fn a_parameter_that_is_set_at_the_start_is_as_one_that_was_given() {
    for kind in Kind::ALL {
        let given = match kind {
            Kind::Izhikevich => json!({"I_e": 10.0, "d": 4.0, "V_m": -60.0}),
            Kind::GlifPsc => json!({"g": 7.0, "V_m": -60.0, "E_L": -70.0}),
            _ => json!({"I_e": 500.0, "C_m": 200.0, "V_m": -60.0}),
        };
        let mut before = one_cell(kind, &given, 300.0);
        let mut after = Network::new(grid());
        // Among equal ones, of which it is the middle one.
        after
            .add_cells(&[parameters(kind, &json!({}))], &[0, 0, 0])
            .unwrap();
        after.add_sources(1).unwrap();
        let receptor = u32::from(kind == Kind::GlifPsc);
        let own = super::super::Edge {
            receptor,
            ..edge(3, 1, 300.0, 1.0)
        };
        after.connect(&[own]).unwrap();
        before.train(1, &[3.0, 7.0, 9.0]).unwrap();
        after.train(3, &[3.0, 7.0, 9.0]).unwrap();
        let mut after = Simulation::new(after, 1).unwrap();
        for (name, value) in given.as_object().unwrap() {
            after.set(1, name, value).unwrap();
        }
        let mut before = Simulation::new(before, 1).unwrap();
        let (mut seen, mut wanted) = (Seen::default(), Seen::default());
        for step in (0..2000).step_by(100) {
            before.run_to(step, &mut wanted);
            after.run_to(step, &mut seen);
            let (ours, theirs) = (after.state(1, "V_m"), before.state(0, "V_m"));
            let apart = (ours.unwrap() - theirs.unwrap()).abs();
            assert!(apart < 1e-9, "{kind:?} at step {step}: {apart}");
        }
        let steps = |seen: &Seen, cell| -> Vec<u64> {
            let own = seen.spikes.iter().filter(|spike| spike.1 == cell);
            own.map(|spike| spike.0).collect()
        };
        assert_eq!(steps(&seen, 1), steps(&wanted, 0), "{kind:?}");
    }
}

#[test]
fn a_voltage_that_is_set_while_it_rests_is_where_it_goes_on() {
    let mut simulation = Simulation::new(one_cell(Kind::IafPscExp, &json!({}), 1.0), 1).unwrap();
    simulation.run_to(50, &mut ());
    simulation.set(0, "V_m", &json!(-56.0)).unwrap();
    assert_eq!(simulation.state(0, "V_m").unwrap(), -56.0);
    // The voltage stays where it is when E_L moves.
    simulation.set(0, "E_L", &json!(-60.0)).unwrap();
    assert_eq!(simulation.state(0, "V_m").unwrap(), -56.0);
    let mut seen = Seen::default();
    simulation.set(0, "V_m", &json!(-54.0)).unwrap();
    simulation.run_to(51, &mut seen);
    assert_eq!(seen.spikes, [(51, 0)]);
    // A set that its model refuses changes nothing.
    let error = simulation.set(0, "V_reset", &json!(-50.0)).unwrap_err();
    assert!(
        error.to_string().contains("V_reset must be below V_th"),
        "{error}"
    );
    assert_eq!(simulation.parameters(0).unwrap().number("V_reset"), -70.0);
}

#[test]
fn spikes_that_come_later_are_as_those_that_were_known() {
    let times = [2.0, 2.0, 30.0, 55.55, 60.0];
    let mut known = one_cell(Kind::IafPscDelta, &json!({"I_e": 300.0}), 5.0);
    known.train(1, &times).unwrap();
    let wanted = super::run(known, 1000);
    assert!(wanted.spikes.len() > 1);
    let mut simulation =
        Simulation::new(one_cell(Kind::IafPscDelta, &json!({"I_e": 300.0}), 5.0), 1).unwrap();
    let mut seen = Seen::default();
    simulation.train(1, &times[..2]).unwrap();
    simulation.run_to(299, &mut seen);
    simulation.train(1, &times[2..]).unwrap();
    let late = simulation.train(1, &[29.9]).unwrap_err();
    assert!(late.to_string().contains("29.9 ms"), "{late}");
    simulation.run_to(1000, &mut seen);
    assert_eq!(seen, wanted);
}

#[test]
fn a_clamp_that_is_changed_acts_as_one_that_was_known() {
    let pulses = [(10.0, 30.0, 500.0), (50.0, 90.0, 600.0)];
    let mut known = one_cell(Kind::IafPscExp, &json!({}), 1.0);
    known.clamp(&[0], &pulses).unwrap();
    let wanted = super::run(known, 1000);
    assert!(wanted.spikes.len() > 2);
    let mut simulation = Simulation::new(one_cell(Kind::IafPscExp, &json!({}), 1.0), 1).unwrap();
    let mut seen = Seen::default();
    let clamp = simulation.clamp(&[0], &[(10.0, 95.0, 500.0)]).unwrap();
    simulation.run_to(299, &mut seen);
    simulation.set_clamp(clamp, &pulses).unwrap();
    simulation.run_to(1000, &mut seen);
    assert_eq!(seen, wanted);
    simulation.set_clamp(clamp, &[]).unwrap();
    let gone = simulation.set_clamp(ClampId(1), &[]).unwrap_err();
    assert!(
        matches!(gone, EngineError::Index { what: "clamp", .. }),
        "{gone}"
    );
}

#[test]
fn a_run_that_is_there_already_does_nothing() {
    let mut simulation =
        Simulation::new(one_cell(Kind::IafPscExp, &json!({"I_e": 500.0}), 1.0), 1).unwrap();
    let mut seen = Seen::default();
    simulation.run_to(400, &mut seen);
    let spikes = seen.spikes.len();
    assert!(spikes > 0);
    simulation.run_to(400, &mut seen);
    simulation.run_to(10, &mut seen);
    assert_eq!((simulation.now(), seen.spikes.len()), (400, spikes));
}

#[test]
fn a_network_without_cells_has_time_all_the_same() {
    let mut network = Network::new(grid());
    network.add_sources(3).unwrap();
    network.train(1, &[1.0]).unwrap();
    let mut simulation = Simulation::new(network, 8).unwrap();
    simulation.run_to(100, &mut ());
    assert_eq!((simulation.now(), simulation.threads()), (100, 1));
}
