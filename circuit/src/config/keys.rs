//! What the keys of a configuration are: their names in every spelling, what their values must be,
//! their units, their defaults and the engines that heed them.
//!
//! Owns the form of such a key and the tables of the sections `run`, `conditions`, `output` and of the
//! top level; those of inputs and reports stand beside their modules. It checks nothing.
//!
//! Sources: the SONATA developer guide, BMTK's guide, and the code of BMTK 1.2.0 where the two differ
//! from it. Keys that only Blue Brain's simulator heeds are known, so that a configuration of theirs is
//! read without a word about each; no engine here heeds them.

use super::Engines;

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Shape {
    /// A number.
    Number,
    /// A number above 0.
    Positive,
    /// A number of 0 or more.
    NotNegative,
    /// A whole number of at least so much.
    Whole(u64),
    /// `true` or `false`.
    Flag,
    /// Text.
    Text,
    /// One of these words, in any case.
    Word(&'static [&'static str]),
    /// The path of a file or folder that is read, from the configuration's folder on.
    Path,
    /// One such path or a list of them.
    Paths,
    /// The path of a file that is written, from the output folder on; `false` and `"none"` are none.
    Written,
    /// One such path or a list of them.
    WrittenEach,
    /// A number or a list of numbers.
    Numbers,
    /// Text or a list of texts.
    Texts,
    /// The name of a node set, a list, or an object that describes one.
    NodeSet,
    /// An object.
    Object,
    /// A list.
    List,
    /// Anything.
    Any,
}

/// A key of a configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Key {
    /// Its name in SONATA, or in BMTK's code where SONATA has none.
    pub name: &'static str,
    /// Other spellings that are understood.
    pub also: &'static [&'static str],
    /// What its value must be.
    pub shape: Shape,
    /// The unit of its value; may be empty.
    pub unit: &'static str,
    /// What counts where it is absent, in words; empty where it is needed or nothing counts.
    pub default: &'static str,
    /// The engines that heed it.
    pub engines: Engines,
}

/// A key that all engines heed.
pub(super) const fn key(name: &'static str, shape: Shape) -> Key {
    Key {
        name,
        also: &[],
        shape,
        unit: "",
        default: "",
        engines: Engines::ALL,
    }
}

impl Key {
    pub(super) const fn also(mut self, names: &'static [&'static str]) -> Self {
        self.also = names;
        self
    }

    pub(super) const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    pub(super) const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    pub(super) const fn of(mut self, engines: Engines) -> Self {
        self.engines = engines;
        self
    }

    /// Its names in all spellings.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.also.iter().copied())
    }
}

const B: Engines = Engines::BIONET;
const P: Engines = Engines::POINTNET;
const CELLS: Engines = Engines::CELLS;
const NONE: Engines = Engines::NONE;

/// The sections.
pub const TOP: &[Key] = &[
    key("manifest", Shape::Object),
    key("network", Shape::Text),
    key("simulation", Shape::Text),
    key("run", Shape::Object),
    key("conditions", Shape::Object),
    key("target_simulator", Shape::Text),
    key("target_simulator_version", Shape::Any).of(NONE),
    key("components", Shape::Object),
    key("networks", Shape::Object),
    key("node_sets", Shape::Object),
    key("node_sets_file", Shape::Path),
    key("inputs", Shape::Object),
    key("reports", Shape::Object),
    key("output", Shape::Object),
    key("config_path", Shape::Text),
    key("config_dir", Shape::Text),
    key("gid_mapping_file", Shape::Any).of(NONE),
    key("version", Shape::Any).of(NONE),
    key("metadata", Shape::Any).of(NONE),
    key("connection_overrides", Shape::Any).of(NONE),
    key("beta_features", Shape::Any).of(NONE),
];

/// The section `run`.
pub const RUN: &[Key] = &[
    key("tstart", Shape::NotNegative).unit("ms").default("0"),
    key("tstop", Shape::NotNegative).unit("ms"),
    key("duration", Shape::Positive)
        .unit("ms")
        .default("tstop - tstart"),
    key("dt", Shape::Positive).unit("ms").default("0.1"),
    key("dL", Shape::Positive).unit("um").default("20").of(B),
    key("spike_threshold", Shape::Number)
        .unit("mV")
        .default("-15")
        .of(B),
    key("nsteps_block", Shape::Whole(1))
        .also(&["tsteps_block"])
        .unit("steps")
        .of(B),
    key("block_run", Shape::Flag).of(NONE),
    key("block_size", Shape::Whole(1)).of(NONE),
    key("random_seed", Shape::Whole(0)).of(NONE),
    key("n_thread", Shape::Whole(1))
        .also(&["n_threads"])
        .default("1")
        .of(P),
    key("n_runs", Shape::Whole(1)).default("1").of(P),
    key("precise_times", Shape::Flag).default("true").of(P),
    key("allow_offgrid_spikes", Shape::Flag)
        .default("false")
        .of(P),
    key("print_time", Shape::Flag).of(P),
    key("overwrite_output_dir", Shape::Flag).of(NONE),
    key("activation_function", Shape::Any).of(Engines::POPNET),
    key("integration_method", Shape::Any).of(NONE),
    key("stimulus_seed", Shape::Any).of(NONE),
    key("ionchannel_seed", Shape::Any).of(NONE),
    key("minis_seed", Shape::Any).of(NONE),
    key("synapse_seed", Shape::Any).of(NONE),
    key("electrodes_file", Shape::Any).of(NONE),
];

/// The section `conditions`.
pub const CONDITIONS: &[Key] = &[
    key("v_init", Shape::Number).unit("mV").of(B),
    key("celsius", Shape::Number).unit("degrees Celsius").of(B),
    key("jitter_lower", Shape::Number).of(Engines::FILTERNET),
    key("jitter_upper", Shape::Number).of(Engines::FILTERNET),
    key("spike_location", Shape::Any).of(NONE),
    key("extracellular_calcium", Shape::Any).of(NONE),
    key("randomize_gaba_rise_time", Shape::Any).of(NONE),
    key("mechanisms", Shape::Any).of(NONE),
    key("modifications", Shape::Any).of(NONE),
];

/// The order of spikes in a file, in all words for it.
pub(super) const ORDERS: &[&str] = &[
    "none", "na", "n/a", "unknown", "by_time", "time", "by_id", "id", "node_id", "gid",
];

const LEVELS: &[&str] = &[
    "DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "NOTSET",
];

/// The section `output`.
pub const OUTPUT: &[Key] = &[
    key("output_dir", Shape::Text).default("."),
    key("overwrite_output_dir", Shape::Flag).default("true"),
    key("log_file", Shape::Written).default("none"),
    key("log_level", Shape::Word(LEVELS)).default("DEBUG"),
    key("log_format", Shape::Text).default("%(asctime)s [%(levelname)s] %(message)s"),
    key("log_to_console", Shape::Flag).default("true"),
    key("quiet_simulator", Shape::Flag).default("false"),
    key("spikes_file", Shape::WrittenEach)
        .also(&["spikes_h5"])
        .default("none"),
    key("spikes_file_csv", Shape::WrittenEach)
        .also(&["spikes_csv"])
        .default("none"),
    key("spikes_file_nwb", Shape::WrittenEach)
        .also(&["spikes_nwb"])
        .default("none"),
    key("spikes_sort_order", Shape::Word(ORDERS))
        .also(&["sort_by"])
        .default("none"),
    key("compression", Shape::Any).default("none"),
    key("cache_to_disk", Shape::Flag).of(CELLS),
    key("rates_csv", Shape::Written).of(Engines::FILTERNET),
    key("rates_h5", Shape::Written).of(Engines::FILTERNET),
    key("rates_file", Shape::Written).of(Engines::POPNET),
    key("rates_file_csv", Shape::Written).of(Engines::POPNET),
    key("rates_file_h5", Shape::Written).of(Engines::POPNET),
    key("cells", Shape::NodeSet).of(Engines::POPNET),
    key("include_columns", Shape::Texts).of(Engines::POPNET),
];

/// The section `components`.
pub const COMPONENTS: &[Key] = &[
    key("biophysical_neuron_models_dir", Shape::Path).of(B),
    key("point_neuron_models_dir", Shape::Path).of(CELLS),
    key("filter_models_dir", Shape::Path)
        .also(&["filters_dir"])
        .of(Engines::FILTERNET),
    key("morphologies_dir", Shape::Path)
        .also(&["morphologies"])
        .of(B),
    key("synaptic_models_dir", Shape::Path).also(&["synpatic_models_dir"]),
    key("mechanisms_dir", Shape::Path).of(B),
    key("templates_dir", Shape::Path).of(B),
    key("population_models_dir", Shape::Path).of(Engines::POPNET),
    key("custom_neuron_models", Shape::Path).of(CELLS),
    key("nest_modules", Shape::Texts).of(P),
    key("__pycache___dir", Shape::Any).of(NONE),
    key("alternate_morphologies", Shape::Any).of(NONE),
    key("provenance", Shape::Any).of(NONE),
    key("vasculature_file", Shape::Any).of(NONE),
    key("vasculature_mesh", Shape::Any).of(NONE),
    key("end_feet_area", Shape::Any).of(NONE),
    key("spine_morphologies_dir", Shape::Any).of(NONE),
];

/// The section `networks`.
pub const NETWORKS: &[Key] = &[
    key("nodes", Shape::List),
    key("edges", Shape::List),
    key("gap_juncs", Shape::List).of(B),
];

/// An entry of `networks.nodes`.
pub const NODES: &[Key] = &[
    key("nodes_file", Shape::Path),
    key("node_types_file", Shape::Path),
    key("enabled", Shape::Flag).default("true"),
    key("populations", Shape::Any).of(NONE),
];

/// An entry of `networks.edges`.
pub const EDGES: &[Key] = &[
    key("edges_file", Shape::Path),
    key("edge_types_file", Shape::Path),
    key("enabled", Shape::Flag).default("true"),
    key("populations", Shape::Any).of(NONE),
    key("target", Shape::Any).of(NONE),
    key("source", Shape::Any).of(NONE),
];

/// An entry of `networks.gap_juncs`.
pub const GAP_JUNCTIONS: &[Key] = &[
    key("gap_juncs_file", Shape::Path).of(B),
    key("enabled", Shape::Flag).of(B),
];
