//! Makes the managed Blender, a virtual environment with the `bpy` wheel and ours, lays our package out
//! for installed Blenders, and fetches an ffmpeg.
//!
//! Owns the steps, their order and the lock that keeps two set-ups apart. The marker file is written
//! last, so an interrupted set-up leaves an environment that nobody takes for a whole one. It must
//! never touch anything outside the cache folder, system packages apart, and those only as root and
//! after saying so.

mod error;
mod host;
mod packages;
mod shaders;
mod steps;
mod video;
mod wheel;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::cache_folder;
use crate::managed::{self, Marker, WheelStamp, installed_bpy};
use crate::{DEFAULT_BPY_VERSION, Version};
pub use error::SetupError;
use steps::{at, pip, run_locked};
pub use video::setup_video;

/// What to set up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetupOptions {
    /// Version of the `bpy` wheel; [`DEFAULT_BPY_VERSION`] when there is none.
    pub bpy_version: Option<Version>,
    /// The blendtorch wheel to install beside it, and to lay out for installed `blender` programs.
    pub wheel: Option<PathBuf>,
    /// Make it all anew even if it is whole.
    pub force: bool,
}

/// Makes the managed Blender, or what is missing of it, and gives its folder. Each step is told to
/// `say` before it starts. When everything is there already it returns at once.
///
/// # Errors
/// No fitting Python, missing system libraries, a failed download. What had been done is kept for
/// the next run or redone by it.
pub fn setup(options: &SetupOptions, say: &mut dyn FnMut(&str)) -> Result<PathBuf, SetupError> {
    let bpy = match options.bpy_version {
        Some(version) => version,
        None => DEFAULT_BPY_VERSION
            .parse()
            .map_err(|_| SetupError::NoCache)?,
    };
    let python = python_for(bpy)?;
    let wheel = options
        .wheel
        .as_deref()
        .map(|wheel| Ok((wheel, wheel::stamp(wheel)?)))
        .transpose()?;
    let cache = cache_folder().ok_or(SetupError::NoCache)?;
    std::fs::create_dir_all(&cache).map_err(at(&cache))?;
    let lock = lock(&cache, say)?;

    let environment = managed::environment(&cache, &bpy.to_string());
    let there = Marker::read(&environment).filter(|marker| {
        marker.bpy == bpy && installed_bpy(&environment) == Some(bpy) && !options.force
    });
    let mut marker = match there {
        Some(marker) => {
            say(&format!("Blender {bpy} is in {}", environment.display()));
            marker
        }
        None => make(&lock, &environment, bpy, python, say)?,
    };
    if let Some((wheel, stamp)) = wheel {
        let for_programs = (wheel, &stamp);
        packages::install(
            &lock,
            &cache,
            &environment,
            for_programs,
            options.force,
            say,
        )?;
        install_wheel(&lock, &environment, wheel, stamp, &mut marker, say)?;
        shaders::compile(&environment, &mut marker, say);
    } else if !managed::has_package(&environment) {
        say(
            "blendtorch itself is not in it yet, and no scene script runs without: build the wheel \
             (`maturin build --release` in python/) and run `blendtorch setup --wheel FILE`",
        );
    }
    Ok(environment)
}

/// The Python a `bpy` wheel is made for.
fn python_for(bpy: Version) -> Result<&'static str, SetupError> {
    match (bpy.major, bpy.minor) {
        (..4, _) | (4, 0) => Err(SetupError::OldBpy(bpy)),
        (4, _) | (5, 0) => Ok("3.11"),
        _ => Ok("3.13"),
    }
}

/// Holds the cache folder against other set-ups until it is dropped.
fn lock(cache: &Path, say: &mut dyn FnMut(&str)) -> Result<File, SetupError> {
    let path = cache.join("setup.lock");
    let file = File::create(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            say("another set-up is at work; waiting for it");
            file.lock().map_err(at(&path))?;
        }
        Err(TryLockError::Error(source)) => return Err(SetupError::Io { path, source }),
    }
    Ok(file)
}

fn make(
    lock: &File,
    environment: &Path,
    bpy: Version,
    python: &'static str,
    say: &mut dyn FnMut(&str),
) -> Result<Marker, SetupError> {
    let program = host::python(bpy, python)?;
    host::need_venv(&program, python, say)?;
    host::need_libraries(&program, say)?;
    if environment.exists() {
        say(&format!(
            "removing what an earlier set-up left in {}",
            environment.display()
        ));
        // The marker goes first: half removed must not be taken for whole.
        Marker::remove(environment).map_err(at(environment))?;
        std::fs::remove_dir_all(environment).map_err(at(environment))?;
    }
    say(&format!(
        "making a Python {python} environment in {}",
        environment.display()
    ));
    run_locked(
        lock,
        "making the virtual environment",
        Command::new(&program).args(["-m", "venv"]).arg(environment),
        "its words above say why; is the disk full?",
    )?;
    say(&format!(
        "installing bpy {bpy} (about 380 MB to download, 1 GB on disk)"
    ));
    run_locked(
        lock,
        &format!("installing bpy {bpy}"),
        pip(environment).arg(format!("bpy=={bpy}")),
        "check the network, or the version (`pip index versions bpy` lists them), and run it again",
    )?;
    say("starting it once");
    run_locked(
        lock,
        "starting Blender",
        Command::new(managed::python(environment)).args(["-c", "import bpy"]),
        "its words above name the library that is missing: install its package and run it again",
    )?;
    let marker = Marker {
        bpy,
        python: python.into(),
        wheel: None,
        shaders: false,
    };
    marker.write(environment).map_err(at(environment))?;
    Ok(marker)
}

fn install_wheel(
    lock: &File,
    environment: &Path,
    wheel: &Path,
    stamp: WheelStamp,
    marker: &mut Marker,
    say: &mut dyn FnMut(&str),
) -> Result<(), SetupError> {
    if marker.wheel.as_ref() == Some(&stamp) && managed::has_package(environment) {
        say(&format!("{} is installed", stamp.name));
        return Ok(());
    }
    say(&format!("installing {}", stamp.name));
    // Interrupted from here on, the next run has to install it again.
    marker.wheel = None;
    marker.write(environment).map_err(at(environment))?;
    run_locked(
        lock,
        "installing the blendtorch wheel",
        pip(environment)
            .args(["--quiet", "--force-reinstall", "--no-deps"])
            .arg(wheel),
        "its words above say why; build the wheel anew with maturin",
    )?;
    run_locked(
        lock,
        "importing blendtorch",
        Command::new(managed::python(environment)).args(["-P", "-c", "import blendtorch"]),
        "its words above say why; build the wheel anew with maturin",
    )?;
    marker.wheel = Some(stamp);
    marker.write(environment).map_err(at(environment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bpy_has_its_python() {
        for (bpy, python) in [("4.5.15", "3.11"), ("5.0.1", "3.11"), ("5.2.3", "3.13")] {
            assert_eq!(python_for(bpy.parse().unwrap()).unwrap(), python);
        }
        let said = python_for("3.6.0".parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(said.contains("4.1.0 or later"), "{said}");
    }

    #[test]
    fn what_a_killed_setup_has_started_keeps_the_lock() {
        let cache = tempfile::tempdir().unwrap();
        let held = lock(cache.path(), &mut |_| ()).unwrap();
        let mut program = Command::new("sleep");
        let mut left = program
            .arg("1000")
            .stdin(held.try_clone().unwrap())
            .spawn()
            .unwrap();
        drop((held, program));
        let other = File::create(cache.path().join("setup.lock")).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        left.kill().unwrap();
        left.wait().unwrap();
        other.lock().unwrap();
    }

    #[test]
    fn two_setups_do_not_collide() {
        let cache = tempfile::tempdir().unwrap();
        let held = lock(cache.path(), &mut |_| panic!("nobody else is there")).unwrap();
        let (heard, hear) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| {
                lock(cache.path(), &mut |line| {
                    heard.send(line.to_owned()).unwrap();
                })
                .map(drop)
            });
            assert!(hear.recv().unwrap().contains("waiting"));
            drop(held);
            second.join().unwrap().unwrap();
        });
    }
}
