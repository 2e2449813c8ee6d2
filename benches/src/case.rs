//! One case: some producers, one consumer, so many images.

use crate::roles::Usage;
use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Bytes of one image.
pub(crate) const IMAGE_BYTES: f64 = 480.0 * 640.0 * 4.0;

/// Who carries the images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// pyzmq, pickle and torch's default_collate.
    Baseline,
    /// Ours through shared memory.
    Shm,
    /// Ours through the socket.
    Inline,
    /// Ours through shared memory, consumed by `btt.DataLoader` in Python.
    ShmTorch,
}

impl Way {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Baseline => "pyzmq + pickle + default_collate",
            Self::Shm => "blendtorch shm, Rust",
            Self::Inline => "blendtorch tcp inline, Rust",
            Self::ShmTorch => "blendtorch shm, torch",
        }
    }
}

/// What one run of a case measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) images_per_second: f64,
    /// Processor seconds of all processes for a gigabyte of images.
    pub(crate) cpu_per_gb: f64,
}

/// Runs `way` once with so many producers.
pub(crate) fn run(way: Way, producers: usize, python: &Path) -> Result<Measured> {
    let per_producer = match way {
        Way::Baseline => 1200 / producers,
        Way::Inline => 3200 / producers,
        Way::Shm | Way::ShmTorch => 8000 / producers,
    };
    let addresses = free_addresses(producers)?;
    let items = per_producer.to_string();
    let mut children = Children::default();
    for address in &addresses {
        let mut command = ours_or(way == Way::Baseline, python, "producer")?;
        command.args(["--address", address, "--items", &items]);
        if way == Way::Inline {
            command.arg("--no-shm");
        }
        children.spawn(command)?;
    }
    let mut command = match way {
        Way::ShmTorch => script(python, "torch_loader.py"),
        _ => ours_or(way == Way::Baseline, python, "consumer")?,
    };
    if way == Way::Baseline {
        command.args(["--items", &(per_producer * producers).to_string()]);
    }
    command.arg("--addresses").args(&addresses);
    children.spawn(command)?;
    let usages: Vec<Usage> = children.wait()?;
    let cpu: f64 = usages.iter().map(|usage| usage.cpu).sum();
    let consumer = usages.last().context("no consumer")?;
    let images = (per_producer * producers) as f64;
    Ok(Measured {
        images_per_second: consumer.images_per_second,
        cpu_per_gb: cpu / (images * IMAGE_BYTES / 1e9),
    })
}

fn ours_or(baseline: bool, python: &Path, role: &str) -> Result<Command> {
    let mut command = match baseline {
        true => script(python, "baseline.py"),
        false => Command::new(std::env::current_exe()?),
    };
    command.arg(role);
    Ok(command)
}

pub(crate) fn script(python: &Path, name: &str) -> Command {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), name].iter().collect();
    let mut command = Command::new(python);
    command.arg(path).env("OMP_NUM_THREADS", "1");
    command
}

/// Ports that were free a moment ago.
pub(crate) fn free_addresses(count: usize) -> Result<Vec<String>> {
    let listeners = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<Vec<_>, _>>()?;
    listeners
        .iter()
        .map(|listener| Ok(format!("tcp://{}", listener.local_addr()?)))
        .collect()
}

/// Processes that end with this value.
#[derive(Default)]
pub(crate) struct Children(Vec<Child>);

impl Children {
    pub(crate) fn spawn(&mut self, mut command: Command) -> Result<()> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        self.0.push(child);
        Ok(())
    }

    pub(crate) fn wait<T: DeserializeOwned>(mut self) -> Result<Vec<T>> {
        let mut told = Vec::new();
        for child in std::mem::take(&mut self.0) {
            let output = child.wait_with_output()?;
            ensure!(
                output.status.success(),
                "a process ended with {}",
                output.status
            );
            let text = String::from_utf8(output.stdout)?;
            let line = text.lines().last().context("a process printed nothing")?;
            told.push(serde_json::from_str(line)?);
        }
        Ok(told)
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It has ended already, or ends now; either way there is nothing more to do.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
