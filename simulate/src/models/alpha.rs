//! `iaf_psc_alpha`: a leaky membrane with alpha-shaped synaptic currents.
//!
//! Each sign of synapse has a slope dI and a current I; a spike of weight w adds e/τs·w to dI. Over a
//! step of h, relative to E_L: V ← P30·(I0 + Ie) + P31·dI + P32·I (excitatory, then inhibitory) +
//! expm1(−h/τm)·V + V, not below V_min; then I ← P21·dI + P22·I and dI ← dI·P11, with
//! P11 = P22 = exp(−h/τs), P21 = h·P11, P30 = −τm/C·expm1(−h/τm). While refractory V stands still.

use std::f64::consts::E;

use super::Parameters;
use super::group::{self, Step};
use super::propagators::Propagator;
use super::runs::{Runs, at_or_above};

/// Of one sign of synapse.
#[derive(Debug, Clone, Copy)]
struct Synapse {
    p11: f64,
    p21: f64,
    p31: f64,
    p32: f64,
    /// What a spike of weight 1 adds to the slope.
    initial: f64,
}

#[derive(Debug, Clone)]
struct Constants {
    ex: Synapse,
    inh: Synapse,
    p30: f64,
    expm1: f64,
    i_e: f64,
    threshold: f64,
    reset: f64,
    lowest: f64,
    rest: f64,
    refractory: i64,
}

impl Constants {
    fn new(parameters: &Parameters, step: Step) -> Self {
        let number = |name| parameters.number(name);
        let h = step.ms;
        let (tau_m, c_m) = (number("tau_m"), number("C_m"));
        let synapse = |tau_syn: f64| {
            let propagator = Propagator {
                tau_syn,
                tau_m,
                c_m,
            };
            let p11 = (-h / tau_syn).exp();
            Synapse {
                p11,
                p21: h * p11,
                p31: propagator.slope(h),
                p32: propagator.current(h),
                initial: E / tau_syn,
            }
        };
        let expm1 = (-h / tau_m).exp_m1();
        Self {
            ex: synapse(number("tau_syn_ex")),
            inh: synapse(number("tau_syn_in")),
            p30: -tau_m / c_m * expm1,
            expm1,
            i_e: number("I_e"),
            threshold: parameters.relative("V_th"),
            reset: parameters.relative("V_reset"),
            lowest: parameters.relative("V_min"),
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
    di_ex: Vec<f64>,
    i_ex: Vec<f64>,
    di_in: Vec<f64>,
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
            di_ex: vec![0.0; cells],
            i_ex: vec![0.0; cells],
            di_in: vec![0.0; cells],
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
                &mut self.di_ex[range.clone()],
                &mut self.i_ex[range.clone()],
                &mut self.di_in[range.clone()],
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

    pub(crate) fn read(&self, cell: usize, recordable: usize, _pending: &[f64]) -> f64 {
        match recordable {
            0 => self.v[cell] + self.runs.of(cell).map_or(0.0, |c| c.rest),
            1 => self.i_ex[cell],
            _ => self.i_in[cell],
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
    di_ex: &mut [f64],
    i_ex: &mut [f64],
    di_in: &mut [f64],
    i_in: &mut [f64],
    in_ex: &mut [f64],
    in_in: &mut [f64],
    free: &[i64],
    i_0: &[f64],
) {
    let cells = v.len();
    let (di_ex, i_ex) = (&mut di_ex[..cells], &mut i_ex[..cells]);
    let (di_in, i_in) = (&mut di_in[..cells], &mut i_in[..cells]);
    let (in_ex, in_in) = (&mut in_ex[..cells], &mut in_in[..cells]);
    let (free, i_0) = (&free[..cells], &i_0[..cells]);
    for at in 0..cells {
        let d_ex = di_ex[at] + c.ex.initial * in_ex[at];
        let d_in = di_in[at] + c.inh.initial * in_in[at];
        in_ex[at] = 0.0;
        in_in[at] = 0.0;
        let next = c.p30 * (i_0[at] + c.i_e)
            + c.ex.p31 * d_ex
            + c.ex.p32 * i_ex[at]
            + c.inh.p31 * d_in
            + c.inh.p32 * i_in[at]
            + c.expm1 * v[at]
            + v[at];
        let next = if next < c.lowest { c.lowest } else { next };
        v[at] = if step >= free[at] { next } else { v[at] };
        i_ex[at] = c.ex.p21 * d_ex + c.ex.p11 * i_ex[at];
        di_ex[at] = d_ex * c.ex.p11;
        i_in[at] = c.inh.p21 * d_in + c.inh.p11 * i_in[at];
        di_in[at] = d_in * c.inh.p11;
    }
}
