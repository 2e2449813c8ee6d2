//! Time in whole steps: NEST's grid, with its roundings.
//!
//! Owns every conversion between ms and steps. A tic is 1 µs; NEST keeps all times in tics.

use super::EngineError;
use crate::models::Step;

const TICS_A_MS: f64 = 1000.0;
/// Longer than any simulation, and exact as a double: 35 years.
const MOST_TICS: f64 = 1e15;

/// The grid of a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    tics: i64,
}

impl Grid {
    /// A grid whose steps are `dt` ms long.
    ///
    /// # Errors
    /// `dt` that is no whole number of µs, below 1 µs, or above 1 s.
    pub fn new(dt: f64) -> Result<Self, EngineError> {
        let tics = (dt * TICS_A_MS).round();
        let whole = (dt * TICS_A_MS - tics).abs() <= 1e-9 * tics;
        match whole && (1.0..=1e6).contains(&tics) {
            true => Ok(Self { tics: tics as i64 }),
            false => Err(EngineError::Grid(format!(
                "dt is {dt} ms: it must be a whole number of µs, from 0.001 to 1000 ms"
            ))),
        }
    }

    /// The step in ms, with the bits that NEST computes with.
    pub fn dt(self) -> f64 {
        self.tics as f64 * 0.001
    }

    pub(crate) fn step(self) -> Step {
        Step {
            ms: self.dt(),
            tics: self.tics,
        }
    }

    /// The time of a step in ms, the double that is nearest to its decimal.
    pub fn ms(self, step: u64) -> f64 {
        // A product of integers, so that only the division rounds.
        (step as i128 * self.tics as i128) as f64 / TICS_A_MS
    }

    /// A time that must be on the grid, such as the end of a run, in steps.
    ///
    /// # Errors
    /// A time that is negative, too long, or between two steps: the text has both.
    pub fn steps(self, ms: f64) -> Result<u64, EngineError> {
        let tics = self.whole_tics(ms)?;
        let (steps, over) = (tics / self.tics, tics % self.tics);
        match over {
            0 => Ok(steps as u64),
            _ => Err(EngineError::Grid(format!(
                "{ms} ms is between two steps of {} ms: use {} or {} ms",
                self.dt(),
                self.ms(steps as u64),
                self.ms(steps as u64 + 1)
            ))),
        }
    }

    /// The first step at or after a time, for what may begin between two steps.
    ///
    /// # Errors
    /// A time that is negative or too long.
    pub fn steps_up(self, ms: f64) -> Result<u64, EngineError> {
        let tics = self.whole_tics(ms)?;
        Ok(((tics + self.tics - 1) / self.tics) as u64)
    }

    /// The delay of a synapse in steps, halves up.
    ///
    /// # Errors
    /// Below half a step, or more than [`Self::MOST_DELAY`] steps.
    pub fn delay(self, ms: f64) -> Result<u32, EngineError> {
        let steps = (ms * (1.0 / self.dt()) + 0.5).floor();
        match steps {
            _ if steps >= 1.0 && steps <= f64::from(Self::MOST_DELAY) => Ok(steps as u32),
            _ if steps > 1.0 => Err(EngineError::Grid(format!(
                "a delay of {ms} ms is {steps} steps of {} ms: at most {} are possible",
                self.dt(),
                Self::MOST_DELAY
            ))),
            _ => Err(EngineError::Grid(format!(
                "a delay of {ms} ms is less than half a step of {} ms: a spike cannot arrive in the \
                 step that it is sent in",
                self.dt()
            ))),
        }
    }

    /// The longest delay in steps.
    pub const MOST_DELAY: u32 = 65_535;

    /// When a spike at a time acts: the first step at or after it, as NEST's `spike_generator` with
    /// `precise_times` finds it.
    ///
    /// # Errors
    /// A time that is not above 0, or too long.
    pub fn stamp(self, ms: f64) -> Result<u64, EngineError> {
        if !(ms > 0.0 && ms * TICS_A_MS < MOST_TICS) {
            return Err(EngineError::Input(format!(
                "a spike at {ms} ms: times must be above 0 ms, and below 35 years"
            )));
        }
        let step = self.tics;
        let tics = (ms * TICS_A_MS) as i64;
        let before = tics - tics % step;
        let in_ms = before as f64 * (1.0 / step as f64) * self.dt();
        let stamp = if in_ms < ms { before + step } else { before };
        Ok((stamp / step) as u64)
    }

    fn whole_tics(self, ms: f64) -> Result<i64, EngineError> {
        let tics = ms * TICS_A_MS + 0.5;
        match (0.0..MOST_TICS).contains(&tics) {
            true => Ok(tics as i64),
            false => Err(EngineError::Grid(format!(
                "{ms} ms is no time of a simulation: from 0 to 35 years"
            ))),
        }
    }
}
