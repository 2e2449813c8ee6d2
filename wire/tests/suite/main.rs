//! The codec, by what is documented, what comes back and what lies.
//!
//! One program of all, since each is linked anew: `cargo test -p blendtorch-wire --test suite MODULE` runs one
//! file's tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod documented;
mod malformed;
mod not_sent;
mod round_trip;
