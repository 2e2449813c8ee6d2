//! The head, in a process of its own: what `blendtorch-launch` and `blendtorch render` do over hosts
//! that a command reaches.
//!
//! Owns the command that stands for ssh: it lays what a host is to know into a file, and waits.

use crate::options::Work;
use anyhow::{Context, Result};
use blendtorch_channels::control::now_ns;
use blendtorch_launcher::{Fleet, FleetOptions, HostsSettings, LaunchDescription, Output};
use blendtorch_render::{FleetPlan, ProgressWhat, RenderDescription, RenderError, RenderFleet};
use clap::Args;
use rustix::process::{Signal, set_parent_process_death_signal};
use serde_json::json;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Frames that were entered: the number, and when, by the kernel's monotonic clock.
pub(crate) const ENTERED: &str = "entered.json";
/// The scene that nobody opens.
const SCENE: &str = "scene.blend";

/// A head, until its stdin is closed.
#[derive(Args)]
pub(crate) struct Head {
    folder: PathBuf,
    #[arg(long)]
    hosts: usize,
    #[arg(long)]
    each: usize,
    #[arg(long, value_enum)]
    work: Work,
    #[arg(long)]
    frames: usize,
    #[arg(long)]
    passes: u8,
}

/// The file from which a simulated host learns where its head is.
pub(crate) fn join_file(folder: &Path, host: usize) -> PathBuf {
    folder.join(format!("host-{host}"))
}

impl Head {
    pub(crate) fn run(&self) -> Result<()> {
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        let over = Arc::new(AtomicBool::new(false));
        let wanted = Arc::clone(&over);
        let waits = std::thread::spawn(move || {
            let _ = std::io::stdin().read(&mut [0]);
            wanted.store(true, Ordering::Release);
        });
        match self.work {
            Work::Stream => self.stream(waits),
            Work::Render => self.render(&over),
        }
    }

    fn hosts(&self) -> HostsSettings {
        // It appears whole, and is this user's alone.
        let hand_over = "umask 077; read -r line; printf '%s\\n' \"$line\" >\"$0.new\"; \
                         mv \"$0.new\" \"$0\"; read -r line";
        let file = self.folder.join("{host}").display().to_string();
        HostsSettings {
            names: (0..self.hosts).map(|host| format!("host-{host}")).collect(),
            command: vec!["sh".into(), "-c".into(), hand_over.into(), file],
            instances_per_host: Some(self.each),
            head_address: Some("127.0.0.1".into()),
        }
    }

    fn stream(&self, until: std::thread::JoinHandle<()>) -> Result<()> {
        let script = self.folder.join("scene.py");
        std::fs::write(&script, "")?;
        let description = LaunchDescription {
            script,
            num_instances: self.hosts * self.each,
            named_sockets: vec!["DATA".into(), "CTRL".into()],
            background: true,
            hosts: Some(self.hosts()),
            ..LaunchDescription::default()
        };
        let options = FleetOptions {
            output: Output::Silence,
            ..FleetOptions::default()
        };
        let fleet = Fleet::start(&description, options)?;
        fleet.save_launch_info(self.folder.join("launch_info.json"))?;
        let _ = until.join();
        fleet.stop();
        Ok(())
    }

    fn render(&self, over: &AtomicBool) -> Result<()> {
        let scene = self.folder.join(SCENE);
        std::fs::write(&scene, "BLENDER-v405")?;
        let described = json!({
            "scene": scene,
            "out": self.folder.join("out"),
            "frames": format!("1:{}", self.frames),
            "passes": &["frames", "depths"][..usize::from(self.passes.clamp(1, 2))],
            "hosts": self.hosts(),
        });
        let described = RenderDescription::from_json(&described.to_string())?;
        let fleet = RenderFleet::start(&FleetPlan::of(&described))?;
        let mut entered = Vec::with_capacity(self.frames);
        let rendered = fleet.render(&described.job()?, &mut |progress| {
            match &progress.what {
                ProgressWhat::Frame(frame) => entered.push((*frame, now_ns())),
                ProgressWhat::Warning(text) => eprintln!("warning: {text}"),
                ProgressWhat::Failed { frame, why } => eprintln!("frame {frame}: {why}"),
                _ => {}
            }
            !over.load(Ordering::Acquire)
        });
        let told = serde_json::to_vec(&entered)?;
        std::fs::write(self.folder.join(ENTERED), told)?;
        fleet.stop();
        match rendered {
            Ok(_) | Err(RenderError::Stopped) => Ok(()),
            Err(error) => Err(error).context("the render"),
        }
    }
}
