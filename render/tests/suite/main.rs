//! What the writer of frames leaves on the disk, as other readers see it.
//!
//! One program of all, since each is linked anew: `cargo test -p blendtorch-render --test suite MODULE`
//! runs one file's tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod exr;
mod failures;
mod formats;
mod frames;
