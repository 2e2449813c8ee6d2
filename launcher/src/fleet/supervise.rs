//! The thread that starts the instances and sees to their lives.
//!
//! Owns the runtime in which they are watched. It must never block on anything but that: signals to
//! instances have to go out while terminals, pipes and users make it wait.

use std::path::PathBuf;
use std::sync::{Arc, mpsc};

use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::begun::Beginning;
use super::health::Limits;
use super::level::{LAST_WORDS, Level};
use super::lives::Lives;
use super::logs::Log;
use super::options::FleetOptions;
use super::output::{Line, printer};
use super::policy::Policy;
use super::spawn::{Life, spawn};
use super::watcher::Watcher;
use crate::board::Board;
use crate::command::InstanceCommand;
use crate::{LaunchError, Restart};
use blendtorch_blender::lifeline::Guard;
use blendtorch_channels::control::Page;

/// What the thread needs to know.
pub(super) struct Plan {
    pub(super) commands: Vec<InstanceCommand>,
    /// How each begins; none of those that another host has.
    pub(super) here: Vec<Option<Beginning>>,
    /// Where what they print goes, where that is not printed here.
    pub(super) lines: Option<Sender<Line>>,
    pub(super) options: FleetOptions,
    pub(super) restart: Restart,
    pub(super) min_instances: usize,
    pub(super) limits: Limits,
    /// One an instance, or none at all.
    pub(super) logs: Vec<Log>,
    /// Those that go with the fleet.
    pub(super) folders: Vec<PathBuf>,
    /// That of the head, one of them.
    pub(super) head: Option<PathBuf>,
    /// One an instance; none where there is no memory for it.
    pub(super) pages: Vec<Option<Arc<Page>>>,
    pub(super) board: Arc<Board>,
    pub(super) level: watch::Receiver<Level>,
}

/// Says that all have ended when the thread does, whatever ends it.
struct Last(Arc<Board>);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.all_ended();
    }
}

/// The thread: starts all instances, says so through `started`, and returns when all have ended.
pub(super) fn run(plan: Plan, started: &mpsc::Sender<Result<(), LaunchError>>) {
    let _last = Last(Arc::clone(&plan.board));
    let made = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build();
    let outcome = match made {
        Ok(runtime) => runtime.block_on(supervise(plan, started)),
        Err(source) => Err(LaunchError::Supervision {
            what: "runtime",
            source,
        }),
    };
    if let Err(error) = outcome {
        let _ = started.send(Err(error));
    }
}

async fn supervise(
    plan: Plan,
    started: &mpsc::Sender<Result<(), LaunchError>>,
) -> Result<(), LaunchError> {
    let failed = |what| move |source| LaunchError::Supervision { what, source };
    let folders: Vec<_> = plan.folders.iter().map(PathBuf::as_path).collect();
    let guard = Arc::new(Guard::start(&folders).map_err(failed("guard process"))?);
    let (lines, printed) = match plan.lines {
        Some(lines) => (Some(lines), None),
        None => printer(plan.options.output, plan.logs)
            .map_err(failed("output thread"))?
            .unzip(),
    };
    let mut instances = JoinSet::new();
    let mut outcome = Ok(());
    let (abandon, abandoned) = watch::channel(Level::Run);
    let abandon = Arc::new(abandon);
    let all = plan.commands.len();
    let each = plan.commands.into_iter().zip(plan.pages).zip(plan.here);
    for (index, ((command, page), beginning)) in each.enumerate() {
        let Some(beginning) = beginning else {
            plan.board.add_elsewhere();
            continue;
        };
        if let Some(page) = &page {
            page.begin_life(beginning.life);
        }
        let first = Life {
            page: page.as_deref(),
            head: plan.head.as_deref(),
            number: beginning.life,
        };
        match spawn(&command, &guard, &first) {
            Ok(child) => {
                let pid = child.id().unwrap_or_default();
                plan.board.add(pid, beginning.life, page);
                let watcher = Watcher {
                    index,
                    grace: plan.options.grace,
                    limits: plan.limits,
                    restart: plan.restart,
                    board: Arc::clone(&plan.board),
                    guard: Arc::clone(&guard),
                    level: plan.level.clone(),
                    abandoned: abandoned.clone(),
                    lines: lines.clone(),
                };
                let lives = Lives {
                    watcher,
                    command,
                    policy: Policy::new(plan.restart, plan.options.gives_up),
                    instances: (all, plan.min_instances),
                    abandon: Arc::clone(&abandon),
                    head: plan.head.clone(),
                };
                instances.spawn(lives.live(child));
            }
            Err(source) => {
                let program = command.program.to_string_lossy().into_owned();
                outcome = Err(LaunchError::Spawn {
                    instance: index,
                    program,
                    source,
                });
                let _ = abandon.send(Level::Kill);
                break;
            }
        }
    }
    if outcome.is_ok() {
        let _ = started.send(Ok(()));
    }
    while instances.join_next().await.is_some() {}
    drop(lines);
    if let Some(printed) = printed {
        // Unless nobody takes the lines; then they are lost, as the program's own would be.
        let _ = timeout(LAST_WORDS, printed).await;
    }
    if let Some(guard) = Arc::into_inner(guard) {
        // Nothing is left that a signal could have to go to.
        guard.dismiss();
    }
    outcome
}
