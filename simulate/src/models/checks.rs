//! What must hold among the values of a model, by NEST 3.10's own checks: it refuses the same sets,
//! seen by giving them to its `Create`.

use super::{Kind, Parameters};

type Check = Result<(), String>;

/// What is wrong, if anything is.
pub(crate) fn check(parameters: &Parameters) -> Check {
    match parameters.kind() {
        Kind::Izhikevich => Ok(()),
        Kind::GlifPsc => glif(parameters),
        Kind::IafPscExp => {
            leaky(parameters, &["C_m", "tau_m", "tau_syn_ex", "tau_syn_in"])?;
            not_negative(parameters, "rho")?;
            not_negative(parameters, "delta")?;
            match parameters.number("delta") > 1e-10 {
                true => Err(format!(
                    "delta is {}: cells that spike by chance are not simulated here; leave \"delta\" out",
                    parameters.number("delta")
                )),
                false => Ok(()),
            }
        }
        Kind::IafPscAlpha => leaky(parameters, &["C_m", "tau_m", "tau_syn_ex", "tau_syn_in"]),
        Kind::IafPscDelta => leaky(parameters, &["C_m", "tau_m"]),
    }
}

fn leaky(parameters: &Parameters, positives: &[&str]) -> Check {
    reset_below_threshold(parameters)?;
    for name in positives {
        positive(parameters, name)?;
    }
    not_negative(parameters, "t_ref")
}

fn reset_below_threshold(parameters: &Parameters) -> Check {
    match parameters.relative("V_reset") >= parameters.relative("V_th") {
        true => Err(format!(
            "V_reset must be below V_th, and they are {} and {} mV",
            parameters.number("V_reset"),
            parameters.number("V_th")
        )),
        false => Ok(()),
    }
}

fn positive(parameters: &Parameters, name: &str) -> Check {
    match parameters.number(name) {
        value if value <= 0.0 => Err(format!("{name} must be above 0, and is {value}")),
        _ => Ok(()),
    }
}

fn not_negative(parameters: &Parameters, name: &str) -> Check {
    match parameters.number(name) {
        value if value < 0.0 => Err(format!("{name} must not be negative, and is {value}")),
        _ => Ok(()),
    }
}

fn within_one(name: &str, value: f64) -> Check {
    match (0.0..=1.0).contains(&value) {
        true => Ok(()),
        false => Err(format!("{name} must be within 0 and 1, and is {value}")),
    }
}

fn all_positive(parameters: &Parameters, name: &str) -> Check {
    match parameters.list(name).iter().find(|value| **value <= 0.0) {
        Some(value) => Err(format!("all of {name} must be above 0, and one is {value}")),
        None => Ok(()),
    }
}

fn glif(parameters: &Parameters) -> Check {
    let spike = parameters.flag("spike_dependent_threshold");
    let currents = parameters.flag("after_spike_currents");
    let adapting = parameters.flag("adapting_threshold");
    if adapting && !(spike && currents) {
        return Err(
            "adapting_threshold needs spike_dependent_threshold and after_spike_currents: legal are \
             none of the three, either or both of these two, or all three"
                .to_owned(),
        );
    }
    if currents {
        let of = |name: &str| parameters.list(name).len();
        let lengths = ["asc_init", "asc_decay", "asc_amps", "asc_r"].map(of);
        if lengths.iter().any(|length| *length != lengths[0]) {
            return Err(format!(
                "asc_init, asc_decay, asc_amps and asc_r must be equally long, and have {lengths:?} \
                 values"
            ));
        }
        // NEST's cells begin with two currents, whatever these lists say, and go on with two.
        if lengths[0] > 2 && !parameters.has("ASCurrents") {
            return Err(format!(
                "asc_decay has {0} values, of which NEST uses the first two alone, unless ASCurrents \
                 is given as well: give it {0} values, such as zeros",
                lengths[0]
            ));
        }
        all_positive(parameters, "asc_decay")?;
        for value in parameters.list("asc_r") {
            within_one("each of asc_r", *value)?;
        }
    }
    reset_below_threshold(parameters)?;
    for name in ["C_m", "g", "t_ref"] {
        positive(parameters, name)?;
    }
    if adapting {
        positive(parameters, "th_voltage_decay")?;
    }
    if spike {
        positive(parameters, "th_spike_decay")?;
        within_one(
            "voltage_reset_fraction",
            parameters.number("voltage_reset_fraction"),
        )?;
    }
    all_positive(parameters, "tau_syn")?;
    glif_state(parameters, [spike, currents, adapting])
}

fn glif_state(parameters: &Parameters, [spike, currents, adapting]: [bool; 3]) -> Check {
    for (name, mechanism, on) in [
        ("ASCurrents", "after_spike_currents", currents),
        ("threshold_spike", "spike_dependent_threshold", spike),
        ("threshold_voltage", "adapting_threshold", adapting),
    ] {
        if parameters.has(name) && !on {
            return Err(format!("{name} needs {mechanism}"));
        }
    }
    let (given, wanted) = (
        parameters.list("ASCurrents").len(),
        parameters.list("asc_decay").len(),
    );
    match parameters.has("ASCurrents") && given != wanted {
        true => Err(format!(
            "ASCurrents must be as long as asc_decay, and has {given} values for {wanted}"
        )),
        false => Ok(()),
    }
}
