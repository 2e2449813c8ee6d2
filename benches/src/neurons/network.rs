//! The networks: the golden network `b_ei_exp` made larger, with each model.
//!
//! Four excitatory cells to one inhibitory, some 51 edges a cell from random ones and 5 from sources
//! that spike by chance; delays from 0.1 ms. Weights are such that the cells of every model spike some
//! 60 times a second. The seed is fixed: a network is the same in every run.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

/// dt of all networks, in ms.
pub(crate) const DT: f64 = 0.1;

/// A network in plain words.
pub(crate) struct Network {
    pub(crate) name: &'static str,
    pub(crate) model: &'static str,
    /// Parameters of excitatory and inhibitory cells.
    pub(crate) parameters: [Value; 2],
    pub(crate) cells: u32,
    pub(crate) sources: u32,
    /// (source, target, weight, delay in ms, receptor), sorted by target.
    pub(crate) edges: Vec<(u32, u32, f64, f64, u32)>,
    /// (source, ms), sorted.
    pub(crate) spikes: Vec<(u32, f64)>,
}

impl Network {
    /// Excitatory cells come first.
    pub(crate) fn excitatory(&self) -> u32 {
        self.cells / 5 * 4
    }
}

/// What differs between the models.
struct Recipe {
    name: &'static str,
    model: &'static str,
    parameters: [Value; 2],
    /// Mean weights of edges from excitatory and inhibitory cells and from sources.
    weights: [f64; 3],
    /// Spikes of a source in a second.
    rate: f64,
}

fn recipes() -> Vec<Recipe> {
    let leaky = |synapses: bool, current: [f64; 2]| {
        let mut cells = [
            json!({"C_m": 250.0, "tau_m": 10.0, "E_L": -70.0, "V_th": -55.0, "V_reset": -70.0,
                "V_m": -70.0, "t_ref": 2.0, "I_e": current[0]}),
            json!({"C_m": 200.0, "tau_m": 8.0, "E_L": -70.0, "V_th": -52.0, "V_reset": -65.0,
                "V_m": -68.0, "t_ref": 1.0, "I_e": current[1]}),
        ];
        if synapses {
            for (cell, [ex, inh]) in cells.iter_mut().zip([[2.0, 5.0], [1.0, 3.0]]) {
                cell["tau_syn_ex"] = json!(ex);
                cell["tau_syn_in"] = json!(inh);
            }
        }
        cells
    };
    let izhikevich = |consistent: bool, current: f64| {
        [[0.02, 8.0], [0.1, 2.0]].map(|[a, d]| {
            json!({"a": a, "b": 0.2, "c": -65.0, "d": d, "V_th": 30.0, "I_e": current,
                "consistent_integration": consistent})
        })
    };
    let glif = |mechanisms: [bool; 3]| {
        let cell = json!({"V_m": -75.0, "E_L": -75.0, "V_th": -48.0, "g": 9.0, "C_m": 65.0,
            "t_ref": 3.0, "V_reset": -75.0, "tau_syn": [5.5, 2.8],
            "spike_dependent_threshold": mechanisms[0], "after_spike_currents": mechanisms[1],
            "adapting_threshold": mechanisms[2], "asc_init": [0.0, 0.0], "asc_decay": [0.003, 0.1],
            "asc_amps": [-9.0, -50.0], "asc_r": [1.0, 1.0], "th_spike_add": 0.5,
            "th_spike_decay": 0.01, "voltage_reset_fraction": 0.2, "voltage_reset_add": 18.0,
            "th_voltage_index": 0.005, "th_voltage_decay": 0.09});
        [cell.clone(), cell]
    };
    let recipe = |name, model, parameters, weights, rate| Recipe {
        name,
        model,
        parameters,
        weights,
        rate,
    };
    vec![
        recipe(
            "exp",
            "iaf_psc_exp",
            leaky(true, [350.0, 250.0]),
            [29.0, -61.0, 120.0],
            29.0,
        ),
        recipe(
            "alpha",
            "iaf_psc_alpha",
            leaky(true, [350.0, 250.0]),
            [10.7, -22.0, 44.0],
            29.0,
        ),
        recipe(
            "delta",
            "iaf_psc_delta",
            leaky(false, [350.0, 250.0]),
            [0.23, -1.2, 0.96],
            29.0,
        ),
        recipe(
            "izhikevich",
            "izhikevich",
            izhikevich(true, 20.0),
            [0.3, -0.6, 1.0],
            29.0,
        ),
        recipe(
            "izhikevich-published",
            "izhikevich",
            izhikevich(false, 20.0),
            [3.0, -6.0, 10.0],
            29.0,
        ),
        recipe(
            "glif-lif",
            "glif_psc",
            glif([false; 3]),
            [1.0, -6.0, 50.0],
            50.0,
        ),
        recipe(
            "glif-lif-r-asc-a",
            "glif_psc",
            glif([true; 3]),
            [1.0, -6.0, 65.0],
            110.0,
        ),
    ]
}

/// The names of all networks.
pub(crate) fn names() -> Vec<&'static str> {
    recipes().iter().map(|recipe| recipe.name).collect()
}

/// One of them, with so many cells and the spikes of so many ms.
pub(crate) fn make(name: &str, cells: u32, ms: f64) -> Option<Network> {
    let recipe = recipes().into_iter().find(|recipe| recipe.name == name)?;
    let sources = cells.div_ceil(6);
    let mut random = StdRng::seed_from_u64(16);
    let mut network = Network {
        name: recipe.name,
        model: recipe.model,
        parameters: recipe.parameters.clone(),
        cells,
        sources,
        edges: Vec::new(),
        spikes: Vec::new(),
    };
    let excitatory = network.excitatory();
    for target in 0..cells {
        let [from_ex, from_inh] = if target < excitatory {
            [40, 12]
        } else {
            [25, 13]
        };
        for (origin, number) in [from_ex, from_inh, 5].into_iter().enumerate() {
            for _ in 0..number {
                let edge = edge(
                    &mut random,
                    &recipe,
                    [excitatory, cells, sources],
                    target,
                    origin,
                );
                network.edges.push(edge);
            }
        }
    }
    for source in 0..sources {
        let mut time = 0.0;
        loop {
            // The time to the next is as chance has it: exponential.
            time += -1000.0 / recipe.rate * (1.0 - random.random::<f64>()).ln();
            if time >= ms {
                break;
            }
            network.spikes.push((cells + source, time.max(0.001)));
        }
    }
    Some(network)
}

fn edge(
    random: &mut StdRng,
    recipe: &Recipe,
    [excitatory, cells, sources]: [u32; 3],
    target: u32,
    origin: usize,
) -> (u32, u32, f64, f64, u32) {
    let spread = (random.random::<f64>() - 0.5) * 1.2;
    let (source, ms) = match origin {
        0 => (
            random.random_range(0..excitatory),
            random.random_range(0.5..3.0),
        ),
        1 => (
            random.random_range(excitatory..cells),
            random.random_range(0.1..1.5),
        ),
        _ => (cells + random.random_range(0..sources), 1.0),
    };
    let weight = match origin {
        2 => recipe.weights[2],
        _ => recipe.weights[origin] * (1.0 + spread),
    };
    let receptor = match recipe.model {
        "glif_psc" => 1 + u32::from(origin == 1),
        _ => 0,
    };
    // To a tenth of a ms, as distances give them.
    (
        source,
        target,
        weight,
        (ms * 10.0_f64).round() / 10.0,
        receptor,
    )
}
