//! What the cells of all models have in common, and the five kinds of groups as one.

use super::parameters::Parameters;
use super::{Kind, alpha, delta, exp, glif, izhikevich};

/// The step of time and what follows of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Its length in ms.
    pub(crate) ms: f64,
    /// In tics of 1 µs.
    pub(crate) tics: i64,
}

impl Step {
    /// A refractory time in whole steps, rounded up from whole tics as NEST does.
    pub(crate) fn refractory(self, ms: f64) -> i64 {
        // What is longer than any simulation is as good as for ever.
        let tics = (ms * 1000.0 + 0.5).clamp(0.0, 1e15) as i64;
        (tics + self.tics - 1) / self.tics
    }
}

/// The cells of one model in one block, as arrays. The arrays of a group have the cells in the same
/// order, and those of its input have one value for each cell and channel, all cells of the first
/// channel before those of the second.
#[derive(Debug)]
pub(crate) enum Group {
    Exp(exp::Cells),
    Alpha(alpha::Cells),
    Delta(delta::Cells),
    Izhikevich(izhikevich::Cells),
    Glif(glif::Cells),
}

/// The same expression for whichever group it is.
macro_rules! each {
    ($group:expr, $cells:ident => $body:expr) => {
        match $group {
            Group::Exp($cells) => $body,
            Group::Alpha($cells) => $body,
            Group::Delta($cells) => $body,
            Group::Izhikevich($cells) => $body,
            Group::Glif($cells) => $body,
        }
    };
}

impl Group {
    /// Cells in their initial state: stretches of equal parameters, each with its number of cells.
    pub(crate) fn new(kind: Kind, stretches: &[(&Parameters, usize)], step: Step) -> Self {
        match kind {
            Kind::IafPscExp => Self::Exp(exp::Cells::new(stretches, step)),
            Kind::IafPscAlpha => Self::Alpha(alpha::Cells::new(stretches, step)),
            Kind::IafPscDelta => Self::Delta(delta::Cells::new(stretches, step)),
            Kind::Izhikevich => Self::Izhikevich(izhikevich::Cells::new(stretches, step)),
            Kind::GlifPsc => Self::Glif(glif::Cells::new(stretches, step)),
        }
    }

    /// Moves all cells from `step` to `step + 1`. `input` is what arrives, and is zero afterwards;
    /// for models that are [`Kind::late`] what arrived at the end of the step before. The cells that
    /// spike are appended to `spiked` in rising order.
    #[inline(always)]
    pub(crate) fn advance(&mut self, step: i64, input: &mut [f64], spiked: &mut Vec<u32>) {
        each!(self, cells => cells.advance(step, input, spiked));
    }

    /// A recordable of a cell, by its place in [`Kind::recordables`]. `pending` is what arrived at the
    /// end of the last step and a late model has not taken yet.
    pub(crate) fn read(&self, cell: usize, recordable: usize, pending: &[f64]) -> f64 {
        each!(self, cells => cells.read(cell, recordable, pending))
    }

    /// The injected current of a cell, in pA.
    pub(crate) fn inject(&mut self, cell: usize, current: f64) {
        each!(self, cells => if let Some(i_0) = cells.i_0.get_mut(cell) { *i_0 = current; });
    }

    /// Gives a cell other parameters. Of its state what `given` names is set as well; the voltage
    /// stays where it is, though E_L moves.
    pub(crate) fn change(&mut self, cell: usize, parameters: &Parameters, given: &str, step: Step) {
        each!(self, cells => cells.change(cell, parameters, given, step));
    }
}

/// How many cells the stretches have.
pub(crate) fn cells(stretches: &[(&Parameters, usize)]) -> usize {
    stretches.iter().map(|(_, cells)| cells).sum()
}

/// An array with a value of each stretch for each of its cells.
pub(crate) fn spread(
    stretches: &[(&Parameters, usize)],
    value: impl Fn(&Parameters) -> f64,
) -> Vec<f64> {
    let mut all = Vec::with_capacity(cells(stretches));
    for (parameters, cells) in stretches {
        all.extend(std::iter::repeat_n(value(parameters), *cells));
    }
    all
}
