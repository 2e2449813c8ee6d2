//! How a fleet is watched.

use std::time::Duration;

use super::output::Output;
use crate::placement::Where;

/// How a fleet is watched.
#[derive(Debug, Clone)]
pub struct FleetOptions {
    /// What becomes of the lines the instances print.
    pub output: Output,
    /// How long an instance may take to end after SIGTERM before it is sent SIGKILL.
    pub grace: Duration,
    /// Whether what is learnt by starting a Blender is kept in the cache folder, so that it need not
    /// be started for it the next time.
    pub remember: bool,
    /// Whether an instance that ends again and again without having delivered anything has failed. Who
    /// knows better why it ends decides itself: then it is started again each time, soon.
    pub gives_up: bool,
    /// Whether other hosts get the script's text, and need not see the file.
    pub carries_script: bool,
    /// Where the instances run.
    pub place: Where,
}

impl Default for FleetOptions {
    /// Lines are forwarded; three seconds of grace; answers are kept.
    fn default() -> Self {
        Self {
            output: Output::Forward,
            grace: Duration::from_secs(3),
            remember: true,
            gives_up: true,
            carries_script: false,
            place: Where::default(),
        }
    }
}
