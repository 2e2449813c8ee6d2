//! `izhikevich`: Izhikevich's (2003) neuron.
//!
//! With `consistent_integration` one step of Euler's method, v and u from the old values, and the
//! weight that arrives added to v: v ← v + (h·(0.04v² + 5v + 140 − u + I0 + Ie) + w) and
//! u ← u + h·a·(b·v − u). Without it as published: two half steps of v with the weight as a current,
//! then u from the new v. v is not below V_min; at V_th v ← c and u ← u + d. It is never refractory.

use super::Parameters;
use super::group::{self, Step};
use super::runs::{Runs, at_or_above};

#[derive(Debug, Clone)]
struct Constants {
    h: f64,
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    i_e: f64,
    threshold: f64,
    lowest: f64,
    consistent: bool,
}

impl Constants {
    fn new(parameters: &Parameters, step: Step) -> Self {
        let number = |name| parameters.number(name);
        Self {
            h: step.ms,
            a: number("a"),
            b: number("b"),
            c: number("c"),
            d: number("d"),
            i_e: number("I_e"),
            threshold: number("V_th"),
            lowest: number("V_min"),
            consistent: parameters.flag("consistent_integration"),
        }
    }
}

/// The cells of a group.
#[derive(Debug)]
pub(crate) struct Cells {
    runs: Runs<Constants>,
    v: Vec<f64>,
    u: Vec<f64>,
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
            v: group::spread(stretches, |parameters| parameters.number("V_m")),
            u: group::spread(stretches, |parameters| parameters.number("U_m")),
            i_0: vec![0.0; cells],
        }
    }

    #[inline(always)]
    pub(crate) fn advance(&mut self, _step: i64, input: &mut [f64], spiked: &mut Vec<u32>) {
        for run in &self.runs.0 {
            let (c, range) = (&run.constants, run.from..run.to);
            let (v, u) = (&mut self.v[range.clone()], &mut self.u[range.clone()]);
            let (arrived, i_0) = (&mut input[range.clone()], &self.i_0[range]);
            match c.consistent {
                true => consistent(c, v, u, arrived, i_0),
                false => published(c, v, u, arrived, i_0),
            }
            let known = spiked.len();
            at_or_above(v, c.threshold, run.from, spiked);
            for cell in &spiked[known..] {
                self.v[*cell as usize] = c.c;
                self.u[*cell as usize] += c.d;
            }
        }
    }

    pub(crate) fn read(&self, cell: usize, recordable: usize, _pending: &[f64]) -> f64 {
        match recordable {
            0 => self.v[cell],
            _ => self.u[cell],
        }
    }

    pub(crate) fn change(&mut self, cell: usize, parameters: &Parameters, given: &str, step: Step) {
        match given {
            "V_m" => self.v[cell] = parameters.number("V_m"),
            "U_m" => self.u[cell] = parameters.number("U_m"),
            _ => (),
        }
        self.runs.replace(cell, Constants::new(parameters, step));
    }
}

#[inline(always)]
fn consistent(c: &Constants, v: &mut [f64], u: &mut [f64], arrived: &mut [f64], i_0: &[f64]) {
    let cells = v.len();
    let (u, arrived, i_0) = (&mut u[..cells], &mut arrived[..cells], &i_0[..cells]);
    for at in 0..cells {
        let (v_old, u_old) = (v[at], u[at]);
        let slope = 0.04 * v_old * v_old + 5.0 * v_old + 140.0 - u_old + i_0[at] + c.i_e;
        let next = v_old + (c.h * slope + arrived[at]);
        arrived[at] = 0.0;
        u[at] = u_old + c.h * c.a * (c.b * v_old - u_old);
        v[at] = if next < c.lowest { c.lowest } else { next };
    }
}

#[inline(always)]
fn published(c: &Constants, v: &mut [f64], u: &mut [f64], arrived: &mut [f64], i_0: &[f64]) {
    let cells = v.len();
    let (u, arrived, i_0) = (&mut u[..cells], &mut arrived[..cells], &i_0[..cells]);
    for at in 0..cells {
        let half = |v: f64| {
            let slope = 0.04 * v * v + 5.0 * v + 140.0 - u[at] + i_0[at] + c.i_e + arrived[at];
            v + c.h * 0.5 * slope
        };
        let next = half(half(v[at]));
        arrived[at] = 0.0;
        u[at] += c.h * c.a * (c.b * next - u[at]);
        v[at] = if next < c.lowest { c.lowest } else { next };
    }
}
