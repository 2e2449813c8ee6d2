//! The lives of one instance: it is watched, and started again where its policy says so.
//!
//! Owns what happens between two lives: the page of memory, what a killed Blender left, the delay. It
//! must never start an instance of a fleet that is asked to end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::sleep;

use blendtorch_channels::control::{Epitaph, PageView, now_ns};

use super::level::Level;
use super::policy::{End, Next, Policy};
use super::spawn::{Life, spawn};
use super::watcher::{Over, Watcher};
use crate::board::Ended;
use crate::board::InstanceState;
use crate::command::InstanceCommand;
use crate::head::session;

/// How often it is looked whether an instance that waits for its next life is still to have one.
const LOOK: Duration = Duration::from_millis(50);
/// A life that says nothing of itself has done something when it lasted so long.
const LASTED: Duration = Duration::from_secs(60);

/// One instance, for as long as it has lives.
pub(super) struct Lives {
    pub(super) watcher: Watcher,
    pub(super) command: InstanceCommand,
    pub(super) policy: Policy,
    /// How many instances there are, and how many of them the fleet needs.
    pub(super) instances: (usize, usize),
    /// Asks all others to end, where too few are left.
    pub(super) abandon: Arc<watch::Sender<Level>>,
    /// The folder of the head, where notes of Blender's folders lie.
    pub(super) head: Option<PathBuf>,
}

impl Lives {
    /// Lives all of them, the first of which runs already.
    pub(super) async fn live(mut self, mut child: Child) {
        let index = self.watcher.index;
        let board = Arc::clone(&self.watcher.board);
        loop {
            let began = Instant::now();
            let over = self.watcher.watch(child).await;
            let next = self.bury(over, began.elapsed()).await;
            let Some(delay) = next else {
                self.see_to_the_fleet();
                return;
            };
            if !self.waits(delay).await {
                board.stays_ended(index);
                return;
            }
            match self.begin_again() {
                Ok(begun) => child = begun,
                Err(error) => {
                    board.gave_up(index, format!("it could not be started again: {error}"));
                    self.see_to_the_fleet();
                    return;
                }
            }
        }
    }

    /// A life is over: it is written down, and what it left goes. The delay to the next one, if there
    /// is to be one.
    async fn bury(&mut self, over: Over, lasted: Duration) -> Option<Duration> {
        let (index, board) = (self.watcher.index, Arc::clone(&self.watcher.board));
        let page = board.page(index);
        let view = page.as_ref().map(|page| page.view()).unwrap_or_default();
        let about = board.at(index).and_then(|(_, about)| about);
        let left = about.map(|about| about.folders).unwrap_or_default();
        session::remove(self.head.as_deref(), index, left).await;
        let in_order = over.state == InstanceState::Exited(0) && over.cause.is_none();
        if let Some(page) = page.filter(|_| in_order) {
            page.end_run();
        }
        let end = End {
            state: over.state,
            stopped: over.stopped || self.watcher.wanted() > Level::Run || board.is_released(index),
            cause: over.cause.clone(),
            // An environment publishes nothing, and steps; of a script that says nothing of itself only
            // its time is known.
            delivered: view.messages > 0
                || (view.publishers.is_empty() && view.frames > 0)
                || (view.pid.is_none() && lasted >= LASTED),
        };
        let next = self.policy.after(&end, Instant::now());
        let (delay, given_up) = match next {
            Next::Stays => (None, None),
            Next::Again(delay) => (Some(delay), None),
            Next::GivesUp(why) => (None, Some(why)),
        };
        let told = delay.map(|delay| {
            let (how, soon) = (said(&over), delay.as_secs_f64());
            format!("it {how}; it starts again in {soon} s, at {}", place(&view))
        });
        let epitaph = Epitaph {
            life: view.life.max(1),
            end: said(&over),
            ended_ns: now_ns(),
            began_ns: board.began_ns(index),
            publishers: view.publishers,
        };
        board.ended(
            index,
            Ended {
                state: over.state,
                stopped: over.stopped,
                cause: over.cause,
                given_up,
                restarts_at: delay.map(|delay| Instant::now() + delay),
                messages: view.messages,
                epitaph,
                taken: false,
            },
        );
        if let Some(told) = told {
            self.watcher.say(&told);
        }
        delay
    }

    /// Waits until it is time; false where the fleet is asked to end before.
    async fn waits(&mut self, delay: Duration) -> bool {
        let time = sleep(delay);
        tokio::pin!(time);
        loop {
            if self.watcher.wanted() > Level::Run || self.is_released() {
                return false;
            }
            tokio::select! {
                () = sleep(LOOK) => {}
                () = &mut time => {
                    return self.watcher.wanted() == Level::Run && !self.is_released();
                }
                Ok(()) = self.watcher.level.changed() => {}
                Ok(()) = self.watcher.abandoned.changed() => {}
            }
        }
    }

    /// Somebody has said that an end of it is its last.
    fn is_released(&self) -> bool {
        self.watcher.board.is_released(self.watcher.index)
    }

    fn begin_again(&self) -> std::io::Result<Child> {
        let (index, board) = (self.watcher.index, &self.watcher.board);
        let page = board.page(index);
        let number = board.lives(index) + 1;
        if let Some(page) = &page {
            page.begin_life(number);
        }
        let begins = Life {
            page: page.as_deref(),
            head: self.head.as_deref(),
            number,
        };
        let child = spawn(&self.command, &self.watcher.guard, &begins)?;
        board.begins(index, child.id().unwrap_or_default());
        Ok(child)
    }

    /// Where too many have failed for good, the others end too.
    fn see_to_the_fleet(&self) {
        let (all, least) = self.instances;
        let failed = self.watcher.board.failed();
        let left = all.saturating_sub(failed);
        if failed > 0 && left < least {
            self.watcher.board.set_failure(format!(
                "{failed} of {all} instances have failed, and min_instances is {least}: the fleet ends"
            ));
            let _ = self.abandon.send(Level::Stop);
        }
    }
}

fn said(over: &Over) -> String {
    match &over.cause {
        Some(cause) => format!("{cause}, and {}", over.state),
        None => over.state.to_string(),
    }
}

/// Where the next life goes on, for people.
fn place(view: &PageView) -> String {
    match view.resume.next_episode {
        0 => "its beginning".into(),
        episode => format!("episode {episode}"),
    }
}
