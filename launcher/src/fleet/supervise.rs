//! The thread that starts the instances, watches them and ends them.
//!
//! Owns the processes. It must never block on anything but its runtime: signals to instances have to
//! go out while terminals, pipes and users make it wait.

use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::io::AsyncRead;
use tokio::process::Child;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::board::Board;
use super::logs::Log;
use super::options::FleetOptions;
use super::output::{Line, Stream, printer, read_lines};
use super::spawn::spawn;
use super::status::InstanceState;
use crate::LaunchError;
use crate::alive::is_ending;
use crate::command::InstanceCommand;
use blendtorch_blender::lifeline::Guard;
use blendtorch_blender::noise::Filter;

/// How long what the instances have printed is waited for after their end, where nobody takes it or
/// somebody else keeps it open. A busy machine may need seconds to print the last words.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How hard the instances are asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Run,
    Stop,
    Kill,
}

/// What the thread needs to know.
pub(super) struct Plan {
    pub(super) commands: Vec<InstanceCommand>,
    pub(super) options: FleetOptions,
    /// One an instance, or none at all.
    pub(super) logs: Vec<Log>,
    pub(super) folder: Option<PathBuf>,
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
    let guard = Arc::new(Guard::start(plan.folder.as_deref()).map_err(failed("guard process"))?);
    let (lines, printed) = printer(plan.options.output, plan.logs)
        .map_err(failed("output thread"))?
        .unzip();
    let mut watchers = JoinSet::new();
    let mut outcome = Ok(());
    let (abandon, abandoned) = watch::channel(Level::Run);
    for (index, command) in plan.commands.iter().enumerate() {
        match spawn(command, &guard) {
            Ok(child) => {
                plan.board.add(child.id().unwrap_or_default());
                let watcher = Watcher {
                    index,
                    grace: plan.options.grace,
                    board: Arc::clone(&plan.board),
                    guard: Arc::clone(&guard),
                    level: plan.level.clone(),
                    abandoned: abandoned.clone(),
                };
                watchers.spawn(watcher.watch(child, lines.clone()));
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
    while watchers.join_next().await.is_some() {}
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

/// Watches one instance.
struct Watcher {
    index: usize,
    grace: Duration,
    board: Arc<Board>,
    guard: Arc<Guard>,
    level: watch::Receiver<Level>,
    /// Raised when a later instance could not be started.
    abandoned: watch::Receiver<Level>,
}

impl Watcher {
    async fn watch(mut self, mut child: Child, lines: Option<Sender<Line>>) {
        let id = child.id().unwrap_or_default();
        let readers = self.read(&mut child, lines.as_ref());
        drop(lines);
        let group = i32::try_from(id).ok().and_then(Pid::from_raw);
        let (state, stopped) = self.until_end(&mut child, group).await;
        if let Some(group) = group {
            self.end_remains(group).await;
        }
        self.guard.forget(id);
        let deadline = Instant::now() + LAST_WORDS;
        for mut reader in readers {
            // A child that left the group may hold both pipes open: do not wait for that one.
            if timeout_at(deadline, &mut reader).await.is_err() {
                reader.abort();
            }
        }
        self.board.ended(self.index, state, stopped);
    }

    fn read(&self, child: &mut Child, lines: Option<&Sender<Line>>) -> Vec<JoinHandle<()>> {
        let stdout = child
            .stdout
            .take()
            .map(|from| self.reader(from, Stream::Stdout, lines));
        let stderr = child
            .stderr
            .take()
            .map(|from| self.reader(from, Stream::Stderr, lines));
        stdout.into_iter().chain(stderr).collect()
    }

    fn reader<R: AsyncRead + Unpin + Send + 'static>(
        &self,
        from: R,
        stream: Stream,
        lines: Option<&Sender<Line>>,
    ) -> JoinHandle<()> {
        let (instance, board, lines) = (self.index, Arc::clone(&self.board), lines.cloned());
        let mut filter = Filter::default();
        tokio::spawn(read_lines(from, async move |printed: Option<String>| {
            let shown = match &printed {
                Some(line) => filter.pass(line.clone()),
                None => filter.rest(),
            };
            for line in &shown {
                board.line(instance, stream, line.clone());
            }
            let line = Line {
                instance,
                stream,
                printed,
                shown,
            };
            if let Some(lines) = &lines {
                let _ = lines.send(line).await;
            }
        }))
    }

    /// Waits for the end of the process, asking for it when told to. Says whether it was asked.
    async fn until_end(&mut self, child: &mut Child, group: Option<Pid>) -> (InstanceState, bool) {
        let send = |signal| group.map(|group| kill_process_group(group, signal));
        let mut reached = Level::Run;
        let mut deadline = None;
        let mut by_itself = false;
        loop {
            let wanted = (*self.level.borrow_and_update()).max(*self.abandoned.borrow_and_update());
            if wanted > reached {
                // One that had ended before that was not stopped, whatever is looked at first below.
                if let Ok(Some(ended)) = child.try_wait() {
                    return (InstanceState::of(ended), reached > Level::Run && !by_itself);
                }
                by_itself |= reached == Level::Run && child.id().is_some_and(is_ending);
                reached = wanted;
                if wanted == Level::Stop {
                    send(Signal::TERM);
                    deadline = Some(Instant::now() + self.grace);
                } else {
                    send(Signal::KILL);
                    deadline = None;
                }
            }
            let at = deadline.unwrap_or_else(Instant::now);
            tokio::select! {
                ended = child.wait() => {
                    // Only a process that was already waited for elsewhere gives an error.
                    let state = ended.map_or(InstanceState::Exited(-1), InstanceState::of);
                    return (state, reached > Level::Run && !by_itself);
                }
                () = sleep_until(at), if deadline.is_some() => {
                    reached = Level::Kill;
                    send(Signal::KILL);
                    deadline = None;
                }
                // A sender that is gone can ask for nothing more; the fleet stops before it goes.
                Ok(()) = self.level.changed() => {}
                Ok(()) = self.abandoned.changed() => {}
            }
        }
    }

    /// Ends what the instance has started and left behind in its group.
    async fn end_remains(&self, group: Pid) {
        let there = || test_kill_process_group(group).is_ok();
        if there() {
            let _ = kill_process_group(group, Signal::TERM);
        }
        let deadline = Instant::now() + self.grace;
        while there() && Instant::now() < deadline && *self.level.borrow() < Level::Kill {
            sleep(Duration::from_millis(20)).await;
        }
        if there() {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
