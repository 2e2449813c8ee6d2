//! Our ffmpeg: the program that the `imageio-ffmpeg` wheel of PyPI ships, in a folder of its own under
//! the cache folder.
//!
//! Owns that folder, which is whole whenever it is there: the work is done beside it. It must never
//! need a Blender.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::SetupError;
use super::lock;
use super::steps::{at, run_locked};
use crate::cache::cache_folder;
use crate::ffmpeg::{Ffmpeg, WHEEL, folder};
use crate::managed;
use crate::programs::on_path;

/// Installs ffmpeg, unless it is there already, and gives the program. Each step is told to `say`
/// before it starts. With `force` it is made anew.
///
/// # Errors
/// No Python with pip, a failed download, a machine that the wheel has no program for.
pub fn setup_video(force: bool, say: &mut dyn FnMut(&str)) -> Result<PathBuf, SetupError> {
    let cache = cache_folder().ok_or(SetupError::NoCache)?;
    fs::create_dir_all(&cache).map_err(at(&cache))?;
    let lock = lock(&cache, say)?;
    let folder = folder(&cache);
    let program = folder.join("ffmpeg");
    if program.is_file() && !force {
        say(&format!("ffmpeg is in {}", folder.display()));
        return Ok(program);
    }
    let python = python(&cache).ok_or(SetupError::NoPip)?;
    say(&format!(
        "installing the ffmpeg of imageio-ffmpeg {WHEEL} (about 30 MB to download, 80 MB on disk) in {}",
        folder.display()
    ));
    let fresh = cache.join("ffmpeg.new");
    remove(&fresh)?;
    fetch(&lock, &python, &fresh)?;
    remove(&folder)?;
    fs::rename(&fresh, &folder).map_err(at(&folder))?;
    Ok(program)
}

/// Lays the program into `fresh`, and sees that it runs.
fn fetch(lock: &File, python: &Path, fresh: &Path) -> Result<(), SetupError> {
    let wheel = fresh.join("wheel");
    run_locked(
        lock,
        "installing imageio-ffmpeg",
        Command::new(python)
            .args(["-m", "pip", "install", "--disable-pip-version-check"])
            .args(["--no-input", "--quiet", "--no-deps", "--only-binary=:all:"])
            .arg("--target")
            .arg(&wheel)
            .arg(format!("imageio-ffmpeg=={WHEEL}")),
        "check the network and run it again, or install ffmpeg by other means: apt-get install ffmpeg",
    )?;
    let binaries = wheel.join("imageio_ffmpeg").join("binaries");
    let found = fs::read_dir(&binaries).into_iter().flatten().flatten();
    let mut found = found.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("ffmpeg-")
    });
    let shipped = found.next().ok_or(SetupError::NoFfmpeg)?;
    let program = fresh.join("ffmpeg");
    fs::rename(&shipped, &program).map_err(at(&program))?;
    remove(&wheel)?;
    let ffmpeg = Ffmpeg {
        path: program,
        from: "blendtorch setup --video",
    };
    match ffmpeg.version() {
        Ok(_) => Ok(()),
        Err(error) => Err(SetupError::Step {
            step: "starting ffmpeg".into(),
            program: ffmpeg.path.display().to_string(),
            ended: error.to_string(),
            remedy: "install ffmpeg by other means: apt-get install ffmpeg",
        }),
    }
}

/// A Python that has pip: the managed Blender's, else one on `PATH`.
fn python(cache: &Path) -> Option<PathBuf> {
    let managed = managed::find(cache).map(|(environment, _)| managed::python(&environment));
    let others = ["python3", "python3.11", "python"];
    managed
        .into_iter()
        .chain(others.iter().filter_map(|name| on_path(name)))
        .find(|python| {
            let mut pip = Command::new(python);
            pip.args(["-m", "pip", "--version"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            pip.status().is_ok_and(|status| status.success())
        })
}

fn remove(folder: &Path) -> Result<(), SetupError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(folder)(error)),
        _ => Ok(()),
    }
}
