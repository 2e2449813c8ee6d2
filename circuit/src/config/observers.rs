//! The modules of reports: which there are, their keys, and which engines have them.
//!
//! Owns the table alone.

use super::Engines;
use super::keys::{Key, Shape, key};

/// A kind of report.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ReportModule {
    /// The `module`.
    pub module: &'static str,
    /// Other names of it.
    pub also: &'static [&'static str],
    /// Its keys, besides those of all reports.
    pub keys: &'static [Key],
    /// The keys without which it is nothing.
    pub needs: &'static [&'static str],
    /// The engines that have it.
    pub engines: Engines,
}

const B: Engines = Engines::BIONET;
const P: Engines = Engines::POINTNET;
const CELLS: Engines = Engines::CELLS;

/// Keys of all reports.
pub const COMMON: &[Key] = &[
    key("module", Shape::Text),
    key("enabled", Shape::Flag).default("true"),
    key("cells", Shape::NodeSet)
        .also(&["node_set"])
        .default("all"),
    key("file_name", Shape::Text).default("the block's name with .h5"),
    key("format", Shape::Any).of(Engines::NONE),
    key("type", Shape::Text).of(Engines::NONE),
];

const MEMBRANE: &[Key] = &[
    key("variable_name", Shape::Texts)
        .also(&["input_type", "variable_names"])
        .of(CELLS),
    key("sections", Shape::Texts).default("all").of(B),
    key("dt", Shape::Positive)
        .also(&["interval"])
        .unit("ms")
        .default("run.dt"),
    key("start_time", Shape::NotNegative)
        .also(&["tstart"])
        .unit("ms")
        .default("run.tstart"),
    key("end_time", Shape::NotNegative)
        .also(&["tstop"])
        .unit("ms")
        .default("run.tstop"),
    key("unit", Shape::Text).also(&["units"]),
    key("transform", Shape::Any).of(B),
    key("buffer", Shape::Flag).also(&["buffer_data"]).of(B),
    key("to_h5", Shape::Flag).default("true").of(P),
    key("delete_dat", Shape::Flag).of(P),
    key("tmp_dir", Shape::Text).of(Engines::NONE),
    key("compartments", Shape::Any).of(Engines::NONE),
    key("scaling", Shape::Any).of(Engines::NONE),
    key("syn_type", Shape::Text).default("Exp2Syn").of(B),
];

const WEIGHTS: &[Key] = &[
    key("nest_model", Shape::Text).of(P),
    key("model_template", Shape::Text).of(P),
    key("recorder_properties", Shape::Object).of(P),
    key("clean_temp_file", Shape::Flag).of(P),
    key("output_dir", Shape::Text).of(P),
    key("variable_name", Shape::Texts)
        .also(&["input_type"])
        .of(Engines::NONE),
];

const EXTRACELLULAR: &[Key] = &[
    key("variable_name", Shape::Texts)
        .also(&["input_type"])
        .of(B),
    key("electrode_positions", Shape::Path).of(B),
    key("electrode_channels", Shape::Any).default("all").of(B),
    key("contributions_dir", Shape::Text).of(B),
    key("file_name_nwb", Shape::Text).of(B),
    key("cell_bounds", Shape::Numbers).of(B),
    key("minimum_distance", Shape::Any).of(B),
];

const SYNAPSES: &[Key] = &[
    key("network_dir", Shape::Text).of(B),
    key("single_file", Shape::Flag).of(B),
];

const CLAMP: &[Key] = &[
    key("variable_name", Shape::Text)
        .also(&["input_type"])
        .of(B),
    key("buffer_data", Shape::Flag).of(B),
];

const SPIKES: &[Key] = &[
    key("spikes_file", Shape::WrittenEach),
    key("spikes_file_csv", Shape::WrittenEach),
    key("spikes_file_nwb", Shape::WrittenEach),
    key("spikes_sort_order", Shape::Word(super::keys::ORDERS)),
    key("compression", Shape::Any),
    key("cache_to_disk", Shape::Flag),
    key("tmp_dir", Shape::Text),
];

const fn module(name: &'static str, keys: &'static [Key], engines: Engines) -> ReportModule {
    ReportModule {
        module: name,
        also: &[],
        keys,
        needs: &[],
        engines,
    }
}

impl ReportModule {
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

/// All modules of reports. `syn_report` and `syn_weight` are the guide's names of what the code has as
/// `netcon_report` and `weight_recorder`.
pub const REPORTS: &[ReportModule] = &[
    module("membrane_report", MEMBRANE, CELLS)
        .also(&["multimeter_report", "multimeter"])
        .needs(&["variable_name"]),
    module("netcon_report", MEMBRANE, B)
        .also(&["syn_report"])
        .needs(&["variable_name"]),
    module("weight_recorder", WEIGHTS, P).also(&["syn_weight"]),
    module("extracellular", EXTRACELLULAR, B).needs(&["electrode_positions"]),
    module("save_synapses", SYNAPSES, B)
        .also(&["SaveSynapses"])
        .needs(&["network_dir"]),
    module("clamp_report", CLAMP, B).needs(&["variable_name"]),
    module("SEClamp", CLAMP, B),
    module("spikes_report", SPIKES, CELLS),
];
