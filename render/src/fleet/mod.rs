//! A fleet of Blenders that renders.
//!
//! Owns the fleet as its user sees it: what it is made of, the scenes that its workers have open, and
//! its end. Processes are the launcher's; how frames are dealt out and come back is in [`rendering`].

mod hub;
mod jobs;
mod keeper;
mod probe;
mod progress;
mod rendering;
mod runs;
mod scene;
mod session;
mod shared;
mod verbs;
mod words;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use blendtorch_launcher::slurm::nodes_of_allocation;
use blendtorch_launcher::{
    Fleet, FleetOptions, HostsSettings, LaunchDescription, Memory, Output, Restart, SlurmSettings,
    Where,
};
use indexmap::IndexMap;

use crate::RenderError;
use crate::job::{Contents, Jobs, RenderDescription, RenderJob};
use crate::transforms::Cameras;
use hub::Hub;
pub use progress::{Outcome, Progress, ProgressWhat};
pub use session::Session;
pub use verbs::VERBS;

/// What every worker runs; the rest is the package's.
const SCRIPT: &str = "from blendtorch.btb.worker.main import main\n\nmain()\n";

/// Renders whose left-overs are looked for at the end.
const MOST_RENDERS: usize = 64;

/// What a fleet is made of.
#[derive(Debug, Clone, Default)]
pub struct FleetPlan {
    /// How many Blenders.
    pub jobs: Jobs,
    /// Which Blender, as in `launch.json`.
    pub blender: Option<PathBuf>,
    /// A folder for a log file of each worker.
    pub log_dir: Option<PathBuf>,
    /// A worker that takes more is started anew.
    pub max_memory: Option<Memory>,
    /// Variables set for every worker.
    pub env: IndexMap<String, String>,
    /// The scene that it is for, as far as the number of workers goes.
    pub scene: Option<PathBuf>,
    /// Whether GPUs render: then each has a worker.
    pub on_gpus: bool,
    /// Other hosts, on which the workers run.
    pub hosts: Option<HostsSettings>,
    /// What a job of Slurm is asked for, on whose nodes the workers run.
    pub slurm: Option<SlurmSettings>,
    /// How long the workers may take until they can be asked; no limit where it is not said.
    pub timeout: Option<Duration>,
}

impl FleetPlan {
    /// The fleet that a `render.json` describes.
    #[must_use]
    pub fn of(described: &RenderDescription) -> Self {
        let device = described.device.as_deref().unwrap_or("cpu");
        Self {
            jobs: described.jobs,
            blender: described.blender.clone(),
            log_dir: described.log_dir.clone(),
            max_memory: described.max_memory,
            env: described.env.clone(),
            scene: described.scene.clone(),
            on_gpus: !device.eq_ignore_ascii_case("cpu"),
            hosts: described.hosts.clone(),
            // Whoever wants it takes it from the description.
            slurm: None,
            timeout: None,
        }
    }

    /// How many workers that is here.
    #[must_use]
    pub fn workers(&self) -> usize {
        let under = self.slurm.as_ref();
        let under = under.map(|slurm| {
            // In a job that is there already, its nodes are taken.
            let nodes = nodes_of_allocation().map_or(slurm.nodes, |nodes| nodes.len());
            nodes * slurm.tasks_per_node.unwrap_or(1)
        });
        let on = |hosts: &HostsSettings| hosts.names.len() * hosts.instances_per_host.unwrap_or(1);
        let elsewhere = under.or_else(|| self.hosts.as_ref().map(on));
        match (self.jobs, elsewhere) {
            (Jobs::Number(number), _) => number.max(1),
            (Jobs::Auto, Some(number)) => number.max(1),
            (Jobs::Auto, None) => jobs::auto(self.scene.as_deref(), self.on_gpus),
        }
    }
}

/// What a fleet's threads share.
#[derive(Debug)]
struct Inner {
    fleet: Fleet,
    hub: Hub,
    workers: usize,
    /// Folders and tags of renders, in which a worker may still write when its render is over.
    renders: Mutex<Vec<(PathBuf, String)>>,
    /// Who asks a worker has its turn: what belongs together is not mixed with what others ask.
    turns: Vec<Mutex<()>>,
    /// What files hold, by their size and time.
    contents: Contents,
    /// When each folder's cameras were written.
    cameras: Cameras,
    /// The script lies in it.
    folder: Mutex<Option<tempfile::TempDir>>,
}

impl Inner {
    /// A worker's turn; whoever has it asks it alone.
    fn turn(&self, worker: usize) -> MutexGuard<'_, ()> {
        self.turns[worker]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A render begins.
    fn rendered(&self, out: &Path, tag: &str) {
        let mut renders = self.renders.lock().unwrap_or_else(PoisonError::into_inner);
        // Programs that render a frame at a time begin many.
        if renders.len() > MOST_RENDERS {
            renders.remove(0);
        }
        renders.push((out.to_owned(), tag.to_owned()));
    }

    /// Ends the Blenders; what they have left unfinished goes, and so does what was for them.
    fn stop(&self) {
        self.fleet.stop();
        self.cameras.write_all();
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        drop(folder.take());
        let mut renders = self.renders.lock().unwrap_or_else(PoisonError::into_inner);
        for (out, tag) in renders.drain(..) {
            crate::ledger::sweep(&out, &tag);
        }
    }

    /// How the workers are, for people: those that have failed, or else all.
    fn report(&self) -> String {
        let statuses = self.fleet.status();
        let failed: Vec<_> = statuses.iter().filter(|one| one.failed()).collect();
        let told = match failed.is_empty() {
            true => statuses.iter().collect(),
            false => failed,
        };
        let reports = told.iter().map(|one| one.report());
        let all: Vec<_> = self.fleet.failure().into_iter().chain(reports).collect();
        all.join("\n")
    }
}

/// Blenders that render. They end with this, and with the program that holds it.
#[derive(Debug)]
pub struct RenderFleet {
    inner: Arc<Inner>,
}

impl RenderFleet {
    /// Starts the Blenders. They come up meanwhile: what is asked of one waits for it.
    ///
    /// # Errors
    /// No Blender is found, or it cannot be started; with a `timeout`, they cannot be asked in time.
    pub fn start(plan: &FleetPlan) -> Result<Self, RenderError> {
        let folder = tempfile::Builder::new()
            .prefix("blendtorch-render-")
            .tempdir()
            .map_err(|error| {
                RenderError::NoWorkers(format!("no temporary folder can be made: {error}"))
            })?;
        let script = folder.path().join("worker.py");
        std::fs::write(&script, SCRIPT).map_err(|error| {
            RenderError::NoWorkers(format!("{} cannot be written: {error}", script.display()))
        })?;
        let workers = plan.workers();
        let mut env = plan.env.clone();
        // numpy's small matrices are waited for by threads that render, for milliseconds.
        for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
            if std::env::var_os(name).is_none() {
                env.entry(name.to_owned()).or_insert_with(|| "1".to_owned());
            }
        }
        let description = LaunchDescription {
            script,
            num_instances: workers,
            background: true,
            blender: plan.blender.clone(),
            log_dir: plan.log_dir.clone(),
            max_memory: plan.max_memory,
            env,
            // One that has rendered its number of frames ends in order, and comes back.
            restart: Restart::Always,
            hosts: plan.hosts.clone(),
            slurm: plan.slurm.clone(),
            ..LaunchDescription::default()
        };
        let options = FleetOptions {
            output: Output::Silence,
            // Which frames end their Blenders is known here, and those are set aside.
            gives_up: false,
            // What a worker runs lies in a folder of this machine.
            carries_script: true,
            place: match plan.slurm {
                Some(_) => Where::Slurm,
                None => Where::AsDescribed,
            },
            ..FleetOptions::default()
        };
        let fleet = Fleet::start(&description, options)?;
        if fleet.name().is_none() {
            return Err(RenderError::NoWorkers(format!(
                "the workers cannot be asked: {}",
                fleet.warnings().join("; ")
            )));
        }
        let hub = Hub::start(workers, fleet.listen()).map_err(|error| {
            RenderError::NoWorkers(format!("no thread can be started: {error}"))
        })?;
        // What came up between the start and the listening.
        hub.catch_up(&fleet);
        let inner = Arc::new(Inner {
            fleet,
            hub,
            workers,
            renders: Mutex::default(),
            turns: (0..workers).map(|_| Mutex::new(())).collect(),
            contents: Contents::default(),
            cameras: Cameras::default(),
            folder: Mutex::new(Some(folder)),
        });
        let started = Self { inner };
        if let Some(limit) = plan.timeout {
            started.wait_up(limit)?;
        }
        Ok(started)
    }

    /// Waits until all workers can be asked.
    fn wait_up(&self, limit: Duration) -> Result<(), RenderError> {
        let deadline = std::time::Instant::now() + limit;
        for worker in 0..self.inner.workers {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            match self.inner.hub.wait_up(worker, Some(left), &|| false) {
                Ok(_) => {}
                Err(hub::NotUp::Gone(_)) => {
                    return Err(RenderError::NoWorkers(self.inner.report()));
                }
                Err(_) => {
                    return Err(RenderError::Late(format!(
                        "worker {worker} was not ready within {:.1} s; give more time, or look at \
                         what it says:\n{}",
                        limit.as_secs_f64(),
                        self.inner.report()
                    )));
                }
            }
        }
        Ok(())
    }

    /// How many workers there are.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.inner.workers
    }

    /// The Blender that renders: its version; empty before a host has said which it has.
    #[must_use]
    pub fn blender(&self) -> String {
        let blender = self.inner.fleet.blender();
        blender.map_or_else(String::new, |blender| blender.version.to_string())
    }

    /// The processes of the workers, in their order.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        let statuses = self.inner.fleet.status();
        statuses.iter().map(|one| one.pid).collect()
    }

    /// A scene on some of the workers, or on all.
    #[must_use]
    pub fn session(&self, workers: Option<Vec<usize>>) -> Session {
        let all = || (0..self.inner.workers).collect();
        Session::new(Arc::clone(&self.inner), workers.unwrap_or_else(all))
    }

    /// Renders a job on all workers. `progress` hears how it goes, and stops it by saying false; it is
    /// called several times a second.
    ///
    /// # Errors
    /// See [`RenderError`]. Frames that could not be rendered are no error: the outcome names them.
    pub fn render(
        &self,
        job: &RenderJob,
        progress: &mut dyn FnMut(&Progress) -> bool,
    ) -> Result<Outcome, RenderError> {
        let mut session = self.session(None);
        session.set_scene(job.scene.clone())?;
        session.render(&job.request, progress)
    }

    /// Ends the Blenders, and waits until none is left.
    pub fn stop(&self) {
        self.inner.stop();
    }

    /// What the user is to know since the last time: that another host has come or is gone, or that the
    /// Blenders are far too many or too few for the cores that draw.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        self.inner.fleet.notices()
    }

    /// A handle that ends them from another thread.
    #[must_use]
    pub fn stopper(&self) -> blendtorch_launcher::Stopper {
        self.inner.fleet.stopper()
    }
}

impl Drop for RenderFleet {
    fn drop(&mut self) {
        // Threads that wait for a worker hold the rest.
        self.inner.stop();
    }
}
