//! Where it was done, and how busy that was.

use anyhow::Result;
use serde::Serialize;

/// The machine.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) cpu: String,
    pub(crate) kernel: String,
    /// How many wanted a core in the minute before.
    pub(crate) load: f64,
}

impl Machine {
    pub(crate) fn now() -> Result<Self> {
        let cpus = std::fs::read_to_string("/proc/cpuinfo")?;
        let model = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name"));
        let cpu = model.and_then(|line| line.split_once(':'));
        let load = std::fs::read_to_string("/proc/loadavg")?;
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            cpu: cpu.map_or_else(String::new, |(_, name)| name.trim().to_owned()),
            kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")?
                .trim()
                .to_owned(),
            load: load.split(' ').next().unwrap_or_default().parse()?,
        })
    }

    /// Whether at most half of the cores were wanted by others.
    pub(crate) fn is_quiet(&self) -> bool {
        self.load <= self.cores as f64 / 2.0
    }
}
