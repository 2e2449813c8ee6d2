//! Animations to disk by `blendtorch render`, beside VisionSim and beside a bare loop of the same
//! Blender. `fleet.py` runs and watches them from outside; here its rows become rows of the table.

use crate::children::script;
use crate::options::Options;
use crate::row::{Goal, Row};
use anyhow::{Context, Result, bail, ensure};
use blendtorch_blender::discover;
use serde::Deserialize;
use std::path::Path;

/// A row as `fleet.py` writes it.
#[derive(Debug, Deserialize)]
struct Measured {
    name: String,
    unit: String,
    /// One a round.
    values: Vec<f64>,
    baseline: Vec<f64>,
    /// What is to be reached, at most one of the two.
    times_at_most: Option<f64>,
    at_most: Option<f64>,
}

pub(crate) fn rows(options: &Options) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("fleet.json");
    let program = std::env::current_exe()?.with_file_name("blendtorch");
    ensure!(
        program.is_file(),
        "{} is missing: make setup builds it",
        program.display()
    );
    let mut command = script(&options.python, "fleet.py");
    // What it starts is as users start it.
    command.env_remove("OMP_NUM_THREADS");
    command
        .arg("--bpy")
        .arg(discover(Some(Path::new("bpy")))?.path)
        .arg("--program")
        .arg(program)
        .arg("--cubes") // the scene for which the goals were set
        .args(["--rounds", &options.rounds().to_string()])
        .arg("--out")
        .arg(&out);
    if let Some(environment) = &options.visionsim {
        command.arg("--visionsim").arg(environment);
    }
    if options.quick {
        command.args(["--frames", "24", "--no-memory", "--no-resume"]);
    }
    let status = command.status().context("cannot start fleet.py")?;
    ensure!(status.success(), "fleet.py ended with {status}");
    let told = std::fs::read_to_string(out.with_extension("rows.json"))?;
    let measured: Vec<Measured> = serde_json::from_str(&told)?;
    measured.into_iter().map(Measured::row).collect()
}

impl Measured {
    fn row(self) -> Result<Row> {
        let unit = match self.unit.as_str() {
            "s" => "s",
            "%" => "%",
            "MB" => "MB",
            other => bail!("{other:?} is no unit"),
        };
        let times = self.times_at_most.map(Goal::TimesAtMost);
        let goal = times.or(self.at_most.map(Goal::AtMost));
        let row = Row::new(self.name, unit, &self.values, &self.baseline, |v| *v);
        Ok(row.goal(goal))
    }
}
