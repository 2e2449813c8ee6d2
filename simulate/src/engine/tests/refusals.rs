//! What cannot be is refused with its numbers, and never ends the program.

use serde_json::{Value as Json, json};

use super::super::{Edge, EngineError, Grid, Network, Probe, Simulation};
use super::{edge, grid, one_cell, parameters};
use crate::models::{Kind, Parameters};

#[test]
fn times_off_the_grid_are_refused_with_their_neighbours() {
    for dt in [0.0, -0.1, 0.0005, 0.00015, f64::NAN, f64::INFINITY, 1e9] {
        assert!(Grid::new(dt).is_err(), "{dt}");
    }
    assert_eq!(grid().steps(500.0), Ok(5000));
    let error = grid().steps(500.05).unwrap_err().to_string();
    assert!(error.contains("use 500 or 500.1 ms"), "{error}");
    for ms in [-1.0, f64::NAN, 1e300] {
        assert!(grid().steps(ms).is_err(), "{ms}");
    }
    assert_eq!(grid().steps_up(500.05), Ok(5001));
    assert_eq!(grid().ms(3), 0.3);
}

#[test]
fn delays_are_rounded_as_nest_does_and_half_a_step_is_the_least() {
    for (ms, steps) in [
        (0.05, 1),
        (0.1, 1),
        (0.149, 1),
        (0.15, 2),
        (1.25, 13),
        (3.0, 30),
    ] {
        assert_eq!(grid().delay(ms), Ok(steps), "{ms}");
    }
    for ms in [0.049, 0.0, -1.0, f64::NAN] {
        let error = grid().delay(ms).unwrap_err().to_string();
        assert!(error.contains("less than half a step"), "{error}");
    }
    // NEST takes 10^6 ms and makes 161139.2 ms of them.
    let error = grid().delay(1e6).unwrap_err().to_string();
    assert!(
        error.contains("10000000 steps") && error.contains("65535"),
        "{error}"
    );
}

#[test]
fn spikes_have_the_step_at_or_after_their_time() {
    for (ms, step) in [
        (0.05, 1),
        (0.1, 1),
        (0.100_000_1, 2),
        (20.000_000_000_000_004, 201),
        (20.0, 200),
    ] {
        assert_eq!(grid().stamp(ms), Ok(step), "{ms}");
    }
    for ms in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(grid().stamp(ms).is_err(), "{ms}");
    }
}

#[test]
fn edges_that_cannot_be_are_refused() {
    let begun = || {
        let mut network = Network::new(grid());
        let cells = [
            parameters(Kind::IafPscExp, &json!({})),
            parameters(Kind::GlifPsc, &json!({})),
        ];
        network.add_cells(&cells, &[0, 1]).unwrap();
        network.add_sources(1).unwrap();
        network.connect_begin(1).unwrap();
        network
    };
    assert!(matches!(
        begun().count(&[3], &[0]),
        Err(EngineError::Index {
            index: 3,
            known: 3,
            ..
        })
    ));
    assert!(matches!(
        begun().count(&[0], &[7]),
        Err(EngineError::Index { index: 7, .. })
    ));
    let error = begun().count(&[0], &[2]).unwrap_err().to_string();
    assert!(error.contains("only sends spikes"), "{error}");
    let good = edge(2, 0, 1.0, 1.0);
    for (wrong, said) in [
        (
            Edge {
                weight: f64::NAN,
                ..good
            },
            "weight is NaN",
        ),
        (Edge { delay: 0, ..good }, "delay is 0 steps"),
        (
            Edge {
                delay: 70_000,
                ..good
            },
            "from 1 to 65535",
        ),
        (
            Edge {
                receptor: 1,
                ..good
            },
            "iaf_psc_exp has none",
        ),
        (Edge { target: 1, ..good }, "receptor_type is 0"),
        (
            Edge {
                target: 1,
                receptor: 2,
                ..good
            },
            "from 1 to 1",
        ),
    ] {
        let mut network = begun();
        network.count(&[2], &[wrong.target]).unwrap();
        let error = network.place(&[wrong]).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let mut network = begun();
    network.count(&[2], &[0]).unwrap();
    network.place(&[Edge { source: 1, ..good }]).unwrap();
    let error = network.connect_end().unwrap_err().to_string();
    assert!(error.contains("others than were counted"), "{error}");
    let mut network = begun();
    network.count(&[2, 1], &[0, 0]).unwrap();
    let twice = network.place(&[good, good]).unwrap_err().to_string();
    assert!(twice.contains("it was not counted"), "{twice}");
    let mut network = begun();
    network.count(&[2, 2], &[0, 0]).unwrap();
    network.place(&[good]).unwrap();
    let error = network.connect_end().unwrap_err().to_string();
    assert!(
        error.contains("2 edges were counted and 1 placed"),
        "{error}"
    );
    assert!(matches!(network.add_sources(1), Err(EngineError::Order(_))));
}

#[test]
fn questions_about_what_is_not_there_are_refused() {
    let mut network = one_cell(Kind::IafPscDelta, &json!({}), 1.0);
    let probe = |cell, variable: &str, every| Probe {
        cells: vec![cell],
        variables: vec![variable.to_owned()],
        first: 0,
        every,
        end: u64::MAX,
    };
    let error = network.probe(&probe(0, "v", 1)).unwrap_err().to_string();
    assert_eq!(
        error,
        "iaf_psc_delta has no variable \"v\" to record; it has V_m"
    );
    assert!(network.probe(&probe(1, "V_m", 1)).is_err());
    assert!(network.probe(&probe(0, "V_m", 0)).is_err());
    assert!(network.train(0, &[1.0]).is_err());
    assert!(network.train(9, &[1.0]).is_err());
    assert!(network.clamp(&[1], &[]).is_err());
    for pulse in [
        (1.0, 0.5, 1.0),
        (0.05, 1.0, 1.0),
        (-1.0, 1.0, 1.0),
        (0.0, 1.0, f64::INFINITY),
    ] {
        assert!(network.clamp(&[0], &[pulse]).is_err(), "{pulse:?}");
    }
    let mut simulation = Simulation::new(network, 1).unwrap();
    assert!(simulation.state(1, "V_m").is_err());
    assert!(simulation.state(0, "U_m").is_err());
    assert!(simulation.set(5, "V_m", &json!(1.0)).is_err());
}

#[test]
fn another_number_of_receptors_is_refused_where_edges_go_to_them() {
    let mut simulation = Simulation::new(one_cell(Kind::GlifPsc, &json!({}), 1.0), 1).unwrap();
    simulation.set(0, "tau_syn", &json!([3.0])).unwrap();
    let error = simulation
        .set(0, "tau_syn", &json!([3.0, 2.0]))
        .unwrap_err();
    assert!(
        error.to_string().contains("must keep its 1 values"),
        "{error}"
    );
}

#[test]
fn after_spike_currents_that_nest_would_silently_leave_out_are_refused_with_the_remedy() {
    let mut values = json!({"after_spike_currents": true});
    for name in ["asc_init", "asc_decay", "asc_amps", "asc_r"] {
        values[name] = json!([0.1, 0.2, 0.3]);
    }
    let errors = Parameters::from_json(Kind::GlifPsc, values.as_object().unwrap()).unwrap_err();
    assert!(errors[0].to_string().contains("ASCurrents"), "{errors:?}");
    values["ASCurrents"] = json!([0.0, 0.0, 0.0]);
    parameters(Kind::GlifPsc, &values);
}

/// What NEST 3.10.0 refused in `Create`, and what it took.
#[test]
fn parameters_are_refused_and_taken_as_by_nest() {
    let spike = "spike_dependent_threshold";
    let refused: &[(Kind, Json)] = &[
        (Kind::IafPscExp, json!({"V_reset": -55.0})),
        (Kind::IafPscExp, json!({"C_m": 0.0})),
        (Kind::IafPscExp, json!({"tau_syn_in": 0.0})),
        (Kind::IafPscExp, json!({"t_ref": -0.1})),
        (Kind::IafPscExp, json!({"V_th": -75.0})),
        (Kind::IafPscExp, json!({"I_syn_ex": 1.0})),
        (Kind::IafPscExp, json!({"C_m": "250"})),
        (Kind::IafPscExp, json!({"rho": -1.0})),
        (Kind::IafPscAlpha, json!({"tau_m": 0.0})),
        (Kind::IafPscDelta, json!({"refractory_input": 1})),
        (Kind::IafPscDelta, json!({"tau_syn_ex": 1.0})),
        (Kind::Izhikevich, json!({"C_m": 1.0})),
        (Kind::GlifPsc, json!({"t_ref": 0.0})),
        (Kind::GlifPsc, json!({"tau_syn": 2.0})),
        (Kind::GlifPsc, json!({"tau_syn": [2.0, 0.0]})),
        (Kind::GlifPsc, json!({"I_e": 1.0})),
        (Kind::GlifPsc, json!({"adapting_threshold": true})),
        (
            Kind::GlifPsc,
            json!({spike: true, "adapting_threshold": true}),
        ),
        (
            Kind::GlifPsc,
            json!({"asc_decay": [0.1], "after_spike_currents": true}),
        ),
        (
            Kind::GlifPsc,
            json!({"asc_r": [2.0, 1.0], "after_spike_currents": true}),
        ),
        (Kind::GlifPsc, json!({"ASCurrents": [1.0, 2.0]})),
        (Kind::GlifPsc, json!({"threshold_spike": 1.0})),
        (
            Kind::GlifPsc,
            json!({"voltage_reset_fraction": 1.5, spike: true}),
        ),
    ];
    for (kind, values) in refused {
        let result = Parameters::from_json(*kind, values.as_object().unwrap());
        assert!(result.is_err(), "{kind:?} took {values}");
    }
    let taken: &[(Kind, Json)] = &[
        (
            Kind::IafPscExp,
            json!({"t_ref": 0.0, "V_m": -50, "E_L": -50.0, "tau_minus": 10.0}),
        ),
        (Kind::IafPscAlpha, json!({"V_min": -50.0})),
        (
            Kind::Izhikevich,
            json!({"V_th": -70.0, "a": -1, "V_min": 100.0}),
        ),
        (
            Kind::GlifPsc,
            json!({"tau_syn": [], "asc_decay": [0.1], "asc_r": [2.0, 1.0]}),
        ),
        (Kind::GlifPsc, json!({"voltage_reset_fraction": 1.5})),
        (
            Kind::GlifPsc,
            json!({"ASCurrents": [1.0, 2.0], "after_spike_currents": true}),
        ),
    ];
    for (kind, values) in taken {
        parameters(*kind, values);
    }
}
