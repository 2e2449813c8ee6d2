//! camera.
