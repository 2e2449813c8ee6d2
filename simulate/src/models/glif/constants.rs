//! What follows of the parameters of `glif_psc` for one step.

use std::f64::consts::E;

use crate::models::Parameters;
use crate::models::group::Step;
use crate::models::propagators::Propagator;

/// Of one receptor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Receptor {
    pub(super) p11: f64,
    pub(super) p21: f64,
    pub(super) p31: f64,
    pub(super) p32: f64,
    /// What a spike of weight 1 adds to the slope.
    pub(super) initial: f64,
}

/// Of one after-spike current.
#[derive(Debug, Clone, Copy)]
pub(super) struct After {
    pub(super) decay: f64,
    pub(super) mean: f64,
    pub(super) refractory: f64,
    pub(super) amplitude: f64,
}

#[derive(Debug, Clone)]
pub(super) struct Constants {
    pub(super) receptors: Vec<Receptor>,
    pub(super) after: Vec<After>,
    pub(super) p33: f64,
    pub(super) p30: f64,
    pub(super) g: f64,
    pub(super) threshold: f64,
    pub(super) reset: f64,
    pub(super) rest: f64,
    pub(super) refractory: i64,
    /// With `spike_dependent_threshold`.
    pub(super) spike: Option<Spike>,
    /// With `adapting_threshold`.
    pub(super) adapting: Option<Adapting>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Spike {
    pub(super) decay: f64,
    pub(super) refractory_decay: f64,
    pub(super) add: f64,
    pub(super) fraction: f64,
    pub(super) voltage_add: f64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Adapting {
    pub(super) potential_decay: f64,
    pub(super) decay: f64,
    pub(super) phi: f64,
    pub(super) ratio: f64,
}

impl Constants {
    pub(super) fn new(parameters: &Parameters, step: Step) -> Self {
        let number = |name| parameters.number(name);
        let h = step.ms;
        let (c_m, g, t_ref) = (number("C_m"), number("g"), number("t_ref"));
        let tau_m = c_m / g;
        let p33 = (-h / tau_m).exp();
        let receptor = |tau_syn: &f64| {
            let tau_syn = *tau_syn;
            let propagator = Propagator {
                tau_syn,
                tau_m,
                c_m,
            };
            let p11 = (-h / tau_syn).exp();
            Receptor {
                p11,
                p21: h * p11,
                p31: propagator.slope(h),
                p32: propagator.current(h),
                initial: E / tau_syn,
            }
        };
        let after = |((k, r), amplitude): ((&f64, &f64), &f64)| {
            let decay = (-k * h).exp();
            After {
                decay,
                mean: ((1.0 / k) / h) * (1.0 - decay),
                refractory: r * (-k * t_ref).exp(),
                amplitude: *amplitude,
            }
        };
        let list = |name| parameters.list(name).iter();
        let flag = |name| parameters.flag(name);
        let k = number("th_voltage_decay");
        let spike_decay = number("th_spike_decay");
        Self {
            receptors: list("tau_syn").map(receptor).collect(),
            after: match flag("after_spike_currents") {
                true => list("asc_decay")
                    .zip(list("asc_r"))
                    .zip(list("asc_amps"))
                    .map(after)
                    .collect(),
                false => Vec::new(),
            },
            p33,
            p30: 1.0 / c_m * (1.0 - p33) * tau_m,
            g,
            threshold: parameters.relative("V_th"),
            reset: parameters.relative("V_reset"),
            rest: number("E_L"),
            refractory: step.refractory(t_ref),
            spike: flag("spike_dependent_threshold").then(|| Spike {
                decay: (-spike_decay * h).exp(),
                refractory_decay: (-spike_decay * t_ref).exp(),
                add: number("th_spike_add"),
                fraction: number("voltage_reset_fraction"),
                voltage_add: number("voltage_reset_add"),
            }),
            adapting: flag("adapting_threshold").then(|| Adapting {
                potential_decay: (-g * h / c_m).exp(),
                decay: 1.0 / (k * h).exp(),
                phi: number("th_voltage_index") / (k - g / c_m),
                ratio: number("th_voltage_index") / k,
            }),
        }
    }
}
