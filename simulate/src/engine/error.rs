//! What can be wrong with a network that is being put together, or with a question about it.

use thiserror::Error;

/// Why the engine refuses something. The texts have the numbers and the remedy.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A step of time that is no whole number of µs, or a time that is no whole number of steps.
    #[error("{0}")]
    Grid(String),
    /// A cell, source, probe or clamp that is not there.
    #[error("there is no {what} {index}; there are {known}")]
    Index {
        /// What was asked for.
        what: &'static str,
        /// Its index.
        index: u64,
        /// How many there are.
        known: u64,
    },
    /// An edge that cannot be.
    #[error("edge from {origin} to {target}: {text}")]
    Edge {
        /// Index of the source.
        origin: u32,
        /// Index of the target.
        target: u32,
        /// What is wrong.
        text: String,
    },
    /// A spike train or an injected current that cannot be.
    #[error("{0}")]
    Input(String),
    /// A name that the cell's model does not record.
    #[error("{kind} has no variable \"{name}\" to record; it has {known}")]
    Variable {
        /// The model.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A parameter that its model refuses.
    #[error(transparent)]
    Parameter(#[from] crate::models::ParameterError),
    /// A call that comes too early or too late.
    #[error("{0}")]
    Order(&'static str),
    /// More than fits.
    #[error("{0}")]
    Size(String),
}
