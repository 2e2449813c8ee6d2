//! What a user says beside the configuration.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use blendtorch_circuit::nearest;
use serde_json::Value;

/// Which engine simulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The native one where it knows every model; else it is said which is needed.
    #[default]
    Auto,
    /// Ours, for point neurons.
    Native,
}

impl Choice {
    const ALL: [(&'static str, Self); 2] = [("auto", Self::Auto), ("native", Self::Native)];
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::ALL.iter().find(|(_, choice)| choice == self);
        f.write_str(named.map_or("auto", |(name, _)| name))
    }
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, choice)| *choice).ok_or_else(|| {
            let names = Self::ALL.map(|(name, _)| name);
            let meant = match (text.to_lowercase().as_str(), nearest(text, names)) {
                ("nest" | "pointnet", _) => {
                    "; what NEST would give, \"native\" gives spike for spike".to_owned()
                }
                ("neuron" | "bionet", _) => {
                    "; cells with morphologies need BMTK's BioNet, which is not driven from here yet"
                        .to_owned()
                }
                (_, Some(name)) => format!("; did you mean \"{name}\"?"),
                _ => String::new(),
            };
            format!("there is no such engine, but {}{meant}", names.join(" and "))
        })
    }
}

/// What is simulated, and what differs from the configuration.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The SONATA configuration; the folder that it would be in where it is in `value`.
    pub config: PathBuf,
    /// A configuration that is at hand.
    pub value: Option<Value>,
    /// Other values of keys, as `run.tstop`.
    pub set: Vec<(String, Value)>,
    /// Which engine.
    pub engine: Choice,
    /// How many threads; `None` as the configuration says, else one.
    pub threads: Option<usize>,
    /// Another folder than `output.output_dir`.
    pub output_dir: Option<PathBuf>,
}
