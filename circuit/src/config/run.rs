//! The sections `run` and `conditions`.
//!
//! Owns their meaning: times in ms, and what counts where something is absent.

use serde_json::{Map, Value};

use super::keys::{CONDITIONS, RUN};
use super::section::{Check, Place};

/// How long and how finely is simulated.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Run {
    /// Start in ms; 0 where absent. BMTK's BioNet and PointNet ignore it.
    pub tstart: f64,
    /// End in ms. It is `tstart` + `duration` where that is given, as BMTK's PointNet prefers it.
    /// `None` where there is no section `run`, as in the configuration of a network alone.
    pub tstop: Option<f64>,
    /// Time step in ms; 0.1 where absent.
    pub dt: f64,
    /// Longest segment in um (BioNet).
    pub dl: Option<f64>,
    /// Spike threshold of conductance-based cells in mV (BioNet).
    pub spike_threshold: Option<f64>,
    /// Steps between writes (BioNet).
    pub nsteps_block: Option<u64>,
    /// Seed.
    pub random_seed: Option<u64>,
    /// Threads; `None` where absent.
    pub n_thread: Option<u64>,
    /// How often the time is simulated, one after another; 1 where absent.
    pub n_runs: u64,
    /// Whether input spikes keep their own time within a step; true where absent.
    pub precise_times: bool,
    /// Whether input spikes off the grid are allowed; false where absent.
    pub allow_offgrid_spikes: bool,
    /// Whether the time is shown while it runs.
    pub print_time: Option<bool>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            tstart: 0.0,
            tstop: None,
            dt: 0.1,
            dl: None,
            spike_threshold: None,
            nsteps_block: None,
            random_seed: None,
            n_thread: None,
            n_runs: 1,
            precise_times: true,
            allow_offgrid_spikes: false,
            print_time: None,
        }
    }
}

impl Run {
    pub(super) fn read(
        object: &Map<String, Value>,
        place: &Place<'_>,
        check: &mut Check<'_>,
    ) -> Self {
        let fields = check.fields(object, &[RUN], place);
        let tstart = fields.number("tstart").unwrap_or(0.0);
        let (end, duration) = (fields.number("tstop"), fields.number("duration"));
        let by_duration = duration.map(|duration| tstart + duration);
        if let (Some(end), Some(other)) = (end, by_duration)
            && end != other
        {
            let text = format!(
                "ends at {other} ms, and tstop is {end}; leave one (BMTK's PointNet takes the duration)"
            );
            check.error(place, "duration", text);
        }
        let tstop = by_duration.or(end);
        match tstop {
            Some(tstop) if tstop <= tstart => {
                let text = format!("{tstop} ms is not after the start at {tstart} ms");
                check.error(place, fields.spelling("tstop"), text);
            }
            None if !fields.has("tstop") && !fields.has("duration") => {
                check.error(
                    place,
                    "tstop",
                    "is missing; give the end of the simulation in ms",
                );
            }
            _ => {}
        }
        if !fields.has("dt") {
            let text =
                "is missing: 0.1 ms counts, as for BMTK's BioNet; its PointNet refuses such a run";
            check.warning(place, "dt", text);
        }
        Self {
            tstart,
            tstop,
            dt: fields.number("dt").unwrap_or(0.1),
            dl: fields.number("dL"),
            spike_threshold: fields.number("spike_threshold"),
            nsteps_block: fields.whole("nsteps_block"),
            random_seed: fields.whole("random_seed"),
            n_thread: fields.whole("n_thread"),
            n_runs: fields.whole("n_runs").unwrap_or(1),
            precise_times: fields.flag("precise_times").unwrap_or(true),
            allow_offgrid_spikes: fields.flag("allow_offgrid_spikes").unwrap_or(false),
            print_time: fields.flag("print_time"),
        }
    }
}

/// Conditions of the tissue (BioNet).
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Conditions {
    /// Voltage at the start in mV.
    pub v_init: Option<f64>,
    /// Temperature in degrees Celsius.
    pub celsius: Option<f64>,
}

impl Conditions {
    pub(super) fn read(
        object: &Map<String, Value>,
        place: &Place<'_>,
        check: &mut Check<'_>,
    ) -> Self {
        let fields = check.fields(object, &[CONDITIONS], place);
        Self {
            v_init: fields.number("v_init"),
            celsius: fields.number("celsius"),
        }
    }
}
