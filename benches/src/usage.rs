//! What a process of a case has used; the last line it prints.

use anyhow::Result;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// What a process has used.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Processor seconds.
    pub(crate) cpu: f64,
    /// Images per second, of a consumer.
    #[serde(default)]
    pub(crate) images_per_second: f64,
    /// Of the processor seconds, those in which a producer wrote the images themselves: what a
    /// renderer does. Told where the images are large enough for the clock not to count.
    #[serde(default)]
    pub(crate) fill: Option<f64>,
}

impl Usage {
    /// All that this process has used so far.
    pub(crate) fn now() -> Self {
        Self {
            cpu: clock(ClockId::ProcessCPUTime),
            ..Self::default()
        }
    }

    pub(crate) fn print(images_per_second: f64) -> Result<()> {
        tell(&Self {
            images_per_second,
            ..Self::now()
        })
    }
}

/// Prints what the bench will read.
pub(crate) fn tell(told: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(told)?);
    Ok(())
}

/// Seconds on a clock.
pub(crate) fn clock(id: ClockId) -> f64 {
    let now = clock_gettime(id);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}
