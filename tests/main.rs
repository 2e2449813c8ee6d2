//! End-to-end tests in Rust, a module for each room.
//!
//! `cargo test -p blendtorch-tests --test rooms launcher::` runs those of one.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod blender {
    mod scenes;
}
mod btt {
    mod stream;
}
mod cli {
    mod doctor;
}
mod launcher {
    mod program;
}
mod wire {
    mod zeromq;
}
