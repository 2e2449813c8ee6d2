//! Cases in turn, round by round: a machine that grows busy slows all of them alike.

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};

/// Runs each case once a round; for each case its results, one a round.
pub(crate) fn interleave<C: Copy, M>(
    cases: &[C],
    rounds: usize,
    name: impl Fn(C) -> String,
    mut run: impl FnMut(C) -> Result<M>,
) -> Result<Vec<Vec<M>>> {
    let style = ProgressStyle::with_template("{elapsed} {wide_bar} {pos}/{len} {msg}")?;
    let bar = ProgressBar::new((rounds * cases.len()) as u64).with_style(style);
    let mut measured: Vec<Vec<M>> = cases.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (&case, results) in cases.iter().zip(&mut measured) {
            bar.set_message(name(case));
            results.push(run(case).with_context(|| name(case))?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(measured)
}
