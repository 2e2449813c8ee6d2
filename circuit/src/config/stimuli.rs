//! The modules of inputs: which there are, their keys, and which engines run them.
//!
//! Owns the table alone.

use super::Engines;
use super::keys::{Key, Shape, key};

/// A kind of input: an `input_type` with a `module`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StimulusModule {
    /// The `input_type`.
    pub input_type: &'static str,
    /// The `module`.
    pub module: &'static str,
    /// Other names of the module.
    pub also: &'static [&'static str],
    /// Its keys, besides those of all inputs.
    pub keys: &'static [Key],
    /// The keys without which it is nothing.
    pub needs: &'static [&'static str],
    /// The engines that run it.
    pub engines: Engines,
}

const B: Engines = Engines::BIONET;
const P: Engines = Engines::POINTNET;
const CELLS: Engines = Engines::CELLS;
const F: Engines = Engines::FILTERNET;
const R: Engines = Engines::POPNET;

/// Keys of all inputs.
pub const COMMON: &[Key] = &[
    key("input_type", Shape::Text),
    key("module", Shape::Text),
    key("node_set", Shape::NodeSet)
        .also(&["cells"])
        .default("all"),
    key("enabled", Shape::Flag).default("true"),
];

const CLAMP: &[Key] = &[
    key("amp", Shape::Numbers)
        .unit("pA (PointNet) or nA (BioNet)")
        .of(CELLS),
    key("delay", Shape::Numbers).unit("ms").of(CELLS),
    key("duration", Shape::Numbers).unit("ms").of(CELLS),
    key("section_name", Shape::Texts).default("soma").of(B),
    key("section_index", Shape::Numbers).default("0").of(B),
    key("section_dist", Shape::Number).default("0.5").of(B),
];

const CLAMP_CSV: &[Key] = &[
    key("file", Shape::Path).also(&["input_file"]).of(CELLS),
    key("separator", Shape::Text).default(" ").of(CELLS),
    key("timestamps_column", Shape::Text)
        .also(&["timestamps_col"])
        .default("timestamps")
        .of(CELLS),
    key("amplitudes_column", Shape::Text)
        .also(&["amplitudes_col"])
        .default("amps")
        .of(CELLS),
    key("section_name", Shape::Texts).default("soma").of(B),
    key("section_index", Shape::Numbers).default("0").of(B),
    key("section_dist", Shape::Number).default("0.5").of(B),
];

const CLAMP_NWB: &[Key] = &[
    key("file", Shape::Path).also(&["input_file"]).of(CELLS),
    key("sweep_id", Shape::Any).of(CELLS),
    key("downsample", Shape::Positive).unit("ms").of(CELLS),
    key("sweep_window", Shape::Numbers).unit("ms").of(CELLS),
    key("delay", Shape::NotNegative)
        .unit("ms")
        .default("0")
        .of(CELLS),
    key("section_name", Shape::Texts).default("soma").of(B),
    key("section_index", Shape::Numbers).default("0").of(B),
    key("section_dist", Shape::Number).default("0.5").of(B),
];

const TRAINS: &[Key] = &[
    key("input_file", Shape::Paths).also(&["spikes_file", "spike_file", "file"]),
    key("population", Shape::Text).also(&["populations", "default_population"]),
    key("units", Shape::Word(&["ms", "s"])).default("the file's, else ms"),
    key("trial", Shape::Any).of(Engines::NONE),
    key("use_parrot_neurons", Shape::Flag).of(P),
];

const FUNCTION: &[Key] = &[key("spikes_function", Shape::Text).of(CELLS)];

const PROBE: &[Key] = &[
    key("input_file", Shape::Paths).of(CELLS),
    key("dandi_repo", Shape::Any).of(CELLS),
    key("mapping", Shape::Text).of(CELLS),
    key("units", Shape::Any).of(CELLS),
    key("interval", Shape::Any).of(CELLS),
    key("interval_offset", Shape::Number).of(CELLS),
    key("missing_ids", Shape::Text).of(CELLS),
    key("cache", Shape::Flag).of(CELLS),
    key("units_map", Shape::Any).of(CELLS),
];

const VOLTAGE_CLAMP: &[Key] = &[
    key("amp", Shape::Number).unit("mV").of(B),
    key("delay", Shape::NotNegative).unit("ms").of(B),
    key("duration", Shape::NotNegative).unit("ms").of(B),
    key("resistance", Shape::Positive)
        .unit("MOhm")
        .default("1")
        .of(B),
    key("vc", Shape::Number).unit("mV").default("0").of(B),
    key("section_name", Shape::Texts).default("soma").of(B),
    key("section_index", Shape::Numbers).default("0").of(B),
    key("section_dist", Shape::Number).default("0.5").of(B),
];

const XSTIM: &[Key] = &[
    key("positions_file", Shape::Path).of(B),
    key("waveform", Shape::Any).of(B),
    key("mesh_files_dir", Shape::Path).of(B),
    key("set_nrn_mechanisms", Shape::Flag).default("true").of(B),
    key("resistance", Shape::Positive)
        .unit("Ohm cm")
        .default("300")
        .of(B),
];

const COMSOL: &[Key] = &[
    key("comsol_files", Shape::Paths)
        .also(&["comsol_file"])
        .of(B),
    key("waveforms", Shape::Paths).of(B),
    key("amplitudes", Shape::Numbers).default("1").of(B),
    key("set_nrn_mechanisms", Shape::Flag).default("true").of(B),
];

const REPLAY: &[Key] = &[
    key("spikes_file", Shape::Path)
        .also(&["input_file"])
        .of(CELLS),
    key("edges", Shape::Object).of(CELLS),
    key("source_node_set", Shape::NodeSet)
        .default("all")
        .of(CELLS),
    key("target_node_set", Shape::NodeSet)
        .default("all")
        .of(CELLS),
];

const ACTIVITY: &[Key] = &[
    key("precell_filter", Shape::NodeSet).of(B),
    key("postcell_filter", Shape::NodeSet).of(B),
    key("timestamps", Shape::Any).unit("ms").of(B),
];

const MOVIE: &[Key] = &[
    key("data_file", Shape::Path).of(F),
    key("data", Shape::Any).of(F),
    key("normalize", Shape::Any).of(F),
    key("row_range", Shape::Any).of(F),
    key("col_range", Shape::Any).of(F),
    key("labels", Shape::Any).of(F),
    key("units", Shape::Any).of(F),
    key("frame_rate", Shape::Positive).unit("Hz").of(F),
    key("t_range", Shape::Any).of(F),
    key("y_dir", Shape::Any).of(F),
    key("flip_y", Shape::Flag).of(F),
    key("padding", Shape::Any).of(F),
    key("evaluation_options", Shape::Object).of(F),
    key("row_size", Shape::Whole(1)).unit("pixels").of(F),
    key("col_size", Shape::Whole(1)).unit("pixels").of(F),
    key("t_on", Shape::Number).unit("ms").of(F),
    key("t_off", Shape::Number).unit("ms").of(F),
    key("max_intensity", Shape::Number).of(F),
    key("gray_screen_dur", Shape::NotNegative)
        .also(&["gray_screen", "gray_sceen_dur"])
        .unit("ms")
        .of(F),
    key("t_looming", Shape::Number).of(F),
    key("cpd", Shape::Number).unit("cycles per degree").of(F),
    key("temporal_f", Shape::Number).unit("Hz").of(F),
    key("theta", Shape::Number).unit("degrees").of(F),
    key("phase", Shape::Number).unit("degrees").of(F),
    key("contrast", Shape::Number).of(F),
    key("degrees_per_pixel", Shape::Number).of(F),
    key("t_min", Shape::Number).of(F),
    key("t_max", Shape::Number).of(F),
    key("stim_number", Shape::Whole(0)).of(F),
    key("interp_to_freq", Shape::Any).of(F),
];

const RATES: &[Key] = &[
    key("file", Shape::Path).also(&["input_file"]).of(R),
    key("inputs_generator", Shape::Text).of(R),
    key("init_function", Shape::Text).of(R),
    key("normalize", Shape::Any).of(R),
    key("sep", Shape::Text).default(" ").of(R),
    key("index_col", Shape::Text).default("node_id").of(R),
    key("value_col", Shape::Text).default("initial_state").of(R),
    key("strict_mapping", Shape::Flag).default("false").of(R),
    key("initial_state", Shape::Any).of(R),
    key("initial_states", Shape::Any).of(R),
    key("shuffle", Shape::Flag).default("false").of(R),
    key("distribution", Shape::Text).of(R),
    key("low", Shape::Number).of(R),
    key("high", Shape::Number).of(R),
    key("mean", Shape::Number).of(R),
    key("std", Shape::Number).of(R),
    key("sigma", Shape::Number).of(R),
    key("lambda", Shape::Number).of(R),
];

const fn module(
    input_type: &'static str,
    module: &'static str,
    keys: &'static [Key],
    engines: Engines,
) -> StimulusModule {
    StimulusModule {
        input_type,
        module,
        also: &[],
        keys,
        needs: &[],
        engines,
    }
}

impl StimulusModule {
    const fn also(mut self, names: &'static [&'static str]) -> Self {
        self.also = names;
        self
    }

    const fn needs(mut self, names: &'static [&'static str]) -> Self {
        self.needs = names;
        self
    }

    /// Its names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.module).chain(self.also.iter().copied())
    }
}

/// All modules of inputs.
pub const STIMULI: &[StimulusModule] = &[
    module("current_clamp", "IClamp", CLAMP, CELLS).needs(&["amp", "delay", "duration"]),
    module("current_clamp", "csv", CLAMP_CSV, CELLS)
        .also(&["file"])
        .needs(&["file"]),
    module("current_clamp", "nwb", CLAMP_NWB, CELLS)
        .also(&["allen"])
        .needs(&["file", "sweep_id"]),
    module("spikes", "sonata", TRAINS, CELLS.and(R))
        .also(&["h5", "hdf5"])
        .needs(&["input_file"]),
    module("spikes", "csv", TRAINS, CELLS.and(R)).needs(&["input_file"]),
    module("spikes", "nwb", TRAINS, CELLS.and(R)).needs(&["input_file"]),
    module("spikes", "function", FUNCTION, CELLS).needs(&["spikes_function"]),
    module("spikes", "ecephys_probe", PROBE, CELLS),
    module("voltage_clamp", "SEClamp", VOLTAGE_CLAMP, B).needs(&["amp", "delay", "duration"]),
    module("extracellular", "xstim", XSTIM, B).needs(&["positions_file", "waveform"]),
    module("extracellular", "comsol", COMSOL, B).needs(&["comsol_files"]),
    module("replay", "replay", REPLAY, CELLS).needs(&["spikes_file", "edges"]),
    module("syn_activity", "syn_activity", ACTIVITY, B)
        .also(&["function", "list"])
        .needs(&["precell_filter", "timestamps"]),
    module("movie", "movie", MOVIE, F),
    module("movie", "grating", MOVIE, F).also(&["graiting"]),
    module("movie", "full_field_flash", MOVIE, F),
    module("movie", "spontaneous", MOVIE, F),
    module("movie", "looming", MOVIE, F),
    module("audio", "wav_file", MOVIE, F).needs(&["data_file"]),
    module("audio", "mat_file", MOVIE, F).needs(&["data_file"]),
    module("external_rates", "npy", RATES, R),
    module("external_rates", "csv", RATES, R),
    module("external_rates", "h5", RATES, R),
    module("external_rates", "function", RATES, R),
    module("init_states", "csv", RATES, R),
    module("init_states", "constant", RATES, R),
    module("init_states", "list", RATES, R),
    module("init_states", "random", RATES, R),
    module("init_states", "function", RATES, R),
];
