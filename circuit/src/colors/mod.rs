//! Values as colours.
//!
//! Owns the colour maps that can be named, and how a value finds its colour. Colours are sRGB from 0 to 1
//! unless something else is said. It knows no network.

mod maps;
mod ramp;
#[cfg(test)]
mod tests;

pub use maps::{ColorError, ColorMap};
pub use ramp::{NO_VALUE, Ramp, linear};
