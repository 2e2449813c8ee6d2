//! `iaf_psc_exp`: a leaky membrane with exponential synaptic currents.
//!
//! Over a step of h, relative to E_L, with the currents before the step:
//! V ← V·P22 + Iex·P21ex + Iin·P21in + (Ie + I0)·P20, then I ← I·P11 and what arrives is added.
//! P22 = exp(−h/τm), P11 = exp(−h/τs), P20 = τm/C·(1 − P22). While refractory V stands still.

use super::Parameters;
use super::group::{self, Step};
use super::propagators::Propagator;
use super::runs::{Runs, at_or_above};

#[derive(Debug, Clone)]
struct Constants {
    p22: f64,
    p21_ex: f64,
    p21_in: f64,
    p20: f64,
    p11_ex: f64,
    p11_in: f64,
    i_e: f64,
    threshold: f64,
    reset: f64,
    rest: f64,
    refractory: i64,
}

impl Constants {
    fn new(parameters: &Parameters, step: Step) -> Self {
        let number = |name| parameters.number(name);
        let h = step.ms;
        let (tau_m, c_m) = (number("tau_m"), number("C_m"));
        let (tau_ex, tau_in) = (number("tau_syn_ex"), number("tau_syn_in"));
        let synapse = |tau_syn| {
            Propagator {
                tau_syn,
                tau_m,
                c_m,
            }
            .current(h)
        };
        let p22 = (-h / tau_m).exp();
        Self {
            p22,
            p21_ex: synapse(tau_ex),
            p21_in: synapse(tau_in),
            p20: tau_m / c_m * (1.0 - p22),
            p11_ex: (-h / tau_ex).exp(),
            p11_in: (-h / tau_in).exp(),
            i_e: number("I_e"),
            threshold: parameters.relative("V_th"),
            reset: parameters.relative("V_reset"),
            rest: number("E_L"),
            refractory: step.refractory(number("t_ref")),
        }
    }
}

/// The cells of a group.
#[derive(Debug)]
pub(crate) struct Cells {
    runs: Runs<Constants>,
    v: Vec<f64>,
    i_ex: Vec<f64>,
    i_in: Vec<f64>,
    /// The first step that is not refractory.
    free: Vec<i64>,
    pub(crate) i_0: Vec<f64>,
}

impl Cells {
    pub(crate) fn new(stretches: &[(&Parameters, usize)], step: Step) -> Self {
        let runs = Runs::new(
            stretches
                .iter()
                .map(|(parameters, cells)| (Constants::new(parameters, step), *cells)),
        );
        let cells = runs.cells();
        Self {
            runs,
            v: group::spread(stretches, |parameters| parameters.relative("V_m")),
            i_ex: vec![0.0; cells],
            i_in: vec![0.0; cells],
            free: vec![0; cells],
            i_0: vec![0.0; cells],
        }
    }

    #[inline(always)]
    pub(crate) fn advance(&mut self, step: i64, input: &mut [f64], spiked: &mut Vec<u32>) {
        let (in_ex, in_in) = input.split_at_mut(self.v.len());
        for run in &self.runs.0 {
            let (c, range) = (&run.constants, run.from..run.to);
            let v = &mut self.v[range.clone()];
            integrate(
                c,
                step,
                v,
                &mut self.i_ex[range.clone()],
                &mut self.i_in[range.clone()],
                &mut in_ex[range.clone()],
                &mut in_in[range.clone()],
                &self.free[range.clone()],
                &self.i_0[range],
            );
            let known = spiked.len();
            at_or_above(v, c.threshold, run.from, spiked);
            for cell in &spiked[known..] {
                self.v[*cell as usize] = c.reset;
                self.free[*cell as usize] = step + 1 + c.refractory;
            }
        }
    }

    pub(crate) fn read(&self, cell: usize, recordable: usize, pending: &[f64]) -> f64 {
        let arrived = |channel: usize| {
            let at = channel * self.v.len() + cell;
            pending.get(at).copied().unwrap_or(0.0)
        };
        match recordable {
            0 => self.v[cell] + self.runs.of(cell).map_or(0.0, |c| c.rest),
            1 => self.i_ex[cell] + arrived(0),
            _ => self.i_in[cell] + arrived(1),
        }
    }

    pub(crate) fn change(&mut self, cell: usize, parameters: &Parameters, given: &str, step: Step) {
        let constants = Constants::new(parameters, step);
        let rest = self.runs.of(cell).map_or(0.0, |c| c.rest);
        match given {
            "V_m" => self.v[cell] = parameters.number("V_m") - constants.rest,
            _ => self.v[cell] -= constants.rest - rest,
        }
        self.runs.replace(cell, constants);
    }
}

#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "slices that are arguments are known not to overlap, which lets the loop become vectors"
)]
fn integrate(
    c: &Constants,
    step: i64,
    v: &mut [f64],
    i_ex: &mut [f64],
    i_in: &mut [f64],
    in_ex: &mut [f64],
    in_in: &mut [f64],
    free: &[i64],
    i_0: &[f64],
) {
    let cells = v.len();
    let (i_ex, i_in) = (&mut i_ex[..cells], &mut i_in[..cells]);
    let (in_ex, in_in) = (&mut in_ex[..cells], &mut in_in[..cells]);
    let (free, i_0) = (&free[..cells], &i_0[..cells]);
    for at in 0..cells {
        let ex = i_ex[at] + in_ex[at];
        let inh = i_in[at] + in_in[at];
        in_ex[at] = 0.0;
        in_in[at] = 0.0;
        let next = v[at] * c.p22 + ex * c.p21_ex + inh * c.p21_in + (c.i_e + i_0[at]) * c.p20;
        v[at] = if step >= free[at] { next } else { v[at] };
        i_ex[at] = ex * c.p11_ex;
        i_in[at] = inh * c.p11_in;
    }
}
