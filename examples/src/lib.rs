//! What the Rust examples share: where a stream comes from, what it brings and how fast, how to fail.

mod describe;
mod rate;
mod report;
mod source;

pub use describe::describe;
pub use rate::Rate;
pub use report::report;
pub use source::Source;
