//! The consumer side over real sockets and files.
//!
//! One program of all, since each is linked anew: `cargo test -p btt --test suite MODULE` runs one
//! file's tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod accounting;
mod convert;
mod ends;
mod epochs;
mod failures;
mod following;
mod futures;
mod in_place;
mod record;
mod record_damage;
mod record_ends;
mod record_interop;
mod stream;
mod support;
mod ways_to_end;
