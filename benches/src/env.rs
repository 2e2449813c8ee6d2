//! Steps of an environment in Blender, beside the original's channel.

use crate::case::{Children, script};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::Path;

/// What is stepped, and how it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Env {
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

pub(crate) const ENVS: [Env; 8] = [
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
pub(crate) struct Steps {
    /// Steps of all instances in a second.
    pub(crate) steps_per_second: f64,
    /// Microseconds of a step, the median.
    pub(crate) p50_us: f64,
    /// Of a hundred steps, one takes longer.
    pub(crate) p99_us: f64,
}

impl Env {
    pub(crate) fn name(self) -> String {
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
    pub(crate) fn baseline(self) -> Self {
        match self {
            Self::Original | Self::Direct => Self::Original,
            Self::OriginalImages | Self::DirectImages => Self::OriginalImages,
            Self::Vector(_) => Self::Vector(1),
            Self::VectorImages(_) => Self::VectorImages(1),
        }
    }

    /// What is to be reached.
    pub(crate) fn goal(self) -> Option<String> {
        match self {
            Self::Direct => Some("≥ 12000 steps/s".into()),
            Self::Vector(4) | Self::VectorImages(4) => Some("≥ 3.00×".into()),
            _ => None,
        }
    }

    pub(crate) fn run(self, python: &Path) -> Result<Steps> {
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
