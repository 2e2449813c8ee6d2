//! Frames of a folder to a video.
//!
//! Owns which frames are shown, in which order, each once, and that a video which is there is whole:
//! missing frames are said before ffmpeg starts, pictures are decoded here and handed to it one by one,
//! and a file of another number of frames is not left. ffmpeg is `blendtorch-blender`'s. It must never
//! render, nor change what it reads.

mod choose;
mod codec;
mod error;
mod folder;
mod numbers;
mod picture;
mod planes;
mod rate;
mod shown;
mod tiles;
mod unfinished;

use std::ffi::OsString;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use blendtorch_blender::ffmpeg::{Ffmpeg, Run};

use crate::job::Frames;
use choose::{Chosen, Kind, check_size, choose, one_size};
use codec::Codec;
pub use error::VideoError;
use folder::Folder;
pub use numbers::compact;
use picture::Picture;
pub use rate::Rate;
use tiles::Tiles;
use unfinished::Unfinished;

/// More would not help: encoding takes longer.
const MOST_DECODERS: usize = 4;

/// What is made of which frames.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sequence {
    /// A folder that was rendered into, or one of numbered pictures.
    pub folder: PathBuf,
    /// The video. Its ending says how it is encoded.
    pub out: PathBuf,
    /// What is shown: a pass, `previews`, …; several as a grid with their names. None: `frames`, or
    /// what the folder holds.
    pub passes: Vec<String>,
    /// Which frames; those that the folder should have where none are said.
    pub frames: Option<Frames>,
    /// How fast; the scene's own where it is not said.
    pub rate: Option<Rate>,
    /// 0 is the best; the larger, the smaller the file. None: one that is hardly told from the frames.
    pub quality: Option<u8>,
    /// Frames that are missing are left out.
    pub allow_missing: bool,
    /// A file of that name is replaced.
    pub overwrite: bool,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sequencing {
    /// Frames that are in the file.
    pub done: u64,
    /// Of how many.
    pub total: u64,
    /// Since ffmpeg was started.
    pub elapsed: Duration,
}

/// A video that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequenced {
    /// The frames that it shows, in their order.
    pub frames: Vec<i64>,
    /// Those that were left out.
    pub missing: Vec<i64>,
    /// What it shows.
    pub passes: Vec<String>,
    /// Its frames a second.
    pub rate: Rate,
    /// Frames of the scene from one to the next.
    pub step: i64,
    /// Pixels of its pictures: width, height.
    pub size: (usize, usize),
    /// Whether a side had an odd number of pixels, which this format cannot have: its last pixels come
    /// twice.
    pub widened: bool,
    /// Bytes of the file.
    pub bytes: u64,
    /// How long ffmpeg took.
    pub elapsed: Duration,
}

/// Makes the video; `progress` hears how far it is, several times a second, and ends it by `false`.
///
/// # Errors
/// See [`VideoError`]. What is wrong with the frames is said before ffmpeg starts; no half file is left.
pub fn sequence(
    wanted: &Sequence,
    progress: &mut dyn FnMut(&Sequencing) -> bool,
) -> Result<Sequenced, VideoError> {
    let codec = Codec::of(&wanted.out, wanted.quality)?;
    let folder = Folder::open(&wanted.folder)?;
    let Chosen {
        mut kinds,
        frames,
        missing,
    } = choose(wanted, &folder)?;
    let rate = match (wanted.rate, folder.fps()?) {
        (Some(rate), _) => rate,
        (None, Some(fps)) => Rate::new(fps).map_err(|problem| VideoError::Folder {
            folder: wanted.folder.clone(),
            problem: format!("{problem}, with --fps"),
        })?,
        (None, None) => {
            let folder = wanted.folder.clone();
            return Err(VideoError::NoRate { folder });
        }
    };
    let ffmpeg = Ffmpeg::find()?;
    ffmpeg.need_encoder(codec.encoder)?;
    for kind in &mut kinds {
        kind.size = one_size(&kind.files)?;
    }
    let sizes: Vec<_> = kinds
        .iter()
        .map(|kind| (kind.name.as_str(), kind.size))
        .collect();
    let tiles = Tiles::new(&sizes, codec.even);
    let plain = Tiles::new(&sizes, false);
    let unfinished = Unfinished::new(&wanted.out, wanted.overwrite)?;
    let run = Run {
        ffmpeg,
        arguments: arguments(
            &tiles,
            rate,
            codec.arguments(wanted.quality),
            &unfinished.path,
        ),
    };
    let begun = Instant::now();
    let given = frames.len() as u64;
    let written = feed(&run, &kinds, &tiles, &mut |done| {
        progress(&Sequencing {
            done,
            total: given,
            elapsed: begun.elapsed(),
        })
    })?;
    if written != given {
        let path = wanted.out.clone();
        return Err(VideoError::Count {
            path,
            given,
            written,
        });
    }
    Ok(Sequenced {
        step: numbers::step(&frames),
        frames,
        missing,
        rate,
        size: (tiles.width, tiles.height),
        widened: (plain.width, plain.height) != (tiles.width, tiles.height),
        bytes: unfinished.finish()?,
        elapsed: begun.elapsed(),
        passes: kinds.into_iter().map(|kind| kind.name).collect(),
    })
}

fn arguments(tiles: &Tiles, rate: Rate, codec: Vec<String>, out: &Path) -> Vec<OsString> {
    let size = format!("{}x{}", tiles.width, tiles.height);
    let rate = rate.to_string();
    let input = [
        "-f",
        "rawvideo",
        "-pixel_format",
        "rgb24",
        "-video_size",
        &size,
    ];
    let mut words: Vec<OsString> = input.iter().map(Into::into).collect();
    words.extend(["-framerate", &rate, "-i", "pipe:0"].iter().map(Into::into));
    words.extend(codec.into_iter().map(Into::into));
    // A name that begins with a dash, or has a colon, is a file all the same.
    let mut file = OsString::from("file:");
    file.push(out);
    words.extend(["-y".into(), file]);
    words
}

/// Hands ffmpeg the frames; how many it has written. They are decoded side by side, each by the thread
/// whose turn it is, so that their order is that of the turns.
fn feed(
    run: &Run,
    kinds: &[Kind],
    tiles: &Tiles,
    watch: &mut dyn FnMut(u64) -> bool,
) -> Result<u64, VideoError> {
    let count = kinds.first().map_or(0, |kind| kind.files.len());
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let decoders = cores.min(MOST_DECODERS).min(count.max(1));
    let failed = Mutex::new(None);
    let keep = |error| *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    let fed = thread::scope(|scope| {
        let mut turns = Vec::new();
        for first in 0..decoders {
            let (hand, taken) = sync_channel(1);
            scope.spawn(move || {
                for at in (first..count).step_by(decoders) {
                    let frame = one_frame(kinds, at).map(|pictures| tiles.compose(pictures));
                    if hand.send(frame).is_err() {
                        return;
                    }
                }
            });
            turns.push(taken);
        }
        let mut at = 0;
        // Who reads them is gone with the last frame, or with the first that cannot be shown: so are
        // the decoders.
        let next = move || {
            let frame = turns[at % decoders].recv().ok()?;
            at += 1;
            frame.map_err(&keep).ok()
        };
        run.feed(next, watch)
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    match failed {
        Some(error) => Err(error),
        None => Ok(fed?),
    }
}

fn one_frame(kinds: &[Kind], at: usize) -> Result<Vec<Picture>, VideoError> {
    let read = |kind: &Kind| {
        let path = &kind.files[at];
        let picture = picture::read(path, &kind.look)?;
        // Who writes it meanwhile.
        let size = (picture.width, picture.height);
        check_size(path, size, &kind.files[0], kind.size)?;
        Ok(picture)
    };
    kinds.iter().map(read).collect()
}
