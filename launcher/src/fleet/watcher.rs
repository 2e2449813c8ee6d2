//! Watches one life of an instance, from its start to the end of all it has started.
//!
//! Owns the signals that the process is sent. It must never decide what follows the end.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::io::AsyncRead;
use tokio::process::Child;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout_at};

use super::health::{Complaint, Limits};
use super::level::{LAST_WORDS, Level};
use super::output::{Line, read_lines};
use crate::Restart;
use crate::alive::is_ending;
use crate::board::Board;
use crate::board::InstanceState;
use crate::board::Stream;
use blendtorch_blender::lifeline::Guard;
use blendtorch_blender::noise::Filter;
use blendtorch_channels::control::{Wanted, resident};

/// What is needed to watch lives of one instance.
pub(super) struct Watcher {
    pub(super) index: usize,
    pub(super) grace: Duration,
    pub(super) limits: Limits,
    pub(super) restart: Restart,
    pub(super) board: Arc<Board>,
    pub(super) guard: Arc<Guard>,
    pub(super) level: watch::Receiver<Level>,
    /// Raised when a later instance could not be started, or too few are left.
    pub(super) abandoned: watch::Receiver<Level>,
    pub(super) lines: Option<Sender<Line>>,
}

/// How a life came to its end.
#[derive(Debug)]
pub(super) struct Over {
    pub(super) state: InstanceState,
    /// The fleet was asked to end before.
    pub(super) stopped: bool,
    /// Why it was ended although the fleet was not.
    pub(super) cause: Option<String>,
}

impl Watcher {
    /// Watches a process until it and its children are gone and its last words are read.
    pub(super) async fn watch(&mut self, mut child: Child) -> Over {
        let id = child.id().unwrap_or_default();
        let readers = self.read(&mut child);
        let group = i32::try_from(id).ok().and_then(Pid::from_raw);
        let over = self.until_end(&mut child, group).await;
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
        over
    }

    /// Says something of the instance where its own lines go; nothing where nobody takes those, since
    /// signals must not wait for a terminal.
    pub(super) fn say(&self, text: &str) {
        let text = format!("blendtorch: {text}");
        if let Some(lines) = &self.lines {
            let line = Line {
                instance: self.index,
                stream: Stream::Stderr,
                printed: Some(text.clone()),
                shown: vec![text],
            };
            let _ = lines.try_send(line);
        }
    }

    /// How hard the fleet is asked to end.
    pub(super) fn wanted(&mut self) -> Level {
        (*self.level.borrow_and_update()).max(*self.abandoned.borrow_and_update())
    }

    fn read(&self, child: &mut Child) -> Vec<JoinHandle<()>> {
        let stdout = child
            .stdout
            .take()
            .map(|from| self.reader(from, Stream::Stdout));
        let stderr = child
            .stderr
            .take()
            .map(|from| self.reader(from, Stream::Stderr));
        stdout.into_iter().chain(stderr).collect()
    }

    fn reader<R: AsyncRead + Unpin + Send + 'static>(
        &self,
        from: R,
        stream: Stream,
    ) -> JoinHandle<()> {
        let (instance, board, lines) = (self.index, Arc::clone(&self.board), self.lines.clone());
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

    /// Waits for the end of the process, asking for it when told to, or when it is not well.
    async fn until_end(&mut self, child: &mut Child, group: Option<Pid>) -> Over {
        let send = |signal| group.map(|group| kill_process_group(group, signal));
        let mut reached = Level::Run;
        let mut deadline = None;
        let mut by_itself = false;
        let mut cause = None;
        let mut asked: Option<JoinHandle<bool>> = None;
        let mut awake = Awake::new(self.limits.interval());
        let mut looks = interval(self.limits.interval());
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wanted = self.wanted();
            if wanted > reached {
                // One that had ended before that was not stopped, whatever is looked at first below.
                if let Ok(Some(ended)) = child.try_wait() {
                    return Over {
                        state: InstanceState::of(ended),
                        stopped: reached > Level::Run && !by_itself,
                        cause,
                    };
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
                    return Over {
                        // Only a process that was already waited for elsewhere gives an error.
                        state: ended.map_or(InstanceState::Exited(-1), InstanceState::of),
                        stopped: reached > Level::Run && !by_itself,
                        cause,
                    };
                }
                () = sleep_until(at), if deadline.is_some() => {
                    send(Signal::KILL);
                    deadline = None;
                }
                heard = answer(&mut asked), if asked.is_some() => {
                    asked = None;
                    if !heard && deadline.is_none() {
                        send(Signal::TERM);
                        deadline = Some(Instant::now() + self.grace);
                    }
                }
                _ = looks.tick(), if deadline.is_none() && reached == Level::Run => {
                    let pid = child.id().unwrap_or_default();
                    let awake_for = awake.looks();
                    match self.complaint(pid, awake_for, cause.is_some()) {
                        Some(Complaint::Hang(why) | Complaint::FarTooMuchMemory(why)) => {
                            cause = Some(why);
                            send(Signal::TERM);
                            deadline = Some(Instant::now() + self.grace);
                        }
                        Some(Complaint::Memory(why)) => {
                            // Before it is asked: its consumers are to know when they hear its end.
                            if self.restart >= Restart::OnAbnormal {
                                self.board.returns(self.index);
                            }
                            self.say(&format!("it {why}; it ends after this episode"));
                            asked = Some(self.ask_to_end(&why));
                            cause = Some(why);
                        }
                        None => {}
                    }
                }
                // A sender that is gone can ask for nothing more; the fleet stops before it goes.
                Ok(()) = self.level.changed() => {}
                Ok(()) = self.abandoned.changed() => {}
            }
        }
    }

    /// What is wrong with the instance, which may have been told already that it has too much memory.
    fn complaint(&self, pid: u32, awake_for: Duration, told: bool) -> Option<Complaint> {
        let page = self.board.page(self.index).map(|page| page.view());
        let writer = page.as_ref().and_then(|page| page.pid).unwrap_or(pid);
        let memory = self.limits.max_memory.and_then(|_| resident(writer));
        self.limits.judge(page.as_ref(), memory, awake_for, told)
    }

    /// Has it end after its episode; whether it hears.
    fn ask_to_end(&self, why: &str) -> JoinHandle<bool> {
        let line = self.board.at(self.index).and_then(|(line, _)| line);
        let why = why.to_owned();
        tokio::spawn(async move {
            let Some(line) = line else { return false };
            let answer = line.ask(Wanted::Stop { why }, super::ANSWERS_WITHIN).await;
            answer.is_ok()
        })
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

/// The answer to what was asked; for ever where nothing was.
async fn answer(asked: &mut Option<JoinHandle<bool>>) -> bool {
    match asked {
        Some(asked) => asked.await.unwrap_or(false),
        None => std::future::pending().await,
    }
}

/// Since when this process has looked without a pause. Whoever was frozen for a while, with all its
/// instances, finds that none of them has made any progress.
#[derive(Debug)]
struct Awake {
    interval: Duration,
    since: Instant,
    looked: Instant,
}

impl Awake {
    fn new(interval: Duration) -> Self {
        let now = Instant::now();
        Self {
            interval,
            since: now,
            looked: now,
        }
    }

    /// A look; for how long there has been no pause between looks.
    fn looks(&mut self) -> Duration {
        let now = Instant::now();
        if now - self.looked > self.interval * 5 + Duration::from_secs(1) {
            self.since = now;
        }
        self.looked = now;
        now - self.since
    }
}
