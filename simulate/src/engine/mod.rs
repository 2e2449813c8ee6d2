//! The engine for networks of point neurons.
