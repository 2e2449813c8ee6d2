//! How a synaptic current moves the voltage of a leaky membrane through one step, exactly.
//!
//! Owns the two cases where the time constants are equal or nearly so. Source: Rotter and Diesmann
//! (1999), and NEST's note on the singularity of these neurons; the operations are in NEST's order.

/// The membrane and one synapse: time constants in ms, capacity in pF.
pub(crate) struct Propagator {
    pub(crate) tau_syn: f64,
    pub(crate) tau_m: f64,
    pub(crate) c_m: f64,
}

impl Propagator {
    /// From a current to the voltage: mV a pA over a step of `h` ms.
    pub(crate) fn current(&self, h: f64) -> f64 {
        let regular = self.gamma() * (-h * (1.0 / self.tau_syn)).exp() * self.growth(h);
        match regular.is_normal() && regular > 0.0 {
            true => regular,
            false => h * (1.0 / self.c_m) * (-h * (1.0 / self.tau_m)).exp(),
        }
    }

    /// From the slope of an alpha-shaped current to the voltage, likewise.
    pub(crate) fn slope(&self, h: f64) -> f64 {
        let limit = 1e-7 * self.tau_m * self.tau_m / (self.tau_m - self.tau_syn).abs();
        match h > limit {
            true => {
                self.gamma()
                    * (-h * (1.0 / self.tau_syn)).exp()
                    * (self.beta() * self.growth(h) - h)
            }
            false => 0.5 * h * h * (1.0 / self.c_m) * (-h * (1.0 / self.tau_m)).exp(),
        }
    }

    fn beta(&self) -> f64 {
        self.tau_syn * self.tau_m / (self.tau_m - self.tau_syn)
    }

    fn gamma(&self) -> f64 {
        self.beta() / self.c_m
    }

    fn growth(&self, h: f64) -> f64 {
        (h * ((self.tau_m - self.tau_syn) / (self.tau_syn * self.tau_m))).exp_m1()
    }
}
