//! One host's time with its head.
//!
//! Owns the order of things: hello, a share, news of it, the end. It must never outlive the head, nor
//! make it wait.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc as std_mpsc;
use std::time::Duration;

use tokio::sync::mpsc::{Sender, UnboundedSender};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use blendtorch_channels::control::{Answer, Refusal, RefusalKind, State, Wanted, now_ns};
use tokio::task::JoinHandle;

use super::forward::forward;
use super::line::{hello, read, write};
use super::part::{Running, start};
use super::{Asked, HostEnd};
use crate::board::{Board, Heard};
use crate::fleet::Line;
use crate::head::Teller;
use crate::hosts::words::{FromHost, Share, ToHost};
use crate::sealed::{Reader, Writer};
use crate::{InstanceStatus, Restart};

/// How often the head hears how all are.
const REPORT: Duration = Duration::from_secs(1);
/// One that says nothing for so long is gone; it says every few seconds that it is there.
const SILENT: Duration = Duration::from_secs(60);
/// What an instance is asked has no limit here: who asked has one.
const FOR_EVER: Duration = Duration::from_secs(1_000_000_000);
/// How long an instance that waits for others has when the host was asked to go.
const WAITERS: Duration = Duration::from_secs(5);
/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// Lines that may wait to be sent; instances wait then.
const LINES: usize = 256;

/// Runs what the head says.
pub(super) async fn run(
    (reader, writer): (Reader, Writer),
    slot: String,
    mut asked: watch::Receiver<Asked>,
    say: fn(&str),
) -> HostEnd {
    let ip = match writer.own_address() {
        Ok(ip) => ip,
        Err(error) => return HostEnd::Failed(format!("the connection has no address: {error}")),
    };
    let (words, queued) = mpsc::unbounded_channel();
    let (line_sender, lines) = mpsc::channel(LINES);
    let mut writing = tokio::spawn(write(writer, queued, lines));
    let (hear, mut heard) = mpsc::channel(64);
    let reading = tokio::spawn(read(reader, hear));
    let mut host = Host {
        words,
        lines: Some(line_sender),
        ip,
        say,
        running: None,
        teller: None,
        forwarded: None,
        goes: None,
        goes_since: Instant::now(),
        asked_lives: HashSet::new(),
        starting: None,
    };
    host.tell(FromHost::Hello(Box::new(hello(slot))));
    let mut last = Instant::now();
    let mut reports = interval(REPORT);
    reports.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = loop {
        if let Some(end) = host.over() {
            break end;
        }
        tokio::select! {
            word = heard.recv() => {
                last = Instant::now();
                match word {
                    Some(Ok(word)) => if let Some(end) = host.hear(word) {
                        break end;
                    },
                    Some(Err(why)) => break HostEnd::Failed(format!("the head is gone: {why}")),
                    None => break HostEnd::Failed("the head is gone".into()),
                }
            }
            Ok(()) = asked.changed() => {
                let asked = *asked.borrow_and_update();
                if let Some(end) = host.asked(asked) {
                    break end;
                }
            }
            _ = reports.tick() => {
                if last.elapsed() > SILENT {
                    break HostEnd::Failed(format!(
                        "the head is gone: it said nothing for {} s", SILENT.as_secs()
                    ));
                }
                host.ask_to_go();
                host.report().await;
            }
            started = started(&mut host.starting), if host.starting.is_some() => {
                if let Some(starting) = host.starting.take() {
                    host.begun(started, starting.news);
                }
            }
            _ = &mut writing => break HostEnd::Failed("the head is gone: it takes no words".into()),
        }
    };
    let lost = matches!(&end, HostEnd::Failed(why) if why.starts_with("the head is gone"));
    host.end(matches!(end, HostEnd::Failed(_)), &mut asked)
        .await;
    reading.abort();
    if lost {
        writing.abort();
    } else {
        host.tell(FromHost::Bye);
        drop(host);
        let _ = timeout(LAST_WORDS, writing).await;
    }
    end
}

struct Host {
    words: UnboundedSender<FromHost>,
    lines: Option<Sender<Line>>,
    ip: IpAddr,
    say: fn(&str),
    running: Option<Arc<Running>>,
    teller: Option<Teller>,
    /// Told when all news have been passed on.
    forwarded: Option<oneshot::Receiver<()>>,
    /// The signal by which it was asked to go.
    goes: Option<i32>,
    /// Since when.
    goes_since: Instant,
    /// The lives that were asked to end since.
    asked_lives: HashSet<(usize, u64)>,
    /// A share that is being started, and which news come of it.
    starting: Option<Starting>,
}

/// A share that is being started.
struct Starting {
    task: JoinHandle<Result<Running, String>>,
    news: std_mpsc::Receiver<Heard>,
    restart: Restart,
}

/// What came of it, with its news; for ever where nothing is started.
async fn started(starting: &mut Option<Starting>) -> Result<(Running, Restart), String> {
    let Some(starting) = starting else {
        return std::future::pending().await;
    };
    let none = || Err("it could not be started there".to_owned());
    let running = (&mut starting.task).await.unwrap_or_else(|_| none());
    running.map(|running| (running, starting.restart))
}

impl Host {
    fn tell(&self, word: FromHost) {
        let _ = self.words.send(word);
    }

    fn board(&self) -> Option<&Arc<Board>> {
        self.running.as_ref().map(|running| running.fleet.board())
    }

    /// Whether there is nothing left to do: it was asked to go, and nothing runs.
    fn over(&self) -> Option<HostEnd> {
        let signal = self.goes?;
        if self.starting.is_some() {
            return None;
        }
        let runs = self
            .board()
            .is_some_and(|board| board.statuses().iter().any(InstanceStatus::is_running));
        (!runs).then_some(HostEnd::Left(signal))
    }

    fn hear(&mut self, word: ToHost) -> Option<HostEnd> {
        match word {
            ToHost::Share(share) => self.begin(*share),
            ToHost::Spare => (self.say)("nothing to run at the moment; waiting"),
            ToHost::Refuse { why } => return Some(HostEnd::Failed(why)),
            ToHost::Ask {
                id,
                instance,
                wanted,
            } => self.ask(id, instance, wanted),
            ToHost::EndLife { instance, life } => {
                if let Some(running) = &self.running {
                    running.fleet.end_life(instance, life);
                }
            }
            ToHost::Release { instance } => {
                if let Some(board) = self.board() {
                    board.release(instance);
                }
            }
            ToHost::Stop => return Some(HostEnd::InOrder),
            ToHost::Kill => {
                if let Some(running) = &self.running {
                    running.fleet.stopper().kill();
                }
                return Some(HostEnd::InOrder);
            }
            ToHost::Alive | ToHost::Told { .. } => {}
        }
        None
    }

    /// Starts a share, after what it had before has ended. Meanwhile the head and signals are heard.
    fn begin(&mut self, share: Share) {
        let (listener, news) = std_mpsc::channel();
        let lines = self.lines.clone().filter(|_| share.lines);
        let ip = self.ip;
        let before = self.running.take();
        self.teller = None;
        let restart = share.description.restart;
        let task = tokio::task::spawn_blocking(move || {
            if let Some(before) = before {
                before.fleet.stop();
                before.fleet.board().listeners.close();
            }
            start(share, ip, listener, lines)
        });
        self.starting = Some(Starting {
            task,
            news,
            restart,
        });
    }

    /// A share has been started, or cannot be.
    fn begun(
        &mut self,
        started: Result<(Running, Restart), String>,
        news: std_mpsc::Receiver<Heard>,
    ) {
        let (running, restart) = match started {
            Ok(started) => started,
            Err(why) => {
                (self.say)(&format!("error: {why}"));
                self.tell(FromHost::Refused { why });
                return;
            }
        };
        (self.say)(&format!(
            "runs {} of Blender {}",
            running.placed.commands.len(),
            running.placed.blender
        ));
        self.tell(FromHost::Placed(Box::new(running.placed.clone())));
        let board = Arc::clone(running.fleet.board());
        self.teller = Some(Teller::of_part(Arc::clone(&board), restart));
        self.running = Some(Arc::new(running));
        let words = self.words.clone();
        let (done, forwarded) = oneshot::channel();
        self.forwarded = Some(forwarded);
        let pass_on = move || {
            for heard in news {
                forward(&board, heard, &words);
            }
            let _ = done.send(());
        };
        let thread = std::thread::Builder::new()
            .name("blendtorch-news".into())
            .spawn(pass_on);
        if let Err(error) = thread {
            self.running = None;
            let why = format!("no thread can be started: {error}");
            self.tell(FromHost::Refused { why });
        }
        // Asked to go meanwhile.
        self.ask_to_go();
    }

    fn ask(&self, id: u64, instance: usize, wanted: Wanted) {
        let line = self
            .board()
            .and_then(|board| board.at(instance))
            .and_then(|(line, _)| line);
        let words = self.words.clone();
        tokio::spawn(async move {
            let outcome = match line {
                Some(line) => line.ask(wanted, FOR_EVER).await,
                None => Err(Refusal::new(RefusalKind::Gone, "it cannot be asked now")),
            };
            let _ = words.send(FromHost::Answer(Answer { id, outcome }));
        });
    }

    /// Signals, or a closed stdin.
    fn asked(&mut self, asked: Asked) -> Option<HostEnd> {
        match asked {
            Asked::No => None,
            Asked::ToGo(signal) => {
                (self.say)("asked to go: ending after what is in work (once more to end at once)");
                (self.goes, self.goes_since) = (Some(signal), Instant::now());
                self.tell(FromHost::Leaving {
                    why: format!(
                        "signal {signal}: its time is over, or the node is wanted by others"
                    ),
                });
                self.ask_to_go();
                None
            }
            Asked::ToEnd(signal) => Some(HostEnd::Left(signal)),
        }
    }

    /// Once it was asked to go: instances end after their episode, their frames, those too that can be
    /// asked only now. One that waits for others, or cannot be asked, is not waited for.
    fn ask_to_go(&mut self) {
        let (Some(running), Some(signal)) = (self.running.clone(), self.goes) else {
            return;
        };
        let why = format!("signal {signal}");
        let board = running.fleet.board();
        let patient = self.goes_since.elapsed() < WAITERS;
        for status in board.statuses() {
            // An end of it here is its last, here.
            board.release(status.index);
            if !status.is_running() {
                continue;
            }
            let line = board.at(status.index).and_then(|(line, _)| line);
            let asked = line.is_some();
            let new = self.asked_lives.insert((status.index, status.life));
            match line {
                Some(line) if new => {
                    let why = why.clone();
                    tokio::spawn(async move { line.ask(Wanted::Stop { why }, FOR_EVER).await });
                }
                Some(_) => {}
                // It is asked when it can be.
                None => {
                    self.asked_lives.remove(&(status.index, status.life));
                }
            }
            let state = board.page(status.index).map(|page| page.view().state);
            let waits = matches!(
                state,
                Some(State::WaitingForConsumer | State::WaitingForAgent)
            );
            if !patient && (waits || !asked) {
                running.fleet.end_life(status.index, status.life);
            }
        }
    }

    async fn report(&self) {
        let Some(teller) = &self.teller else {
            return;
        };
        // Lives that are over were told when they ended.
        let report = teller.report(false, true, u64::MAX).await;
        let here = report.instances.into_iter().filter(|one| one.pid > 0);
        self.tell(FromHost::Report {
            now_ns: now_ns(),
            instances: here.collect(),
        });
    }

    /// Ends what runs here, and waits until it is gone. A further signal makes it quicker.
    async fn end(&mut self, at_once: bool, asked: &mut watch::Receiver<Asked>) {
        self.teller = None;
        if let Some(starting) = self.starting.take()
            && let Ok(Ok(running)) = starting.task.await
        {
            self.running = Some(Arc::new(running));
        }
        let Some(running) = self.running.take() else {
            return;
        };
        let stopper = running.fleet.stopper();
        stopper.stop();
        let (ended, mut hear) = oneshot::channel();
        let waits = std::thread::Builder::new()
            .name("blendtorch-end".into())
            .spawn(move || {
                running.fleet.stop();
                running.fleet.board().listeners.close();
                drop(running);
                let _ = ended.send(());
            });
        if waits.is_err() {
            return;
        }
        // With the head everything that anybody wanted of it is gone.
        if at_once {
            (self.say)("ending all instances");
        }
        loop {
            tokio::select! {
                _ = &mut hear => break,
                Ok(()) = asked.changed() => {
                    if matches!(*asked.borrow_and_update(), Asked::ToEnd(_)) {
                        stopper.kill();
                    }
                }
            }
        }
        if let Some(forwarded) = self.forwarded.take() {
            let _ = timeout(LAST_WORDS, forwarded).await;
        }
    }
}
