//! What the Rust examples share: where a stream comes from, how fast it comes, how to fail.

mod rate;
mod report;
mod source;

pub use rate::Rate;
pub use report::report;
pub use source::Source;
