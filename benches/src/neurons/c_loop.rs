//! The loop in C, compiled where there is a compiler: no products and sums in one, as Rust has none.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::network::Network;
use crate::ours::Took;

/// The compiled program, or none where no `cc` is.
pub(crate) fn compile(out: &Path) -> Option<PathBuf> {
    let (source, program) = (out.join("loop.c"), out.join("loop"));
    std::fs::write(&source, include_str!("loop.c")).ok()?;
    let status = Command::new("cc")
        .args(["-O3", "-ffp-contract=off", "-o"])
        .arg(&program)
        .arg(&source)
        .arg("-lm")
        .status();
    status.ok()?.success().then_some(program)
}

/// Runs it on a network that was written as `file`.
pub(crate) fn run(program: &Path, file: &Path, network: &Network, steps: u64) -> Result<Took> {
    let mut header = [0; 8];
    std::io::Read::read_exact(&mut std::fs::File::open(file)?, &mut header)?;
    let skip = u64::from_le_bytes(header) + 8;
    let mut command = Command::new(program);
    command.arg(file);
    for number in [
        skip,
        u64::from(network.cells),
        u64::from(network.excitatory()),
        u64::from(network.sources),
        network.edges.len() as u64,
        network.spikes.len() as u64,
        steps,
    ] {
        command.arg(number.to_string());
    }
    for parameters in &network.parameters {
        for name in [
            "C_m",
            "tau_m",
            "V_th",
            "V_reset",
            "V_m",
            "t_ref",
            "tau_syn_ex",
            "tau_syn_in",
            "I_e",
        ] {
            let value = parameters.get(name).and_then(Value::as_f64);
            command.arg(value.context("a parameter is missing")?.to_string());
        }
    }
    let output = command.output()?;
    ensure!(output.status.success(), "the loop in C failed");
    let text = String::from_utf8(output.stdout)?;
    let (processor, spikes) = text.trim().split_once(' ').context("no figures")?;
    let processor = processor.parse()?;
    Ok(Took {
        wall: processor,
        processor,
        spikes: spikes.parse()?,
    })
}
