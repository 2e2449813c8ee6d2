//! Cells of the Allen Cell Types Database.
//!
//! Owns how a GLIF model file from there (`"type": "GLIF"`, SI units, values times coefficients) becomes
//! parameters of `glif_psc` (ms, mV, pF, pA, nS). BMTK does the same when it meets such a file.

use serde_json::{Map, Value, json};

/// Which mechanisms a template of BMTK's has: a threshold that spikes raise, currents after spikes, a
/// threshold that follows the voltage.
pub(super) fn mechanisms(template: &str) -> Option<[bool; 3]> {
    Some(match template {
        "glif_lif_psc" => [false, false, false],
        "glif_lif_r_psc" => [true, false, false],
        "glif_lif_asc_psc" => [false, true, false],
        "glif_lif_r_asc_psc" => [true, true, false],
        "glif_lif_r_asc_a_psc" => [true, true, true],
        _ => return None,
    })
}

/// Whether these parameters come from that database.
pub(super) fn is_glif(parameters: &Map<String, Value>) -> bool {
    parameters.get("type").and_then(Value::as_str) == Some("GLIF")
}

/// The time constants of the four receptors that the database's models are used with, in ms.
const TAU_SYN: [f64; 4] = [5.5, 8.5, 2.8, 5.8];

/// The parameters of `glif_psc`. The error names what is missing.
pub(super) fn glif(
    parameters: &Map<String, Value>,
    [r, asc, a]: [bool; 3],
) -> Result<Map<String, Value>, String> {
    let file = Value::Object(parameters.clone());
    let number = |path: &str| -> Result<f64, String> {
        let found = file.pointer(path).and_then(Value::as_f64);
        found.ok_or_else(|| format!("{} is missing or no number", path.replace('/', ".")))
    };
    let numbers = |path: &str| -> Result<Vec<f64>, String> {
        let found = file.pointer(path).and_then(Value::as_array);
        let found = found.and_then(|all| all.iter().map(Value::as_f64).collect());
        found.ok_or_else(|| {
            format!(
                "{} is missing or no list of numbers",
                path.replace('/', ".")
            )
        })
    };
    let (milli, nano, pico) = (1.0e3, 1.0e9, 1.0e12);
    let reference = number("/El_reference")? * milli;
    let rest = number("/El")? * milli + reference;
    let mut made = Map::new();
    let mut set = |name: &str, value: Value| made.insert(name.to_owned(), value);
    let threshold = number("/coeffs/th_inf")? * number("/th_inf")? * milli + reference;
    set("V_m", json!(rest));
    set("E_L", json!(rest));
    set("V_th", json!(threshold));
    set(
        "g",
        json!(number("/coeffs/G")? / number("/R_input")? * nano),
    );
    set("C_m", json!(number("/coeffs/C")? * number("/C")? * pico));
    set(
        "t_ref",
        json!(number("/spike_cut_length")? * number("/dt")? * milli),
    );
    set("tau_syn", json!(TAU_SYN));
    if r {
        let of_threshold = "/threshold_dynamics_method/params";
        let of_reset = "/voltage_reset_method/params";
        let spike = |name: &str| number(&format!("{of_threshold}/{name}"));
        set("th_spike_add", json!(spike("a_spike")? * milli));
        set("th_spike_decay", json!(spike("b_spike")? * 1.0e-3));
        set(
            "voltage_reset_fraction",
            json!(number(&format!("{of_reset}/a"))?),
        );
        set(
            "voltage_reset_add",
            json!(number(&format!("{of_reset}/b"))? * milli),
        );
        if a {
            let index = spike("a_voltage")? * number("/coeffs/a")? * 1.0e-3;
            set("th_voltage_index", json!(index));
            let decay = spike("b_voltage")? * number("/coeffs/b")? * 1.0e-3;
            set("th_voltage_decay", json!(decay));
        }
    } else {
        set("V_reset", json!(reference));
    }
    if asc {
        let (amps, coefficients) = (
            numbers("/asc_amp_array")?,
            numbers("/coeffs/asc_amp_array")?,
        );
        let amps = amps
            .iter()
            .zip(&coefficients)
            .map(|(amp, by)| amp * by * pico);
        let decay = numbers("/asc_tau_array")?;
        let decay = decay.iter().map(|tau| 1.0 / tau * 1.0e-3);
        let init = numbers("/init_AScurrents")?;
        let init = init.iter().map(|amp| amp * pico);
        set("asc_init", init.collect());
        set("asc_decay", decay.collect());
        set("asc_amps", amps.collect());
    }
    set("spike_dependent_threshold", json!(r));
    set("after_spike_currents", json!(asc));
    set("adapting_threshold", json!(a));
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Map<String, Value> {
        let file = json!({
            "type": "GLIF", "El_reference": -0.07, "El": 0.0, "th_inf": 0.025, "R_input": 2.0e8,
            "C": 6.0e-11, "spike_cut_length": 40, "dt": 5.0e-5,
            "asc_amp_array": [-1.0e-11, -2.0e-11], "asc_tau_array": [0.01, 0.1],
            "init_AScurrents": [0.0, 0.0],
            "coeffs": {"th_inf": 1.1, "G": 1.2, "C": 1.0, "asc_amp_array": [1.0, 0.5], "a": 1.0,
                       "b": 2.0},
            "threshold_dynamics_method": {"params": {"a_spike": 0.004, "b_spike": 20.0,
                                                     "a_voltage": 5.0, "b_voltage": 10.0}},
            "voltage_reset_method": {"params": {"a": 0.5, "b": 0.001}},
        });
        file.as_object().unwrap().clone()
    }

    #[test]
    fn values_come_in_the_units_of_nest() {
        let made = glif(&model(), [true, true, true]).unwrap();
        for (name, value) in [
            ("V_th", -42.5),
            ("E_L", -70.0),
            ("g", 6.0),
            ("C_m", 60.0),
            ("t_ref", 2.0),
            ("th_spike_add", 4.0),
            ("th_spike_decay", 0.02),
            ("voltage_reset_add", 1.0),
            ("th_voltage_index", 0.005),
            ("th_voltage_decay", 0.02),
        ] {
            let found = made[name].as_f64().unwrap();
            assert!((found - value).abs() < 1e-9, "{name}: {found}");
        }
        assert_eq!(made["asc_amps"], json!([-10.0, -10.0]));
        assert!(!made.contains_key("V_reset"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let mut file = model();
        file.remove("R_input");
        let refused = glif(&file, [false, false, false]).unwrap_err();
        assert!(refused.contains("R_input"), "{refused}");
    }
}
