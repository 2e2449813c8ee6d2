//! Animations to disk over a fleet of Blenders.
//!
//! Owns the way from arrays to files ([`write`](crate::write)); it must never depend on Python or bpy.

pub mod write;
