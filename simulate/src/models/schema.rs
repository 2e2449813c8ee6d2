//! The parameters of each model: their names, kinds of value and defaults, as NEST 3.10's
//! `GetDefaults` gives them.

use super::Kind;

/// What a parameter is if nobody says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Standard {
    Number(f64),
    Flag(bool),
    List(&'static [f64]),
}

use Standard::{Flag, List, Number};

/// A parameter or a state variable that can be given.
pub(crate) type Field = (&'static str, Standard);

const EXP: &[Field] = &[
    ("V_m", Number(-70.0)),
    ("E_L", Number(-70.0)),
    ("C_m", Number(250.0)),
    ("tau_m", Number(10.0)),
    ("t_ref", Number(2.0)),
    ("V_th", Number(-55.0)),
    ("V_reset", Number(-70.0)),
    ("tau_syn_ex", Number(2.0)),
    ("tau_syn_in", Number(2.0)),
    ("I_e", Number(0.0)),
    ("rho", Number(0.01)),
    ("delta", Number(0.0)),
];

const ALPHA: &[Field] = &[
    ("V_m", Number(-70.0)),
    ("E_L", Number(-70.0)),
    ("C_m", Number(250.0)),
    ("tau_m", Number(10.0)),
    ("t_ref", Number(2.0)),
    ("V_th", Number(-55.0)),
    ("V_reset", Number(-70.0)),
    ("V_min", Number(f64::NEG_INFINITY)),
    ("tau_syn_ex", Number(2.0)),
    ("tau_syn_in", Number(2.0)),
    ("I_e", Number(0.0)),
];

const DELTA: &[Field] = &[
    ("V_m", Number(-70.0)),
    ("E_L", Number(-70.0)),
    ("C_m", Number(250.0)),
    ("tau_m", Number(10.0)),
    ("t_ref", Number(2.0)),
    ("V_th", Number(-55.0)),
    ("V_reset", Number(-70.0)),
    ("V_min", Number(f64::MIN)),
    ("I_e", Number(0.0)),
    ("refractory_input", Flag(false)),
];

const IZHIKEVICH: &[Field] = &[
    ("V_m", Number(-65.0)),
    ("U_m", Number(-13.0)),
    ("a", Number(0.02)),
    ("b", Number(0.2)),
    ("c", Number(-65.0)),
    ("d", Number(8.0)),
    ("I_e", Number(0.0)),
    ("V_th", Number(30.0)),
    ("V_min", Number(f64::MIN)),
    ("consistent_integration", Flag(true)),
];

const GLIF: &[Field] = &[
    ("V_m", Number(-78.85)),
    ("V_th", Number(-51.68)),
    ("g", Number(9.43)),
    ("E_L", Number(-78.85)),
    ("C_m", Number(58.72)),
    ("t_ref", Number(3.75)),
    ("V_reset", Number(-78.85)),
    ("th_spike_add", Number(0.37)),
    ("th_spike_decay", Number(0.009)),
    ("voltage_reset_fraction", Number(0.2)),
    ("voltage_reset_add", Number(18.51)),
    ("th_voltage_index", Number(0.005)),
    ("th_voltage_decay", Number(0.09)),
    ("asc_init", List(&[0.0, 0.0])),
    ("asc_decay", List(&[0.003, 0.1])),
    ("asc_amps", List(&[-9.18, -198.94])),
    ("asc_r", List(&[1.0, 1.0])),
    ("tau_syn", List(&[2.0])),
    ("spike_dependent_threshold", Flag(false)),
    ("after_spike_currents", Flag(false)),
    ("adapting_threshold", Flag(false)),
    ("ASCurrents", List(&[0.0, 0.0])),
    ("threshold_spike", Number(0.0)),
    ("threshold_voltage", Number(0.0)),
];

/// What NEST takes for any neuron and what matters only to plastic synapses, which are none here.
pub(crate) const WITHOUT_EFFECT: &[&str] =
    &["tau_minus", "tau_minus_triplet", "tau_Ca", "beta_Ca", "Ca"];

/// The parameters of a model.
pub(crate) fn fields(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::IafPscExp => EXP,
        Kind::IafPscAlpha => ALPHA,
        Kind::IafPscDelta => DELTA,
        Kind::Izhikevich => IZHIKEVICH,
        Kind::GlifPsc => GLIF,
    }
}
