//! Replay of a recording from the page cache into batches, beside the original's way.
//!
//! Each way reads a file that it has written itself; readers are processes of their own, so that
//! each opens its file anew and checks every checksum.

use crate::children::{Children, script};
use crate::rounds::interleave;
use crate::row::{Goal, Row};
use crate::usage::Usage;
use anyhow::{Context, Result};
use btt::wire::Message;
use btt::{
    DataLoader, LoaderOptions, RecordedDataset, Recorder, RecorderOptions, Tensor, recording_path,
};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Images in a file: 0.74 GB.
const IMAGES: u64 = 600;
/// Of one image.
const IMAGE_BYTES: usize = 480 * 640 * 4;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replay {
    /// A pickle an image, offsets, torch's default_collate.
    Baseline,
    /// `btt::DataLoader`.
    Rust,
    /// The same, in random order.
    Shuffled,
    /// `btt.DataLoader` in Python.
    Torch,
    /// `btt.FileDataset` in torch's DataLoader, without workers.
    Items,
}

const REPLAYS: [Replay; 5] = [
    Replay::Baseline,
    Replay::Rust,
    Replay::Shuffled,
    Replay::Torch,
    Replay::Items,
];

pub(crate) fn rows(python: &Path, rounds: usize) -> Result<Vec<Row>> {
    let files = Files::new(python).context("recording")?;
    let name = |way: Replay| way.name().to_owned();
    let measured = interleave(&REPLAYS, rounds, name, |way| files.replay(way, python))?;
    let goal = |way| (way != Replay::Baseline).then_some(Goal::AtLeast(1.5));
    let rows = REPLAYS.into_iter().zip(&measured).map(|(way, results)| {
        Row::new(way.name(), "GB/s", results, &measured[0], |rate| *rate).goal(goal(way))
    });
    Ok(rows.collect())
}

impl Replay {
    fn name(self) -> &'static str {
        match self {
            Self::Baseline => "replay: pickle file + default_collate",
            Self::Rust => "replay: blendtorch, Rust",
            Self::Shuffled => "replay: blendtorch, Rust, shuffled",
            Self::Torch => "replay: blendtorch, torch",
            Self::Items => "replay: FileDataset in torch's DataLoader",
        }
    }
}

/// The files that are replayed; they go with this value.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    /// Writes them, so that they are in the page cache.
    fn new(python: &Path) -> Result<Self> {
        let files = Self {
            folder: tempfile::tempdir()?,
        };
        let path = recording_path(files.prefix(), 0);
        let mut recorder = Recorder::create(path, RecorderOptions::default())?;
        for number in 0..IMAGES {
            let image = Tensor::from_vec(&[480, 640, 4], vec![number as u8; IMAGE_BYTES])?;
            let mut message = Message::data(1, number).with("image", image);
            message.header.btid = Some(0);
            recorder.append_message(&message.with("frameid", number))?;
        }
        recorder.finish()?;
        let mut children = Children::default();
        let mut command = files.script(python, "record");
        command.args(["--items", &IMAGES.to_string()]);
        children.spawn(command)?;
        children.wait::<serde::de::IgnoredAny>()?;
        Ok(files)
    }

    fn prefix(&self) -> PathBuf {
        self.folder.path().join("replay")
    }

    fn script(&self, python: &Path, way: &str) -> Command {
        let mut command = script(python, "replay.py");
        command.arg(way).arg("--prefix").arg(self.prefix());
        command
    }

    /// Replays one of them; GB/s.
    fn replay(&self, way: Replay, python: &Path) -> Result<f64> {
        let mut command = match way {
            Replay::Baseline => self.script(python, "baseline"),
            Replay::Torch => self.script(python, "loader"),
            Replay::Items => self.script(python, "items"),
            Replay::Rust | Replay::Shuffled => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("replayer").arg("--prefix").arg(self.prefix());
                command
            }
        };
        if way == Replay::Shuffled {
            command.arg("--shuffle");
        }
        let mut children = Children::default();
        children.spawn(command)?;
        let usages: Vec<Usage> = children.wait()?;
        let usage = usages.first().context("no reader")?;
        Ok(usage.images_per_second * IMAGE_BYTES as f64 / 1e9)
    }
}

/// The process that replays in Rust.
#[derive(Args)]
pub(crate) struct Replayer {
    #[arg(long)]
    prefix: PathBuf,
    #[arg(long)]
    shuffle: bool,
}

impl Replayer {
    pub(crate) fn run(&self) -> Result<()> {
        let start = Instant::now();
        let mut dataset = RecordedDataset::open_prefix(&self.prefix)?;
        if self.shuffle {
            dataset = dataset.shuffled(1);
        }
        let mut images = 0;
        for batch in DataLoader::new(dataset, LoaderOptions::default())? {
            images += batch?.len();
        }
        Usage::print(images as f64 / start.elapsed().as_secs_f64())
    }
}
