//! What a training leaves behind: three pictures and a summary, all of them or none.

use crate::pictures;
use crate::signals::Signals;
use crate::training::Trained;
use anyhow::{Context, Result};
use image::RgbImage;
use serde::Serialize;
use std::fs;
use std::path::Path;

/// The keys of summary.json. Losses are mean squared errors of normalised coordinates.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    instances: usize,
    images: usize,
    images_per_second: f64,
    loss_first: f64,
    loss_last: f64,
    heldout_loss: f64,
    constant_loss: f64,
    missing: u64,
    duplicated: u64,
    blender: &'a str,
    engine: &'a str,
}

impl<'a> Summary<'a> {
    #[allow(clippy::cast_precision_loss, reason = "a number of images")]
    fn of(trained: &'a Trained) -> Self {
        Self {
            instances: trained.instances,
            images: trained.images,
            images_per_second: trained.images as f64 / trained.seconds,
            loss_first: trained.loss_first(),
            loss_last: trained.loss_last(),
            heldout_loss: trained.evaluation.loss,
            constant_loss: trained.evaluation.constant_loss,
            missing: trained.stats.missing,
            duplicated: trained.stats.duplicated,
            blender: &trained.blender,
            engine: &trained.engine,
        }
    }
}

/// Writes everything to `folder` and says what came of it. Somebody who stops it before the last
/// picture is drawn gets nothing.
pub(crate) fn write(folder: &Path, trained: &Trained, signals: &Signals) -> Result<()> {
    let summary = Summary::of(trained);
    let mut json = serde_json::to_string_pretty(&summary)?;
    json.push('\n');
    let files = [
        ("batch.png", png(&pictures::batch(&trained.batch)?)?),
        (
            "predictions.png",
            png(&pictures::predictions(&trained.evaluation)?)?,
        ),
        ("loss.png", png(&pictures::loss(trained))?),
        ("summary.json", json.into_bytes()),
    ];
    if signals.stopped() {
        return Ok(());
    }
    let in_folder = || {
        format!(
            "{}: cannot be written: choose another --out",
            folder.display()
        )
    };
    fs::create_dir_all(folder).with_context(in_folder)?;
    // Beside their places first, so that no reader meets half a file.
    let beside = tempfile::tempdir_in(folder).with_context(in_folder)?;
    for (name, bytes) in &files {
        fs::write(beside.path().join(name), bytes).with_context(in_folder)?;
    }
    for (name, _) in &files {
        fs::rename(beside.path().join(name), folder.join(name)).with_context(in_folder)?;
    }
    println!(
        "{} images in {:.0} s ({:.0} images/s), {} missing, {} duplicated",
        summary.images,
        trained.seconds,
        summary.images_per_second,
        summary.missing,
        summary.duplicated
    );
    println!(
        "held-out loss {:.6}, {:.1} pixels off on average; best constant guess {:.6}: {:.1} times \
         worse",
        summary.heldout_loss,
        trained.evaluation.pixels,
        summary.constant_loss,
        summary.constant_loss / summary.heldout_loss
    );
    println!("pictures and summary in {}", folder.display());
    Ok(())
}

fn png(picture: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png)?;
    Ok(bytes.into_inner())
}
