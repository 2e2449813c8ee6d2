//! Steps of an environment in Blender, beside the original's channel.

use crate::children::{Children, script};
use crate::rounds::interleave;
use crate::row::{Goal, Row};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::Path;

/// What is stepped, and how it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Env {
    /// pyzmq and pickle, one moving object.
    Original,
    /// Ours, one moving object.
    Direct,
    /// pyzmq and pickle, with images of 64×64.
    OriginalImages,
    /// Ours, with images of 64×64.
    DirectImages,
    /// A vector environment of so many instances.
    Vector(u32),
    /// The same with images of 64×64.
    VectorImages(u32),
}

const ENVS: [Env; 8] = [
    Env::Original,
    Env::Direct,
    Env::OriginalImages,
    Env::DirectImages,
    Env::Vector(1),
    Env::Vector(4),
    Env::VectorImages(1),
    Env::VectorImages(4),
];

/// What a run of one measured.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Steps {
    /// Steps of all instances in a second.
    steps_per_second: f64,
    /// Microseconds of a step, the median.
    p50_us: f64,
    /// Of a hundred steps, one takes longer.
    p99_us: f64,
}

pub(crate) fn rows(python: &Path, rounds: usize) -> Result<Vec<Row>> {
    let measured = interleave(&ENVS, rounds, Env::name, |env| env.run(python))?;
    let mut rows = Vec::new();
    for (env, results) in ENVS.into_iter().zip(&measured) {
        let of = |env: Env| ENVS.iter().position(|other| *other == env);
        let baseline = of(env.baseline()).map_or(results, |index| &measured[index]);
        let row =
            |unit, value: fn(&Steps) -> f64| Row::new(env.name(), unit, results, baseline, value);
        rows.push(row("steps/s", |steps| steps.steps_per_second).goal(env.goal()));
        rows.push(row("µs p50", |steps| steps.p50_us));
        rows.push(row("µs p99", |steps| steps.p99_us));
    }
    Ok(rows)
}

impl Env {
    fn name(self) -> String {
        match self {
            Self::Original => "env: pyzmq + pickle, tcp".into(),
            Self::Direct => "env: blendtorch".into(),
            Self::OriginalImages => "env 64×64 images: pyzmq + pickle, tcp".into(),
            Self::DirectImages => "env 64×64 images: blendtorch".into(),
            Self::Vector(n) => format!("vector env of {n}"),
            Self::VectorImages(n) => format!("vector env of {n}, 64×64 images"),
        }
    }

    /// What it is compared with.
    fn baseline(self) -> Self {
        match self {
            Self::Original | Self::Direct => Self::Original,
            Self::OriginalImages | Self::DirectImages => Self::OriginalImages,
            Self::Vector(_) => Self::Vector(1),
            Self::VectorImages(_) => Self::VectorImages(1),
        }
    }

    /// What is to be reached.
    fn goal(self) -> Option<Goal> {
        match self {
            Self::Direct => Some(Goal::AtLeast(12_000.0)),
            Self::Vector(4) | Self::VectorImages(4) => Some(Goal::TimesAtLeast(3.0)),
            _ => None,
        }
    }

    fn run(self, python: &Path) -> Result<Steps> {
        let (way, instances, images) = match self {
            Self::Original => ("original", 1, false),
            Self::Direct => ("direct", 1, false),
            Self::OriginalImages => ("original", 1, true),
            Self::DirectImages => ("direct", 1, true),
            Self::Vector(n) => ("vector", n, false),
            Self::VectorImages(n) => ("vector", n, true),
        };
        let mut command = script(python, "env.py");
        command.args(["--way", way, "--instances", &instances.to_string()]);
        match images {
            true => command.args(["--images", "--steps", "1000"]),
            false => command.args(["--steps", "10000"]),
        };
        let mut children = Children::default();
        children.spawn(command)?;
        children.wait()?.pop().context("nothing was measured")
    }
}
