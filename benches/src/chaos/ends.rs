//! A launcher is killed, a trainer, both; and Ctrl-C where instances ignore SIGTERM.
//!
//! Owns the four scenes. Each has processes of its own, and counts what they leave.

use crate::processes::{Held, Left, Seen};
use crate::stand_in::{self, Asked, Role};
use crate::trainer::taken;
use anyhow::{Context, Result};
use blendtorch_launcher::LaunchInfo;
use rustix::process::Signal;
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};

/// A trainer is in full swing after so many items.
const ITEMS: usize = 200;
/// What is left after this stays.
const GIVEN_UP: Duration = Duration::from_secs(20);

/// What came of one scene.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ended {
    pub(crate) name: &'static str,
    /// What there was before.
    pub(crate) processes: usize,
    pub(crate) memory_files: usize,
    /// Seconds until nothing was left.
    pub(crate) gone: Option<f64>,
    /// What stayed.
    pub(crate) left: Left,
    /// When what was seen last.
    pub(crate) seen: Seen,
    /// Of a trainer that was killed alone: seconds until the next one had items.
    pub(crate) next_trainer: Option<f64>,
}

/// Who is hurt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    Launcher,
    Trainer,
    Both,
    CtrlC,
}

/// Plays all scenes.
pub(crate) fn play_all(mut told: impl FnMut(&str)) -> Result<Vec<Ended>> {
    let scenes = [Scene::Launcher, Scene::Trainer, Scene::Both, Scene::CtrlC];
    let play = |scene: Scene| {
        told(scene.name());
        scene.play().with_context(|| scene.name().to_owned())
    };
    scenes.into_iter().map(play).collect()
}

impl Scene {
    fn name(self) -> &'static str {
        match self {
            Self::Launcher => "kill -9 the launcher",
            Self::Trainer => "kill -9 the trainer, then end the fleet",
            Self::Both => "kill -9 both",
            Self::CtrlC => "Ctrl-C, instances ignore SIGTERM",
        }
    }

    fn play(self) -> Result<Ended> {
        // Not TMPDIR: a Unix socket's path has room for 107 bytes only.
        let folder = tempfile::Builder::new()
            .prefix("chaos-")
            .tempdir_in("/tmp")?;
        let folder = folder.path();
        let asked = if self == Self::CtrlC {
            Asked::Ignore
        } else {
            Asked::Obey
        };
        stand_in::lay(folder, asked)?;
        let mut launcher = Role::start("launcher", folder, &[])?;
        launcher.until("there is a launch info", || {
            folder.join("launch_info.json").exists()
        })?;
        let mut trainer = train(folder, 0)?;
        let info = LaunchInfo::load_json(folder.join("launch_info.json"))?;
        let mut held = Held::note(folder, &info);
        let mut next_trainer = None;
        let mut start = Instant::now();
        match self {
            Self::Launcher => launcher.signal(Signal::KILL)?,
            Self::Both => {
                launcher.signal(Signal::KILL)?;
                trainer.signal(Signal::KILL)?;
            }
            Self::CtrlC => launcher.signal(Signal::INT)?,
            Self::Trainer => {
                trainer.signal(Signal::KILL)?;
                trainer = train(folder, 1)?;
                next_trainer = Some(start.elapsed().as_secs_f64());
                held = Held::note(folder, &info);
                start = Instant::now();
                launcher.signal(Signal::TERM)?;
            }
        }
        // Else they would stay as entries of the kernel's until this process asks after them.
        let (gone, seen) = std::thread::scope(|scope| {
            let reap = scope.spawn(|| {
                while !(launcher.has_ended() && trainer.has_ended()) && start.elapsed() < GIVEN_UP {
                    std::thread::sleep(Duration::from_millis(10));
                }
            });
            let gone = held.gone(start, GIVEN_UP);
            let _ = reap.join();
            gone
        });
        Ok(Ended {
            name: self.name(),
            processes: held.processes(),
            memory_files: held.memory_files(),
            gone: gone.as_ref().ok().copied(),
            left: gone.err().unwrap_or_default(),
            seen,
            next_trainer,
        })
    }
}

/// A trainer in full swing.
fn train(folder: &Path, number: usize) -> Result<Role> {
    let mut trainer = Role::start("trainer", folder, &[&number.to_string()])?;
    trainer.until("it has items", || taken(folder, number) >= ITEMS)?;
    Ok(trainer)
}
