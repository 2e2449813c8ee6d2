//! Starts the processes of a case.

use super::case::Case;
use super::way::Way;
use crate::children::{Children, script};
use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// What is asked of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// All that goes through.
    Throughput,
    /// One image at a time.
    Latency,
    /// A consumer that takes batches slowly.
    Memory,
}

/// Runs a case in which each producer sends so many images. What the producers said, and what the
/// consumer said.
pub(super) fn run<P: DeserializeOwned, C: DeserializeOwned>(
    case: Case,
    images: usize,
    asked: Asked,
    python: &Path,
) -> Result<(Vec<P>, C)> {
    // Not TMPDIR: a Unix socket's path has room for 107 bytes only.
    let folder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in("/tmp")?;
    let addresses = addresses(case, folder.path())?;
    let mut children = Children::default();
    let spawn = |mut role: Command, children: &mut Children| {
        let size = case.size.pixels().map(|length| length.to_string());
        role.arg("--size").args(size);
        if matches!(case.way, Way::LibzmqTcp | Way::LibzmqIpc) {
            role.arg("--done").arg(folder.path().join("done"));
        }
        if asked == Asked::Latency {
            role.arg("--ack").arg(folder.path().join("ack"));
        }
        children.spawn(role)
    };
    let ready = |number: usize| folder.path().join(format!("ready-{number}"));
    for (number, address) in addresses.iter().enumerate() {
        let mut producer = producer(case.way, python)?;
        producer.args(["--address", address, "--items", &images.to_string()]);
        producer.args(["--number", &number.to_string(), "--ready"]);
        producer.arg(ready(number));
        spawn(producer, &mut children)?;
    }
    // Else the consumer would measure how long the last producer takes to start.
    children.wait_until(|| (0..case.producers).all(|number| ready(number).exists()))?;
    let mut consumer = consumer(case.way, python)?;
    consumer.args(["--items", &(images * case.producers).to_string()]);
    consumer.arg("--addresses").args(&addresses);
    if asked == Asked::Memory {
        consumer.arg("--memory");
    }
    spawn(consumer, &mut children)?;
    let mut told: Vec<Value> = children.wait()?;
    let consumer = serde_json::from_value(told.pop().context("no consumer")?)?;
    let producers = told.into_iter().map(serde_json::from_value);
    Ok((producers.collect::<Result<_, _>>()?, consumer))
}

fn producer(way: Way, python: &Path) -> Result<Command> {
    match way {
        Way::ShmTorch => ours(Way::Shm, "producer"),
        _ => role(way, python, "producer"),
    }
}

fn consumer(way: Way, python: &Path) -> Result<Command> {
    match way {
        Way::ShmTorch => Ok(in_python(python, "torch_loader.py", "consumer")),
        _ => role(way, python, "consumer"),
    }
}

fn role(way: Way, python: &Path, role: &str) -> Result<Command> {
    Ok(match way {
        Way::Baseline => in_python(python, "baseline.py", role),
        Way::LibzmqTcp | Way::LibzmqIpc => in_python(python, "libzmq.py", role),
        _ => ours(way, role)?,
    })
}

fn ours(way: Way, role: &str) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    let way = clap::ValueEnum::to_possible_value(&way).context("no name")?;
    command.args([role, "--way", way.get_name()]);
    Ok(command)
}

fn in_python(python: &Path, name: &str, role: &str) -> Command {
    let mut command = script(python, name);
    command.arg(role);
    command
}

/// One a producer: paths in `folder`, or ports that were free a moment ago.
fn addresses(case: Case, folder: &Path) -> Result<Vec<String>> {
    if case.way.has_path() {
        let path = |number| format!("ipc://{}/{number}", folder.display());
        return Ok((0..case.producers).map(path).collect());
    }
    // All of them at a time, so that they differ.
    let listeners = (0..case.producers)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<Vec<_>, _>>()?;
    let addresses = listeners.iter().map(TcpListener::local_addr);
    addresses
        .map(|address| Ok(format!("tcp://{}", address?)))
        .collect()
}
