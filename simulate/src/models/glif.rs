//! `glif_psc`: the Allen Institute's generalised leaky neurons with alpha-shaped synaptic currents,
//! one for each receptor.
//!
//! Over a step of h, relative to E_L, all from the values before the step:
//! ΣASC is the sum of the after-spike currents' means over the step, ((1/k)/h)·(1 − e^(−kh))·A;
//! V ← V·P33 + (I0 + ΣASC)·P30 + Σ(P31·y1 + P32·y2). The threshold is V_th, a part that each spike
//! raises and that decays, and a part that follows the voltage in closed form with
//! β = (I0 + ΣASC)/g, to which the synaptic currents do not belong. Above it (not at it) the cell
//! spikes: A ← amps + A·r·e^(−k·t_ref), V ← V_reset, or fraction·(V before the step) + add. While
//! refractory V, thresholds and after-spike currents stand still; synaptic currents go on.

use std::f64::consts::E;

use super::Parameters;
use super::group::{self, Step};
use super::propagators::Propagator;
use super::runs::Runs;

/// Of one receptor.
#[derive(Debug, Clone, Copy)]
struct Receptor {
    p11: f64,
    p21: f64,
    p31: f64,
    p32: f64,
    /// What a spike of weight 1 adds to the slope.
    initial: f64,
}

/// Of one after-spike current.
#[derive(Debug, Clone, Copy)]
struct After {
    decay: f64,
    mean: f64,
    refractory: f64,
    amplitude: f64,
}

#[derive(Debug, Clone)]
struct Constants {
    receptors: Vec<Receptor>,
    after: Vec<After>,
    p33: f64,
    p30: f64,
    g: f64,
    threshold: f64,
    reset: f64,
    rest: f64,
    refractory: i64,
    /// With `spike_dependent_threshold`.
    spike: Option<Spike>,
    /// With `adapting_threshold`.
    adapting: Option<Adapting>,
}

#[derive(Debug, Clone, Copy)]
struct Spike {
    decay: f64,
    refractory_decay: f64,
    add: f64,
    fraction: f64,
    voltage_add: f64,
}

#[derive(Debug, Clone, Copy)]
struct Adapting {
    potential_decay: f64,
    decay: f64,
    phi: f64,
    ratio: f64,
}

impl Constants {
    fn new(parameters: &Parameters, step: Step) -> Self {
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

/// The cells of a group. Lists of arrays have one for each receptor or after-spike current, as many
/// as the cell with the most has.
#[derive(Debug)]
pub(crate) struct Cells {
    runs: Runs<Constants>,
    v: Vec<f64>,
    y1: Vec<Vec<f64>>,
    y2: Vec<Vec<f64>>,
    after: Vec<Vec<f64>>,
    after_sum: Vec<f64>,
    i_syn: Vec<f64>,
    threshold_spike: Vec<f64>,
    threshold_voltage: Vec<f64>,
    /// The first step that is not refractory.
    free: Vec<i64>,
    pub(crate) i_0: Vec<f64>,
    /// Within a step: the voltage before it, and the threshold after it.
    v_old: Vec<f64>,
    threshold: Vec<f64>,
}

impl Cells {
    pub(crate) fn new(stretches: &[(&Parameters, usize)], step: Step) -> Self {
        let runs = Runs::new(
            stretches
                .iter()
                .map(|(parameters, cells)| (Constants::new(parameters, step), *cells)),
        );
        let cells = runs.cells();
        let most = |of: fn(&Constants) -> usize| {
            let all = runs.0.iter().map(|run| of(&run.constants));
            all.max().unwrap_or(0)
        };
        let receptors = most(|c| c.receptors.len());
        let after = (0..most(|c| c.after.len())).map(|one| {
            group::spread(stretches, |parameters| {
                // Not asc_init: NEST's Create has copied the state before that is set.
                parameters
                    .list("ASCurrents")
                    .get(one)
                    .copied()
                    .unwrap_or(0.0)
            })
        });
        Self {
            v: group::spread(stretches, |parameters| parameters.relative("V_m")),
            y1: vec![vec![0.0; cells]; receptors],
            y2: vec![vec![0.0; cells]; receptors],
            after: after.collect(),
            after_sum: vec![0.0; cells],
            i_syn: vec![0.0; cells],
            threshold_spike: group::spread(stretches, |p| p.number("threshold_spike")),
            threshold_voltage: group::spread(stretches, |p| p.number("threshold_voltage")),
            free: vec![0; cells],
            i_0: vec![0.0; cells],
            v_old: vec![0.0; cells],
            threshold: vec![0.0; cells],
            runs,
        }
    }

    #[inline(always)]
    pub(crate) fn advance(&mut self, step: i64, input: &mut [f64], spiked: &mut Vec<u32>) {
        let cells = self.v.len();
        self.v_old.copy_from_slice(&self.v);
        for run in &self.runs.0 {
            let (c, range) = (&run.constants, run.from..run.to);
            let free = &self.free[range.clone()];
            let sum = &mut self.after_sum[range.clone()];
            let i_0 = &self.i_0[range.clone()];
            let v = &mut self.v[range.clone()];
            let old = &self.v_old[range.clone()];
            for (at, after) in c.after.iter().enumerate() {
                let currents = &mut self.after[at][range.clone()];
                after_currents(*after, at == 0, step, currents, sum, free);
            }
            membrane(c, old, i_0, sum, v);
            for (at, receptor) in c.receptors.iter().enumerate() {
                let channel = at * cells;
                synapse(
                    *receptor,
                    at == 0,
                    step,
                    &mut input[channel + range.start..channel + range.end],
                    &mut self.y1[at][range.clone()],
                    &mut self.y2[at][range.clone()],
                    v,
                    &mut self.i_syn[range.clone()],
                    free,
                );
            }
            let by_spikes = &mut self.threshold_spike[range.clone()];
            let by_voltage = &mut self.threshold_voltage[range.clone()];
            if let Some(spike) = c.spike {
                decay(spike.decay, step, by_spikes, free);
            }
            if let Some(adapting) = c.adapting {
                adapt(adapting, c.g, step, old, i_0, sum, by_voltage, free);
            }
            let threshold = &mut self.threshold[range.clone()];
            hold(
                c.threshold,
                step,
                v,
                old,
                by_spikes,
                by_voltage,
                threshold,
                free,
            );
            let known = spiked.len();
            above(v, threshold, run.from, spiked);
            for cell in &spiked[known..] {
                let cell = *cell as usize;
                self.free[cell] = step + 1 + c.refractory;
                for (at, after) in c.after.iter().enumerate() {
                    let current = &mut self.after[at][cell];
                    *current = after.amplitude + *current * after.refractory;
                }
                match c.spike {
                    None => self.v[cell] = c.reset,
                    Some(spike) => {
                        self.v[cell] = spike.fraction * self.v_old[cell] + spike.voltage_add;
                        let threshold = &mut self.threshold_spike[cell];
                        *threshold = *threshold * spike.refractory_decay + spike.add;
                    }
                }
            }
        }
    }

    pub(crate) fn read(&self, cell: usize, recordable: usize, _pending: &[f64]) -> f64 {
        let Some(c) = self.runs.of(cell) else {
            return 0.0;
        };
        match recordable {
            0 => self.v[cell] + c.rest,
            1 => self.after_sum[cell],
            2 => self.i_0[cell],
            3 => self.i_syn[cell],
            4 => self.threshold_spike[cell] + self.threshold_voltage[cell] + c.threshold + c.rest,
            5 => self.threshold_spike[cell],
            _ => self.threshold_voltage[cell],
        }
    }

    pub(crate) fn change(&mut self, cell: usize, parameters: &Parameters, given: &str, step: Step) {
        let constants = Constants::new(parameters, step);
        let rest = self.runs.of(cell).map_or(0.0, |c| c.rest);
        match given {
            "V_m" => self.v[cell] = parameters.number("V_m") - constants.rest,
            _ => self.v[cell] -= constants.rest - rest,
        }
        match given {
            "threshold_spike" => self.threshold_spike[cell] = parameters.number(given),
            "threshold_voltage" => self.threshold_voltage[cell] = parameters.number(given),
            "ASCurrents" => {
                for (one, value) in self.after.iter_mut().zip(parameters.list(given)) {
                    one[cell] = *value;
                }
            }
            _ => (),
        }
        // Currents that no cell of the group has had so far.
        let cells = self.v.len();
        self.after
            .resize_with(self.after.len().max(constants.after.len()), || {
                vec![0.0; cells]
            });
        self.runs.replace(cell, constants);
    }
}

#[inline(always)]
fn after_currents(
    after: After,
    first: bool,
    step: i64,
    currents: &mut [f64],
    sum: &mut [f64],
    free: &[i64],
) {
    let cells = currents.len();
    let (sum, free) = (&mut sum[..cells], &free[..cells]);
    for at in 0..cells {
        let is_free = step >= free[at];
        let before = if first { 0.0 } else { sum[at] };
        let with = before + after.mean * currents[at];
        let decayed = currents[at] * after.decay;
        sum[at] = if is_free { with } else { sum[at] };
        currents[at] = if is_free { decayed } else { currents[at] };
    }
}

#[inline(always)]
fn membrane(c: &Constants, old: &[f64], i_0: &[f64], sum: &[f64], v: &mut [f64]) {
    let cells = v.len();
    let (old, i_0, sum) = (&old[..cells], &i_0[..cells], &sum[..cells]);
    for at in 0..cells {
        v[at] = old[at] * c.p33 + (i_0[at] + sum[at]) * c.p30;
    }
}

#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "slices that are arguments are known not to overlap, which lets the loop become vectors"
)]
fn synapse(
    receptor: Receptor,
    first: bool,
    step: i64,
    arrived: &mut [f64],
    y1: &mut [f64],
    y2: &mut [f64],
    v: &mut [f64],
    i_syn: &mut [f64],
    free: &[i64],
) {
    let cells = v.len();
    let (arrived, free) = (&mut arrived[..cells], &free[..cells]);
    let (y1, y2, i_syn) = (&mut y1[..cells], &mut y2[..cells], &mut i_syn[..cells]);
    for at in 0..cells {
        let slope = y1[at] + receptor.initial * arrived[at];
        arrived[at] = 0.0;
        v[at] += receptor.p31 * slope + receptor.p32 * y2[at];
        let before = if first { 0.0 } else { i_syn[at] };
        let with = before + y2[at];
        i_syn[at] = if step >= free[at] { with } else { i_syn[at] };
        y2[at] = receptor.p21 * slope + receptor.p11 * y2[at];
        y1[at] = slope * receptor.p11;
    }
}

#[inline(always)]
fn decay(by: f64, step: i64, threshold: &mut [f64], free: &[i64]) {
    for (threshold, free) in threshold.iter_mut().zip(free) {
        let decayed = *threshold * by;
        *threshold = if step >= *free { decayed } else { *threshold };
    }
}

#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "slices that are arguments are known not to overlap, which lets the loop become vectors"
)]
fn adapt(
    c: Adapting,
    g: f64,
    step: i64,
    old: &[f64],
    i_0: &[f64],
    sum: &[f64],
    threshold: &mut [f64],
    free: &[i64],
) {
    let cells = threshold.len();
    let (old, i_0) = (&old[..cells], &i_0[..cells]);
    let (sum, free) = (&sum[..cells], &free[..cells]);
    for at in 0..cells {
        let beta = (i_0[at] + sum[at]) / g;
        let phi = c.phi * (old[at] - beta);
        let next = phi * c.potential_decay
            + c.decay * (threshold[at] - phi - c.ratio * beta)
            + c.ratio * beta;
        threshold[at] = if step >= free[at] {
            next
        } else {
            threshold[at]
        };
    }
}

/// The threshold of cells that are free, and the old voltage for those that are not.
#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "slices that are arguments are known not to overlap, which lets the loop become vectors"
)]
fn hold(
    own: f64,
    step: i64,
    v: &mut [f64],
    old: &[f64],
    by_spikes: &[f64],
    by_voltage: &[f64],
    threshold: &mut [f64],
    free: &[i64],
) {
    let cells = v.len();
    let (old, free) = (&old[..cells], &free[..cells]);
    let (by_spikes, by_voltage) = (&by_spikes[..cells], &by_voltage[..cells]);
    let threshold = &mut threshold[..cells];
    for at in 0..cells {
        let sum = by_spikes[at] + by_voltage[at] + own;
        let is_free = step >= free[at];
        threshold[at] = if is_free { sum } else { f64::INFINITY };
        v[at] = if is_free { v[at] } else { old[at] };
    }
}

/// Appends the places of the values above their thresholds, in rising order, each with `from` added.
#[inline(always)]
fn above(values: &[f64], thresholds: &[f64], from: usize, found: &mut Vec<u32>) {
    const TOGETHER: usize = 16;
    let mut first = from;
    for (values, thresholds) in values.chunks(TOGETHER).zip(thresholds.chunks(TOGETHER)) {
        let pairs = || values.iter().zip(thresholds);
        if pairs().fold(false, |any, (value, threshold)| any | (value > threshold)) {
            for (at, (value, threshold)) in pairs().enumerate() {
                if value > threshold {
                    found.push((first + at) as u32);
                }
            }
        }
        first += TOGETHER;
    }
}
