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

mod constants;
mod lanes;

use super::Parameters;
use super::group::{self, Step};
use super::runs::Runs;
use constants::Constants;
use lanes::{above, adapt, after_currents, decay, hold, membrane, synapse};

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
        if constants.after.is_empty() {
            self.after_sum[cell] = 0.0;
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
