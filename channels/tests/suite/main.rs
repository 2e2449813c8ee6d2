//! Two-way channels, with real sockets.
//!
//! One program of all, since each is linked anew: `cargo test -p blendtorch-channels --test suite MODULE` runs one
//! file's tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod duplex;
mod env;
