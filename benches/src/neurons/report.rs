//! The rounds, and what comes of them: a table and neurons.json.

use std::process::{Child, Command};

use anyhow::{Context, Result, ensure};
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{Options, c_loop, file, network, ours};

/// The figures of one case: wall and processor time of each round.
#[derive(Default)]
struct Case {
    wall: Vec<f64>,
    processor: Vec<f64>,
    spikes: u64,
}

impl Case {
    fn add(&mut self, took: ours::Took) {
        self.wall.push(took.wall);
        self.processor.push(took.processor);
        self.spikes = took.spikes;
    }

    fn json(&self) -> Value {
        json!({"processor": spread(&self.processor), "wall": spread(&self.wall), "spikes": self.spikes})
    }
}

/// The median, the lowest and the highest.
fn spread(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    [
        at(sorted.len() / 2),
        at(0),
        at(sorted.len().saturating_sub(1)),
    ]
}

/// Processes that do nothing but keep a core busy each, until they are dropped.
struct Busy(Vec<Child>);

impl Busy {
    fn new(cores: usize) -> Result<Self> {
        let mut busy = Self(Vec::new());
        for _ in 0..cores {
            let child = Command::new("sh")
                .args(["-c", "while :; do :; done"])
                .spawn();
            busy.0.push(child.context("cannot start sh")?);
        }
        Ok(busy)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // Gone already is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) fn measure(options: &Options) -> Result<()> {
    let program = c_loop::compile(&options.out);
    if program.is_none() {
        eprintln!("neurons: there is no cc: the loop in C is left out");
    }
    let known = network::names();
    for name in &options.only {
        ensure!(
            known.contains(&name.as_str()),
            "there is no network {name}; there are {}",
            known.join(", ")
        );
    }
    let wanted =
        |name: &&str| options.only.is_empty() || options.only.iter().any(|one| one == name);
    let mut all = IndexMap::new();
    for name in known.iter().copied().filter(wanted) {
        let network = network::make(name, options.cells, options.ms).context("no such network")?;
        let path = options.out.join(format!("{name}.network"));
        file::write_network(&path, &network, options.ms)?;
        let seen = ours::seen(&network, options.ms.min(200.0))?;
        file::write_seen(&options.out.join(format!("{name}.seen")), &seen)?;
        let mut cases: IndexMap<&str, Case> = IndexMap::new();
        let busy = options.busy.then(|| Busy::new(2)).transpose()?;
        for _ in 0..options.rounds {
            let ready = |threads| ours::ready(&network, threads);
            let mut add = |name, took| cases.entry(name).or_default().add(took);
            add("1 thread", ours::run(ready(1)?, options.ms)?);
            add("2 threads", ours::run(ready(2)?, options.ms)?);
            if !options.busy {
                let both = [ready(1)?, ready(1)?];
                add("two side by side", ours::side_by_side(both, options.ms)?);
            }
            if let Some(program) = program.as_ref().filter(|_| name == "exp") {
                let steps = (options.ms / network::DT).round() as u64;
                add("loop in C", c_loop::run(program, &path, &network, steps)?);
            }
        }
        drop(busy);
        for (case, figures) in &cases {
            let [processor, low, high] = spread(&figures.processor);
            let [wall, fast, slow] = spread(&figures.wall);
            println!(
                "{name:<22}{case:<18}{processor:8.3} s [{low:.3}–{high:.3}] processor \
                 {wall:8.3} s [{fast:.3}–{slow:.3}] wall, {} spikes",
                figures.spikes
            );
        }
        let figures: IndexMap<&str, Value> = cases
            .iter()
            .map(|(case, one)| (*case, one.json()))
            .collect();
        all.insert(name, figures);
    }
    let figures = json!({
        "cells": options.cells,
        "ms": options.ms,
        "rounds": options.rounds,
        "busy": options.busy,
        "networks": all,
    });
    let path = options.out.join("neurons.json");
    std::fs::write(&path, serde_json::to_string_pretty(&figures)? + "\n")?;
    println!("written: {}", path.display());
    Ok(())
}
