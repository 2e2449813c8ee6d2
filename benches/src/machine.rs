//! Where it was measured: out/machine.json, and a line above the table.

use anyhow::Result;
use serde::Serialize;
use std::fmt;

/// Goals are for this many cores; with fewer they are told and not judged.
const CORES: usize = 4;

/// The machine, and how it was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) cpu: String,
    pub(crate) kernel: String,
    pub(crate) memory_gb: f64,
    /// How often each case was run.
    pub(crate) rounds: usize,
    /// Whether it was a smoke test, whose numbers say little.
    pub(crate) quick: bool,
}

impl Machine {
    pub(crate) fn new(rounds: usize, quick: bool) -> Result<Self> {
        let kilobytes = field("/proc/meminfo", "MemTotal")
            .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            cpu: field("/proc/cpuinfo", "model name").unwrap_or_default(),
            kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")?
                .trim()
                .to_owned(),
            memory_gb: kilobytes.unwrap_or_default() * 1024.0 / 1e9,
            rounds,
            quick,
        })
    }

    /// Whether what it measures can be held against the goals.
    pub(crate) fn can_judge(&self) -> bool {
        self.cores >= CORES && !self.quick
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cores,
            cpu,
            kernel,
            memory_gb,
            rounds,
            ..
        } = self;
        write!(
            f,
            "{cores} cores, {cpu}, {memory_gb:.0} GB, Linux {kernel}; {rounds} rounds"
        )?;
        if !self.can_judge() {
            write!(
                f,
                "\ngoals are not judged: they are for {CORES} free cores and a full run"
            )?;
        }
        Ok(())
    }
}

/// A line "name : value" of a file of the kernel's.
pub(crate) fn field(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    })
}
