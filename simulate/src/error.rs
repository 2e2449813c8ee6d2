//! What can go wrong with a simulation.

use std::path::PathBuf;

use blendtorch_circuit::CircuitError;
use thiserror::Error;

use blendtorch_live::LiveError;

use crate::engine::EngineError;

/// Why a simulation could not be run, or not to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// A file, or everything that is wrong with the configuration.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// The engine refuses the network.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The folder of the output cannot be used.
    #[error("{}: {problem}", .folder.display())]
    Output {
        /// The folder.
        folder: PathBuf,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// It cannot be published.
    #[error("it cannot be published: {0}")]
    Publish(#[from] LiveError),
    /// The picture cannot be written.
    #[error("{}: the plot cannot be written: {problem}", .file.display())]
    Plot {
        /// Its file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
}
