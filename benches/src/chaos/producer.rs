//! A producer without a Blender: it publishes images and keeps its own book of them.
//!
//! Owns one life of an instance. A launcher starts it with the command line of a Blender; behind `--`
//! stand `--truth FOLDER` and `--pace MILLISECONDS`.

use crate::image::{self, SHAPE};
use crate::truth::Book;
use anyhow::{Context, Result};
use btb::args::parse_blendtorch_args;
use btb::{DType, Instance, Publisher, PublisherOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A word that every Blender's command line has, and none of ours.
const BLENDERS: &str = "--python-exit-code";

/// Whether this process is to be a producer.
pub(crate) fn is_meant(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument == BLENDERS)
}

/// The arguments of each instance of a fleet.
pub(crate) fn arguments(folder: &Path, pace: Duration) -> Vec<String> {
    let folder = folder.to_string_lossy().into_owned();
    let pace = pace.as_millis().to_string();
    vec!["--truth".into(), folder, "--pace".into(), pace]
}

/// A file that has this life of an instance hang, once it is there.
pub(crate) fn hang_file(folder: &Path, instance: usize, life: u64) -> PathBuf {
    folder.join(format!("{instance}-{life}.hang"))
}

/// Publishes until it is ended.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (given, own) = parse_blendtorch_args(arguments)?;
    let value = |name| {
        let mut behind = own.iter().skip_while(|argument| *argument != name).skip(1);
        behind.next().with_context(|| format!("no {name}"))
    };
    let folder = PathBuf::from(value("--truth")?);
    let pace = Duration::from_millis(value("--pace")?.parse()?);
    let (_, address) = given.btsockets.first().context("no socket")?;
    let btid = given.btid.context("no -btid")?;
    let options = PublisherOptions {
        btid: Some(btid),
        ..PublisherOptions::default()
    };
    let mut publisher = Publisher::bind(address, options)?;
    let instance = usize::try_from(btid)?;
    let life = Instance::this().map_or(1, Instance::life);
    let book = Book::open(&folder, (instance, life), publisher.id())?;
    let hang = hang_file(&folder, instance, life);
    for sequence in 0.. {
        if hang.exists() {
            loop {
                std::thread::park();
            }
        }
        let mut draft = publisher.begin()?;
        let tensor = draft.tensor("image", DType::U8, &SHAPE)?;
        image::fill(tensor.bytes_mut(), publisher.id(), sequence);
        draft.set("number", i64::try_from(sequence)?);
        book.begins(sequence + 1)?;
        publisher.publish_draft(draft)?;
        book.did(sequence + 1)?;
        std::thread::sleep(pace); // A renderer would work so long.
    }
    Ok(())
}
