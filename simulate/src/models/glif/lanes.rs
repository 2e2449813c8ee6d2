//! The loops over cells of `glif_psc`, each over some of its arrays, so that they become vectors.

use super::constants::{Adapting, After, Constants, Receptor};

#[inline(always)]
pub(super) fn after_currents(
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
pub(super) fn membrane(c: &Constants, old: &[f64], i_0: &[f64], sum: &[f64], v: &mut [f64]) {
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
pub(super) fn synapse(
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
pub(super) fn decay(by: f64, step: i64, threshold: &mut [f64], free: &[i64]) {
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
pub(super) fn adapt(
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
pub(super) fn hold(
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
pub(super) fn above(values: &[f64], thresholds: &[f64], from: usize, found: &mut Vec<u32>) {
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
