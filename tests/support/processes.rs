//! Looks at processes, through `/proc`.

use rustix::process::{Pid, Signal, kill_process};
use std::time::{Duration, Instant};

/// Sends a signal to a process that is known to live.
pub fn kill(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// Polls until it is so; [`HANG`](crate::HANG) without is a failure.
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + crate::HANG;
    while !so() {
        assert!(Instant::now() < deadline, "it never came about that {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether the process has ended; one that nobody has waited for yet counts as ended.
#[must_use]
pub fn has_ended(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return true;
    };
    // The name in parentheses may hold anything; the state follows the last one.
    let state = stat.rsplit(") ").next().unwrap_or_default();
    state.starts_with(['Z', 'X'])
}

/// A mark in the environment, by which a process and all its descendants are found again, whoever
/// their parent has become.
#[derive(Debug)]
pub struct Marked {
    value: String,
}

impl Marked {
    /// Name of the variable.
    pub const VARIABLE: &str = "BLENDTORCH_TEST_MARK";

    pub(crate) fn new(unique: impl Into<String>) -> Self {
        let value = unique.into();
        Self { value }
    }

    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    /// The living processes that carry the mark.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        let entry = format!("{}={}", Self::VARIABLE, self.value).into_bytes();
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        entries
            .filter_map(|folder| folder.file_name().to_str()?.parse().ok())
            .filter(|pid: &u32| {
                let environment = std::fs::read(format!("/proc/{pid}/environ"));
                let environment = environment.unwrap_or_default();
                environment.split(|byte| *byte == 0).any(|e| e == entry) && !has_ended(*pid)
            })
            .collect()
    }
}
