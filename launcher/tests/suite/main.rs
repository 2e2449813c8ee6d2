//! What the launcher promises, with real processes; the "Blender" of these tests is a stand-in.
//!
//! One program of all, since each is linked anew: `cargo test -p blendtorch-launcher --test suite MODULE` runs one
//! file's tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod ends;
mod messages;
mod reports;
mod restarts;
mod support;
mod windows;
