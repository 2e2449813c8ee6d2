//! A network, and what became of it, as files that need no library: a header of JSON behind its length
//! as u64, then arrays of numbers one after the other, all little-endian.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::network::{DT, Network};
use crate::ours::Seen;

/// Writes a network: of each edge u32 source, u32 target, f64 weight, f64 ms, u32 receptor; of each
/// spike u32 source, f64 ms; each as an array.
pub(crate) fn write_network(path: &Path, network: &Network, ms: f64) -> Result<()> {
    let header = json!({
        "name": network.name,
        "model": network.model,
        "parameters": network.parameters,
        "excitatory": network.excitatory(),
        "cells": network.cells,
        "sources": network.sources,
        "edges": network.edges.len(),
        "spikes": network.spikes.len(),
        "dt": DT,
        "ms": ms,
    });
    let mut file = begin(path, &header)?;
    let edges = || network.edges.iter();
    write(&mut file, edges().map(|edge| edge.0.to_le_bytes()))?;
    write(&mut file, edges().map(|edge| edge.1.to_le_bytes()))?;
    write(&mut file, edges().map(|edge| edge.2.to_le_bytes()))?;
    write(&mut file, edges().map(|edge| edge.3.to_le_bytes()))?;
    write(&mut file, edges().map(|edge| edge.4.to_le_bytes()))?;
    write(
        &mut file,
        network.spikes.iter().map(|spike| spike.0.to_le_bytes()),
    )?;
    write(
        &mut file,
        network.spikes.iter().map(|spike| spike.1.to_le_bytes()),
    )?;
    Ok(file.flush()?)
}

/// Writes what was seen: u64 step and u32 cell of each spike, and the rows of f64 of the probe.
pub(crate) fn write_seen(path: &Path, seen: &Seen) -> Result<()> {
    let header = json!({
        "spikes": seen.spikes.len(),
        "cells": seen.cells,
        "variables": seen.variables,
        "rows": seen.rows,
    });
    let mut file = begin(path, &header)?;
    write(
        &mut file,
        seen.spikes.iter().map(|spike| spike.0.to_le_bytes()),
    )?;
    write(
        &mut file,
        seen.spikes.iter().map(|spike| spike.1.to_le_bytes()),
    )?;
    write(
        &mut file,
        seen.values.iter().map(|value| value.to_le_bytes()),
    )?;
    Ok(file.flush()?)
}

fn begin(path: &Path, header: &Value) -> Result<BufWriter<File>> {
    let mut file = BufWriter::new(File::create(path)?);
    let header = header.to_string();
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    Ok(file)
}

fn write<const N: usize>(
    file: &mut BufWriter<File>,
    values: impl Iterator<Item = [u8; N]>,
) -> Result<()> {
    for value in values {
        file.write_all(&value)?;
    }
    Ok(())
}
