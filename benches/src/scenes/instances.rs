//! The Blenders of a case.

use super::case::Case;
use super::phases::Phase;
use anyhow::{Context, Result, bail, ensure};
use blendtorch_launcher::{Fleet, FleetOptions, InstanceStatus, LaunchDescription, Output};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// To start, compile shaders and warm up; an engine's first frame ever takes half a minute.
const WARM_UP: Duration = Duration::from_secs(180);

/// To end, when everything has been published.
const END: Duration = Duration::from_secs(60);

/// Running instances: they end with this value.
pub(super) struct Instances {
    fleet: Fleet,
    pub(super) count: usize,
}

/// The file that tells the instances when the first phase begins.
pub(super) fn start_file(folder: &Path) -> PathBuf {
    folder.join("start")
}

fn report_file(folder: &Path, instance: usize) -> PathBuf {
    folder.join(format!("{instance}.json"))
}

/// When to give up a case whose phases take so many seconds.
pub(super) fn limit(seconds: f64) -> Instant {
    Instant::now() + WARM_UP + END + Duration::from_secs_f64(seconds)
}

pub(super) fn start(case: Case, phases: usize, folder: &Path) -> Result<Instances> {
    let (phases, seconds) = (phases.to_string(), case.way.seconds().to_string());
    let arguments = |instance| {
        let paths = [start_file(folder), report_file(folder, instance)];
        let [start, report] = paths.map(|path| path.to_string_lossy().into_owned());
        let phases = ["--phases", &phases, "--seconds", &seconds];
        let files = ["--start", &start, "--report", &report];
        let all = [case.way.arguments(), &phases, &files].concat();
        all.into_iter().map(str::to_owned).collect()
    };
    let description = LaunchDescription {
        script: Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes.blend.py"),
        num_instances: case.instances,
        named_sockets: vec!["DATA".into()],
        proto: "ipc".into(),
        background: true,
        blender: Some("bpy".into()),
        instance_args: (0..case.instances).map(arguments).collect(),
        ..LaunchDescription::default()
    };
    let options = FleetOptions {
        output: Output::Silence,
        ..FleetOptions::default()
    };
    Ok(Instances {
        fleet: Fleet::start(&description, options)?,
        count: case.instances,
    })
}

impl Instances {
    pub(super) fn addresses(&self) -> Vec<String> {
        self.fleet.launch_info().addresses["DATA"].clone()
    }

    /// Sees that none has failed, and that there is time left.
    pub(super) fn check(&self, limit: Instant) -> Result<()> {
        let statuses = self.fleet.status();
        if let Some(failed) = statuses.iter().find(|status| status.failed()) {
            bail!("{}", failed.report());
        }
        if Instant::now() > limit {
            let reports: Vec<_> = statuses.iter().map(InstanceStatus::report).collect();
            bail!("too slow: {}", reports.join("\n"));
        }
        Ok(())
    }

    /// What each measured, phase by phase. They have published their last image.
    pub(super) fn reports(self, folder: &Path) -> Result<Vec<Vec<Phase>>> {
        ensure!(self.fleet.wait_timeout(END), "an instance does not end");
        self.check(Instant::now() + END)?;
        let read = |instance| {
            let text = std::fs::read_to_string(report_file(folder, instance));
            let text = text.with_context(|| format!("instance {instance} reported nothing"))?;
            Ok(serde_json::from_str(&text)?)
        };
        (0..self.count).map(read).collect()
    }
}
