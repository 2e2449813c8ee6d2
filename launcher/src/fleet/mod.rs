//! A running fleet: the blocking face of supervision.
//!
//! Owns the fleet's life as its user sees it. The processes themselves are watched by a thread of
//! their own ([`supervise`]); this file must never wait for one in another way than through what
//! that thread reports.

mod begun;
mod crowding;
mod health;
mod level;
mod lives;
mod logs;
mod options;
mod output;
mod policy;
mod prepare;
mod spawn;
mod start;
mod supervise;
mod watcher;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::sync::watch;

use blendtorch_blender::Blender;
use blendtorch_channels::control::{Refusal, Wanted};

use crate::alive::is_ending;
use crate::board::{Board, Heard, InstanceStatus};
use crate::head::{Head, line_to};
use crate::hosts::Far;
use crate::{LaunchError, LaunchInfo};

pub(crate) use begun::{Beginning, Part};
use crowding::Crowding;
pub(crate) use level::{LAST_WORDS, Level};
pub(crate) use logs::Log;
pub use options::FleetOptions;
pub use output::Output;
pub(crate) use output::{Line, printer};

/// How long an instance may take to answer that it has heard something.
pub(crate) const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// How long the last words of an instance whose process has ended are waited for, and who left
/// processes behind to end those.
const LAST_LOOK: Duration = Duration::from_secs(15);

/// Running Blender instances, each of which is started again where the description says so. Dropping
/// it ends them all, their children too; so does whatever ends the program that holds it.
///
/// Other programs of this user ask it through the control channel, by the name in its launch info.
///
/// A process forked from that program may hold a copy, which does nothing.
#[derive(Debug)]
pub struct Fleet {
    info: LaunchInfo,
    /// None where hosts find their own.
    blender: Option<Blender>,
    /// The hosts, where the instances run on others.
    far: Option<Far>,
    warnings: Vec<String>,
    board: Arc<Board>,
    crowding: Mutex<Crowding>,
    stopper: Stopper,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The process that started the fleet: the instances are its children and nobody else's.
    owner: u32,
    /// Where others ask; none where the user has no folder for it.
    head: Mutex<Option<Head>>,
    /// Folder of ipc sockets, removed after the last instance.
    _folder: Option<tempfile::TempDir>,
}

impl Fleet {
    /// Addresses to connect to and the command lines; of instances on other hosts those that are there.
    pub fn launch_info(&self) -> LaunchInfo {
        match &self.far {
            Some(far) => far.state.launch_info(&self.board),
            None => self.info.clone(),
        }
    }

    /// The Blender that runs; none before a host has said which it has.
    pub fn blender(&self) -> Option<Blender> {
        match &self.far {
            Some(far) => far.state.blender(),
            None => self.blender.clone(),
        }
    }

    /// Whether the instances run on other hosts.
    pub fn is_far(&self) -> bool {
        self.far.is_some()
    }

    /// What the user is to know since the last time: that a host has come, was taken away, or why none
    /// comes; once, that far more or far fewer instances draw on the processor than it has cores.
    pub fn notices(&self) -> Vec<String> {
        match &self.far {
            Some(far) => far.state.take_notices(),
            None => self.crowding().look(&self.board).into_iter().collect(),
        }
    }

    fn crowding(&self) -> MutexGuard<'_, Crowding> {
        self.crowding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lines for the user: that machines other than this one can reach the sockets, that there is no
    /// display for windows.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Writes the launch info to a file, and has those who choose among fleets told of it. Of instances
    /// on other hosts it is written when the first is up, and anew when more come or go; one that
    /// another fleet has left is removed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_launch_info(&self, path: impl AsRef<Path>) -> Result<(), crate::InfoError> {
        match &self.far {
            Some(far) => far.keep_info_in(path.as_ref())?,
            None => self.info.save_json(path.as_ref())?,
        }
        if let Some(head) = &*self.head() {
            head.is_led_to_by(path.as_ref());
        }
        Ok(())
    }

    /// The name by which the control channel knows it, as in its launch info; none where there is no
    /// such channel.
    pub fn name(&self) -> Option<&str> {
        self.info.fleet.as_deref()
    }

    /// What is heard of the instances from now on: when each is there, what it says, when it ends.
    pub fn listen(&self) -> mpsc::Receiver<Heard> {
        self.board.listeners.add()
    }

    /// Has an instance do something, and waits for its answer: for the program that holds the fleet, as
    /// others ask through its socket.
    ///
    /// # Errors
    /// It does not run, cannot be asked, refuses, or does not answer in time.
    pub fn ask(
        &self,
        index: usize,
        wanted: Wanted,
        patience: Duration,
    ) -> Result<serde_json::Value, Refusal> {
        line_to(&self.board, index)?.ask_and_wait(wanted, patience)
    }

    /// Ends a life of an instance at once, its children too; another one begins where the description
    /// says so. Does nothing where that life is over already.
    pub fn end_life(&self, index: usize, life: u64) {
        if !self.is_owner() {
            return;
        }
        if let Some(far) = &self.far {
            far.end_life(index, life);
            return;
        }
        let statuses = self.board.statuses();
        let one = statuses
            .get(index)
            .filter(|one| one.is_running() && one.life == life);
        let group = one.and_then(|one| Pid::from_raw(i32::try_from(one.pid).ok()?));
        if let Some(group) = group {
            // Who has ended meanwhile is waited for by the supervision: the number is still its own.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    fn head(&self) -> MutexGuard<'_, Option<Head>> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many instances are running.
    pub fn alive(&self) -> usize {
        self.status()
            .iter()
            .filter(|status| status.is_running())
            .count()
    }

    /// Why the fleet has failed as a whole: too few instances are left.
    pub fn failure(&self) -> Option<String> {
        self.board.failure()
    }

    /// One status an instance, in their order.
    pub fn status(&self) -> Vec<InstanceStatus> {
        self.board.statuses()
    }

    /// Sees that every instance is running, or will be again. One whose process has ended is seen to have ended, also
    /// where its last words are still being read: those are waited for.
    ///
    /// # Errors
    /// [`LaunchError::NotAlive`] with the exit codes and last lines of those that have ended.
    pub fn assert_alive(&self) -> Result<(), LaunchError> {
        let statuses = self.settled();
        let ended: Vec<_> = statuses
            .iter()
            .filter(|status| !status.is_alive())
            .collect();
        if ended.is_empty() {
            return Ok(());
        }
        let reports = ended.iter().map(|status| status.report());
        let report: Vec<_> = self.failure().into_iter().chain(reports).collect();
        let report = report.join("\n");
        Err(LaunchError::NotAlive {
            ended: ended.len(),
            total: statuses.len(),
            report,
        })
    }

    /// The statuses, once those whose processes have ended say so.
    fn settled(&self) -> Vec<InstanceStatus> {
        if self.is_far() {
            return self.status();
        }
        let deadline = Instant::now() + LAST_LOOK;
        loop {
            let statuses = self.status();
            let ending = |status: &InstanceStatus| status.is_running() && has_ended(status.pid);
            let wait = self.is_owner() && statuses.iter().any(ending);
            if !wait || Instant::now() >= deadline {
                return statuses;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until every instance has ended, and gives their statuses.
    pub fn wait(&self) -> Vec<InstanceStatus> {
        if self.is_owner() {
            self.board.wait(None);
        }
        self.status()
    }

    /// Waits at most `limit`; says whether every instance has ended.
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        self.is_owner() && self.board.wait(Some(limit))
    }

    /// Ends every instance and its children, and returns when none is left: SIGTERM, then after the
    /// grace period SIGKILL. Does nothing the second time.
    pub fn stop(&self) {
        if self.is_owner() {
            self.stopper.stop();
            self.board.wait(None);
        }
    }

    /// After [`stop`](Self::stop), nobody can ask any more how the instances were, as after a drop.
    pub fn retire(&self) {
        if self.is_owner() {
            drop(self.head().take());
        }
    }

    /// From now on an end of this instance, whatever brings it, is its last: for whoever is about to
    /// end that one alone.
    pub fn release(&self, index: usize) {
        self.board.release(index);
        if let Some(far) = &self.far {
            far.release(index);
        }
    }

    /// A handle that can ask for the end from another thread, without waiting for it.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    pub(crate) fn board(&self) -> &Arc<Board> {
        &self.board
    }

    fn is_owner(&self) -> bool {
        std::process::id() == self.owner
    }
}

/// Whether a child of this process has ended; who waits for it still gets its code.
fn has_ended(pid: u32) -> bool {
    if is_ending(pid) {
        return true;
    }
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return false;
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    match waitid(WaitId::Pid(pid), options) {
        Ok(ended) => ended.is_some(),
        Err(_) => true, // it has been waited for
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let thread = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if self.is_owner() {
            self.stop();
            if let Some(thread) = thread {
                let _ = thread.join();
            }
        } else {
            // After a fork there is no such thread here, and the folder is the parent's to remove.
            std::mem::forget(thread);
            std::mem::forget(self._folder.take());
            let head = self.head.get_mut().unwrap_or_else(PoisonError::into_inner);
            if let Some(head) = head {
                head.forget();
            }
        }
    }
}

/// Asks a [`Fleet`] to end, from any thread and without waiting.
#[derive(Debug, Clone)]
pub struct Stopper {
    level: Arc<watch::Sender<Level>>,
}

impl Stopper {
    /// SIGTERM to all instances, SIGKILL after the grace period.
    pub fn stop(&self) {
        self.raise(Level::Stop);
    }

    /// SIGKILL to all instances now.
    pub fn kill(&self) {
        self.raise(Level::Kill);
    }

    fn raise(&self, to: Level) {
        self.level.send_if_modified(|level| {
            let higher = to > *level;
            *level = to.max(*level);
            higher
        });
    }
}
