//! What a process has used, as the kernel counts it.

use anyhow::{Context, Result};
use std::fs;
use std::time::Instant;

/// What a process has used by now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    at: Instant,
    user: f64,
    system: f64,
    /// Of all its threads.
    switches: u64,
    pub(crate) megabytes: f64,
    pub(crate) peak_megabytes: f64,
    pub(crate) threads: usize,
    pub(crate) files: usize,
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name in parentheses may hold anything.
        let (_, rest) = stat.rsplit_once(") ").context("no stat")?;
        let words: Vec<_> = rest.split(' ').collect();
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        let seconds = |i: usize| -> Result<f64> { Ok(words[i].parse::<f64>()? / ticks) };
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let tasks: Vec<_> = fs::read_dir(format!("/proc/{pid}/task"))?
            .flatten()
            .collect();
        let switches = tasks.iter().map(|task| {
            // A thread may have ended meanwhile.
            let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
            number(&status, "voluntary_ctxt_switches")
                + number(&status, "nonvoluntary_ctxt_switches")
        });
        Ok(Self {
            at: Instant::now(),
            user: seconds(11)?,
            system: seconds(12)?,
            switches: switches.sum(),
            megabytes: number(&status, "VmRSS") as f64 * 1024.0 / 1e6,
            peak_megabytes: number(&status, "VmHWM") as f64 * 1024.0 / 1e6,
            threads: tasks.len(),
            files: fs::read_dir(format!("/proc/{pid}/fd"))?.count(),
        })
    }

    /// Since an earlier moment: cores in all, those of them in the kernel, switches a second.
    pub(crate) fn since(&self, before: &Self) -> (f64, f64, f64) {
        let seconds = (self.at - before.at).as_secs_f64();
        let system = (self.system - before.system) / seconds;
        let cores = (self.user - before.user) / seconds + system;
        let switches = self.switches.saturating_sub(before.switches) as f64 / seconds;
        (cores, system, switches)
    }
}

fn number(text: &str, name: &str) -> u64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let word = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    word.unwrap_or_default()
}
