//! The hosts that are there, and what becomes of their instances when they come and go.
//!
//! Owns the books: which host has which instances, and which wait. What a host says of one is
//! [`heard`](super::heard)'s.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{Sender, UnboundedSender};
use tokio::time::Instant;

use super::State;
use super::connection::Event;
use super::far::Order;
use super::member::{Host, unfit};
use super::supplied::Supplied;
use crate::board::Board;
use crate::fleet::{Level, Line};
use crate::hosts::join::Join;
use crate::hosts::record::JobRecord;
use crate::hosts::share::Waiting;
use crate::hosts::words::{HostHello, Share, ToHost};
use crate::placement::Change;
use crate::{FleetOptions, LaunchDescription};

/// How often hosts hear that the head is there.
const ALIVE: Duration = Duration::from_secs(5);
/// One that says nothing for so long is gone; it reports once a second.
const SILENT: Duration = Duration::from_secs(60);
/// How long whoever supplies hosts may take to give them back.
const PATIENTLY: Duration = Duration::from_secs(60);
const QUICKLY: Duration = Duration::from_secs(15);

/// All of them.
pub(super) struct Members {
    pub(super) supplied: Supplied,
    pub(super) board: Arc<Board>,
    pub(super) state: State,
    pub(super) lines: Option<Sender<Line>>,
    pub(super) hosts: HashMap<u64, Host>,
    pub(super) waiting: Waiting,
    /// Instances that have ended for good.
    pub(super) ended: BTreeSet<usize>,
    pub(super) description: LaunchDescription,
    pub(super) level: Level,
    pub(super) events: UnboundedSender<Event>,
    script: Option<String>,
    seed: u64,
    grace: Duration,
    gives_up: bool,
    remember: bool,
    /// Whether anything has ever been up.
    pub(super) was_up: bool,
    join: Join,
    /// The records of its jobs.
    jobs: Vec<JobRecord>,
    alive_at: Instant,
    /// Why hosts that went lately did, by their slots.
    reasons: HashMap<String, String>,
    /// Why none comes any more.
    over: Option<String>,
    /// Lines that nobody took.
    pub(super) dropped: u64,
}

impl Members {
    pub(super) fn new(
        description: LaunchDescription,
        (seed, each, logged): (u64, usize, bool),
        options: &FleetOptions,
        (board, state, lines): (Arc<Board>, State, Option<Sender<Line>>),
        (supplied, join): (Supplied, Join),
        events: UnboundedSender<Event>,
    ) -> Self {
        let script = options
            .carries_script
            .then(|| std::fs::read_to_string(&description.script).ok());
        let wants_lines = lines.is_some() || logged;
        Self {
            supplied,
            board,
            state,
            lines: lines.filter(|_| wants_lines),
            hosts: HashMap::new(),
            waiting: Waiting::new(description.num_instances, each),
            ended: BTreeSet::new(),
            script: script.flatten(),
            description,
            level: Level::Run,
            events,
            seed,
            grace: options.grace,
            gives_up: options.gives_up,
            remember: options.remember,
            was_up: false,
            join,
            jobs: Vec::new(),
            alive_at: Instant::now(),
            reasons: HashMap::new(),
            over: None,
            dropped: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// How hard the fleet has to end because of what has become of its instances.
    pub(super) fn wanted(&self) -> Level {
        let all = self.description.num_instances;
        match self.board.failure().is_some() || self.ended.len() >= all {
            true => Level::Stop,
            false => Level::Run,
        }
    }

    pub(super) fn hear(&mut self, event: Event) {
        match event {
            Event::Came {
                id,
                hello,
                peer,
                say,
            } => self.came(id, &hello, peer, say),
            Event::Says { id, word, heard } => {
                if let Some(host) = self.hosts.get_mut(&id) {
                    host.heard_at = Instant::now();
                    self.heard(id, *word);
                }
                let _ = heard.send(());
            }
            Event::Gone { id, why } => self.gone(id, &why),
            Event::Question {
                id,
                instance,
                wanted,
                answer,
            } => {
                if let Some(host) = self.hosts.get_mut(&id) {
                    host.asked += 1;
                    let asked = host.asked;
                    host.open.retain(|_, asker| !asker.is_closed());
                    host.open.insert(asked, answer);
                    host.tell(ToHost::Ask {
                        id: asked,
                        instance,
                        wanted,
                    });
                }
            }
        }
    }

    fn came(
        &mut self,
        id: u64,
        hello: &HostHello,
        peer: Option<IpAddr>,
        say: UnboundedSender<ToHost>,
    ) {
        let name = match (&hello.host, peer) {
            (host, _) if !host.is_empty() => host.chars().take(200).collect(),
            (_, Some(peer)) => peer.to_string(),
            _ => format!("host {id}"),
        };
        let host = Host {
            name,
            slot: hello.slot.clone(),
            say,
            instances: BTreeSet::new(),
            heard_at: Instant::now(),
            open: HashMap::new(),
            asked: 0,
            leaving: None,
            came_at: Instant::now(),
        };
        if let Some(why) = unfit(hello) {
            host.tell(ToHost::Refuse { why: why.clone() });
            self.unusable(&host.name, &host.slot, &why);
            return;
        }
        self.supplied.came(&hello.slot);
        self.reasons.remove(&hello.slot);
        self.over = None;
        // Slurm starts a job elsewhere when a node does not answer, and what runs there runs on.
        let same = |host: &Host| !host.slot.is_empty() && host.slot == hello.slot;
        let before: Vec<_> = self
            .hosts
            .iter()
            .filter(|(_, host)| same(host))
            .map(|(id, host)| {
                host.tell(ToHost::Kill);
                *id
            })
            .collect();
        for old in before {
            self.gone(old, "another one has been started in its place");
        }
        if self.level > Level::Run {
            host.tell(ToHost::Refuse {
                why: "the fleet ends".into(),
            });
            return;
        }
        self.hosts.insert(id, host);
        self.give(id);
    }

    /// A host cannot be used: that is said, and its supplier knows it. Where no other one comes, the
    /// fleet ends for this reason.
    pub(super) fn unusable(&mut self, name: &str, slot: &str, why: &str) {
        let why = format!("host {name}: {why}");
        self.state.notice(format!("warning: {why}"));
        self.reasons.insert(slot.to_owned(), why);
        self.supplied.refused(slot);
    }

    /// Whether a host has had about as much time as a job has.
    pub(super) fn is_at_its_limit(&self, host: &Host) -> bool {
        let slurm = self.description.slurm.as_ref();
        let Some((time, before)) = slurm.and_then(|one| Some((one.time?, one.signal_before)))
        else {
            return false;
        };
        // Slurm asks up to a minute earlier than it is told to.
        let early = Duration::from_secs(u64::from(before) + 90);
        host.came_at.elapsed() + early >= time.duration()
    }

    /// Gives a host its share.
    fn give(&mut self, id: u64) {
        let Some(host) = self.hosts.get_mut(&id) else {
            return;
        };
        if host.leaving.is_some() || !host.instances.is_empty() {
            return;
        }
        let instances = self.waiting.take();
        if instances.is_empty() {
            host.tell(ToHost::Spare);
            return;
        }
        host.instances = instances.iter().map(|one| one.index).collect();
        host.tell(ToHost::Share(Box::new(Share {
            description: self.description.clone(),
            script: self.script.clone(),
            seed: self.seed,
            instances,
            grace: self.grace.as_secs_f64(),
            gives_up: self.gives_up,
            remember: self.remember,
            lines: self.lines.is_some(),
        })));
    }

    /// Gives what waits to hosts that have nothing.
    pub(super) fn give_out(&mut self) {
        if self.waiting.is_empty() || self.level > Level::Run {
            return;
        }
        let idle = |host: &Host| host.instances.is_empty() && host.leaving.is_none();
        let free: Vec<_> = self
            .hosts
            .iter()
            .filter(|(_, host)| idle(host))
            .map(|(id, _)| *id)
            .collect();
        for id in free {
            self.give(id);
        }
    }

    /// A connection is over: whatever the host had has ended with it.
    fn gone(&mut self, id: u64, why: &str) {
        let Some(host) = self.hosts.remove(&id) else {
            return;
        };
        let why = host
            .leaving
            .clone()
            .or_else(|| self.reasons.remove(&host.slot))
            .unwrap_or_else(|| why.to_owned());
        let why = match self.is_at_its_limit(&host) {
            true => format!("{why}, near its time limit"),
            false => why,
        };
        let had: Vec<_> = host.instances.iter().copied().collect();
        if self.level == Level::Run && !had.is_empty() {
            self.state.notice(format!(
                "host {} is gone: {why}; {} come{} back when there is another one",
                host.name,
                listed(&had),
                if had.len() == 1 { "s" } else { "" }
            ));
        }
        for index in had {
            self.taken(index, &format!("its host {} is gone: {why}", host.name));
        }
        self.give_out();
        self.see_to_the_end();
    }

    pub(super) fn changed(&mut self, change: Change) {
        match change {
            Change::Note(line) => self.state.notice(line),
            Change::Lost { slot, why } => {
                let known = self.hosts.values_mut().find(|host| host.slot == slot);
                match known {
                    Some(host) => {
                        // Its connection ends in a moment, or has.
                        host.leaving.get_or_insert(why);
                    }
                    // Why it is of no use has been said.
                    None if self.reasons.contains_key(&slot) => {}
                    None => {
                        if self.level == Level::Run {
                            let at = self.join.addresses.join(", ");
                            self.state
                                .notice(format!("warning: {why} (the head is at {at})"));
                        }
                        self.reasons.insert(slot, why);
                    }
                }
            }
            Change::Job(job) => self.jobs.extend(self.record(&job)),
            Change::Over(why) => {
                self.over = Some(why);
                self.see_to_the_end();
            }
        }
    }

    /// By which `blendtorch status` finds the head of a job.
    pub(super) fn record(&self, job: &str) -> Option<JobRecord> {
        let made = JobRecord::write(job, &self.join);
        let why = made.as_ref().err().map(ToString::to_string);
        if let Some(why) = why {
            self.state.notice(format!(
                "warning: `blendtorch status {job}` cannot find this fleet: {why}"
            ));
        }
        made.ok()
    }

    /// Where no host is left and none will come, the fleet has failed.
    pub(super) fn see_to_the_end(&mut self) {
        if let Some(why) = self.over.clone().filter(|_| self.hosts.is_empty())
            && self.level == Level::Run
        {
            let mut reasons: Vec<_> = self.reasons.drain().map(|(_, why)| why).collect();
            reasons.truncate(3);
            let reasons = match reasons.is_empty() {
                true => String::new(),
                false => format!(": {}", reasons.join("; ")),
            };
            self.board.set_failure(format!("{why}{reasons}"));
        }
    }

    pub(super) fn order(&mut self, order: &Order) {
        let (instance, word) = match *order {
            Order::EndLife { instance, life } => (instance, ToHost::EndLife { instance, life }),
            Order::Release { instance } => (instance, ToHost::Release { instance }),
        };
        let host = self
            .hosts
            .values()
            .find(|host| host.instances.contains(&instance));
        if let Some(host) = host {
            host.tell(word);
        }
    }

    pub(super) fn tick(&mut self) {
        let now = Instant::now();
        if now - self.alive_at >= ALIVE {
            self.alive_at = now;
            self.hosts
                .values()
                .for_each(|host| host.tell(ToHost::Alive));
        }
        let silent = |host: &Host| now - host.heard_at > SILENT;
        let gone: Vec<_> = self
            .hosts
            .iter()
            .filter(|(_, host)| silent(host))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.gone(id, &format!("it said nothing for {} s", SILENT.as_secs()));
        }
        if self.dropped > 0 {
            let lines = std::mem::take(&mut self.dropped);
            self.state.notice(format!(
                "warning: {lines} lines of instances are not shown: nobody took them in time"
            ));
        }
    }

    /// All are asked to end.
    pub(super) fn stop(&mut self, level: Level) {
        self.level = level;
        for host in self.hosts.values() {
            host.tell(match level {
                Level::Kill => ToHost::Kill,
                _ => ToHost::Stop,
            });
        }
        for index in self.waiting.all() {
            self.board.stays_ended(index);
        }
    }

    /// The end: hosts are given back.
    pub(super) async fn end(&mut self) {
        let left: Vec<_> = self.hosts.drain().map(|(_, host)| host).collect();
        for index in left.iter().flat_map(|host| &host.instances) {
            self.board.stays_ended(*index);
        }
        drop(left);
        let patience = match self.level {
            Level::Kill => QUICKLY,
            _ => PATIENTLY,
        };
        if let Some(left) = self.supplied.end(patience).await {
            self.state.notice(format!("warning: {left}"));
        }
        self.lines = None;
    }
}

/// `instance 3`, `instances 0, 1`.
pub(super) fn listed(instances: &[usize]) -> String {
    let each: Vec<_> = instances.iter().map(ToString::to_string).collect();
    let s = if instances.len() == 1 { "" } else { "s" };
    format!("instance{s} {}", each.join(", "))
}
