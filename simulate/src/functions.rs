//! Functions of the user's that a network names.
//!
//! Owns what is asked of them. In Python they are registered by decorators; a run without Python has none.

/// What works out weights, delays and spikes that a network leaves to functions.
pub trait Functions {
    /// The weights of all edges of a type, in the order of the file, by the function that the column
    /// `weight_function` names. In pA, or mV in `iaf_psc_delta` and `izhikevich`.
    ///
    /// # Errors
    /// Why there are none, in words.
    fn weights(&self, edges: &str, type_id: u64, name: &str) -> Result<Vec<f64>, String>;

    /// The delays of all edges of a type in ms, by the function that the column `delay_function` names.
    ///
    /// # Errors
    /// Why there are none, in words.
    fn delays(&self, edges: &str, type_id: u64, name: &str) -> Result<Vec<f64>, String>;

    /// The times of the spikes of virtual cells in ms, a list for each of their ids.
    ///
    /// # Errors
    /// Why there are none, in words.
    fn spikes(&self, nodes: &str, ids: &[u64], name: &str) -> Result<Vec<Vec<f64>>, String>;
}

/// Functions that every run has by BMTK's names: weight × `nsyns`, as without a function.
pub(crate) const PLAIN_WEIGHTS: [&str; 3] = ["default_weight_fnc", "set_syn_weight", "wmax"];

/// No functions: every name is unknown.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFunctions;

impl Functions for NoFunctions {
    fn weights(&self, _: &str, _: u64, name: &str) -> Result<Vec<f64>, String> {
        Err(unknown(name, "synaptic_weight"))
    }

    fn delays(&self, _: &str, _: u64, name: &str) -> Result<Vec<f64>, String> {
        Err(unknown(name, "synaptic_delay"))
    }

    fn spikes(&self, _: &str, _: &[u64], name: &str) -> Result<Vec<Vec<f64>>, String> {
        Err(unknown(name, "spikes_generator"))
    }
}

fn unknown(name: &str, decorator: &str) -> String {
    let name: String = name.chars().take(100).collect();
    format!(
        "{name:?} is a function in Python: run the configuration by blendtorch.simulate.pointnet, with the \
         function registered by @{decorator}"
    )
}
