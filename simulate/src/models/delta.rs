//! `iaf_psc_delta`: a leaky membrane that a spike moves at once.
//!
//! Over a step of h, relative to E_L: V ← P30·(I0 + Ie) + P33·V + w, not below V_min, with
//! P33 = exp(−h/τm) and P30 = 1/C·(1 − P33)·τm. While refractory V stands still and what arrives is
//! lost; with `refractory_input` it is gathered as w·exp(−r·h/τm), r steps before the end, and added
//! in the first free step.

use super::Parameters;
use super::group::{self, Step};
use super::runs::{Runs, at_or_above};

#[derive(Debug, Clone)]
struct Constants {
    h: f64,
    tau_m: f64,
    p33: f64,
    p30: f64,
    i_e: f64,
    threshold: f64,
    reset: f64,
    lowest: f64,
    rest: f64,
    refractory: i64,
    gathers: bool,
}

impl Constants {
    fn new(parameters: &Parameters, step: Step) -> Self {
        let number = |name| parameters.number(name);
        let (h, tau_m) = (step.ms, number("tau_m"));
        let p33 = (-h / tau_m).exp();
        Self {
            h,
            tau_m,
            p33,
            p30: 1.0 / number("C_m") * (1.0 - p33) * tau_m,
            i_e: number("I_e"),
            threshold: parameters.relative("V_th"),
            reset: parameters.relative("V_reset"),
            lowest: parameters.relative("V_min"),
            rest: number("E_L"),
            refractory: step.refractory(number("t_ref")),
            gathers: parameters.flag("refractory_input"),
        }
    }
}

/// The cells of a group.
#[derive(Debug)]
pub(crate) struct Cells {
    runs: Runs<Constants>,
    v: Vec<f64>,
    /// What arrived while refractory.
    gathered: Vec<f64>,
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
            gathered: vec![0.0; cells],
            free: vec![0; cells],
            i_0: vec![0.0; cells],
        }
    }

    #[inline(always)]
    pub(crate) fn advance(&mut self, step: i64, input: &mut [f64], spiked: &mut Vec<u32>) {
        for run in &self.runs.0 {
            let (c, range) = (&run.constants, run.from..run.to);
            let v = &mut self.v[range.clone()];
            let arrived = &mut input[range.clone()];
            let gathered = &mut self.gathered[range.clone()];
            let free = &self.free[range.clone()];
            if c.gathers {
                gather(c, step, arrived, gathered, free);
            }
            integrate(c, step, v, arrived, gathered, free, &self.i_0[range]);
            let known = spiked.len();
            at_or_above(v, c.threshold, run.from, spiked);
            for cell in &spiked[known..] {
                self.v[*cell as usize] = c.reset;
                self.free[*cell as usize] = step + 1 + c.refractory;
            }
        }
    }

    pub(crate) fn read(&self, cell: usize, _recordable: usize, _pending: &[f64]) -> f64 {
        self.v[cell] + self.runs.of(cell).map_or(0.0, |c| c.rest)
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

/// What arrives at cells that are refractory.
fn gather(c: &Constants, step: i64, arrived: &[f64], gathered: &mut [f64], free: &[i64]) {
    for ((arrived, gathered), free) in arrived.iter().zip(gathered).zip(free) {
        let left = free - step;
        if left > 0 && *arrived != 0.0 {
            *gathered += arrived * (-(left as f64) * c.h / c.tau_m).exp();
        }
    }
}

#[inline(always)]
fn integrate(
    c: &Constants,
    step: i64,
    v: &mut [f64],
    arrived: &mut [f64],
    gathered: &mut [f64],
    free: &[i64],
    i_0: &[f64],
) {
    let cells = v.len();
    let (arrived, gathered) = (&mut arrived[..cells], &mut gathered[..cells]);
    let (free, i_0) = (&free[..cells], &i_0[..cells]);
    for at in 0..cells {
        let next = c.p30 * (i_0[at] + c.i_e) + c.p33 * v[at] + arrived[at] + gathered[at];
        let next = if next < c.lowest { c.lowest } else { next };
        arrived[at] = 0.0;
        let is_free = step >= free[at];
        v[at] = if is_free { next } else { v[at] };
        gathered[at] = if is_free { 0.0 } else { gathered[at] };
    }
}
