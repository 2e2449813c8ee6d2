//! What a host says of its instances, on its way to the board.
//!
//! Owns the translation: clocks become this machine's. Nothing that a host says is about another
//! one's instances.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use blendtorch_blender::{Blender, Runtime};
use blendtorch_channels::control::{Epitaph, InstanceReport, now_ns};

use super::clock::Clock;
use super::connection::Event;
use super::member::Host;
use super::members::{Members, listed};
use crate::Restart;
use crate::board::{Ended, InstanceState, Known, LineToInstance, Stream};
use crate::fleet::{Level, Line};
use crate::hosts::words::{EndedThere, FromHost, Placed, ToHost};

/// An answer's asker waits as long as it likes; so does its place here.
const LONGEST_TEXT: usize = 16 << 10;

impl Members {
    /// A host says something.
    pub(super) fn heard(&mut self, id: u64, word: FromHost) {
        match word {
            FromHost::Placed(placed) => self.placed(id, *placed),
            FromHost::Refused { why } => self.refused(id, &why),
            FromHost::Leaving { why } => self.leaves(id, &why),
            FromHost::Report { now_ns, instances } => self.reported(id, now_ns, instances),
            FromHost::Answer(answer) => {
                let host = self.hosts.get_mut(&id);
                if let Some(asker) = host.and_then(|host| host.open.remove(&answer.id)) {
                    let _ = asker.send(answer.outcome);
                }
            }
            FromHost::Began {
                instance,
                life,
                pid,
            } => {
                if let Some(name) = self.host_of(id, instance).map(|host| host.name.clone()) {
                    self.was_up = true;
                    self.waiting.is_at(instance, life, None);
                    self.board.begins_at(instance, life, pid, &name);
                }
            }
            FromHost::Says {
                instance,
                life,
                about,
            } => {
                if let Some(pid) = self.pid_of(id, instance, life) {
                    self.lay_line(id, instance);
                    self.board.says(instance, pid, &about);
                }
            }
            FromHost::Said {
                instance,
                life,
                topic,
                value,
            } => {
                if let Some(pid) = self.pid_of(id, instance, life) {
                    self.board.said(instance, pid, topic, value);
                }
            }
            FromHost::Ended(ended) => self.ended(id, *ended),
            FromHost::Line {
                instance,
                error,
                printed,
                shown,
            } => self.printed(id, instance, error, (printed, shown)),
            // Its connection ends next.
            FromHost::Bye | FromHost::Hello(_) | FromHost::Person { .. } => {}
        }
    }

    /// The host, where the instance is its own.
    fn host_of(&self, id: u64, instance: usize) -> Option<&Host> {
        let host = self.hosts.get(&id)?;
        host.instances.contains(&instance).then_some(host)
    }

    /// The process of an instance's life, where that is this host's and the latest.
    fn pid_of(&self, id: u64, instance: usize, life: u64) -> Option<u32> {
        self.host_of(id, instance)?;
        let of = |one: &Known| {
            let now = one.status.is_running() && one.status.life == life;
            now.then_some(one.status.pid)
        };
        self.board.look(instance, of).flatten()
    }

    fn placed(&mut self, id: u64, placed: Placed) {
        let Some(host) = self.hosts.get(&id) else {
            return;
        };
        let instances: Vec<_> = host.instances.iter().copied().collect();
        let name = host.name.clone();
        let mut known = self.state.lock();
        for (at, &index) in instances.iter().enumerate() {
            let mut addresses = Vec::new();
            for socket in known.sockets.clone() {
                let address = placed.addresses.get(&socket).and_then(|of| of.get(at));
                if let (Some(address), Some(of)) = (address, known.addresses.get_mut(index)) {
                    of.insert(socket, address.clone());
                    addresses.push(address.clone());
                }
            }
            if let Some(place) = known.commands.get_mut(index) {
                *place = placed.commands.get(at).cloned();
            }
            self.board.is_at(index, addresses);
        }
        if let Ok(version) = placed.blender.parse() {
            known.blender.get_or_insert_with(|| Blender {
                path: PathBuf::from(&placed.path),
                runtime: match placed.module {
                    true => Runtime::Module,
                    false => Runtime::Program,
                },
                version,
            });
        }
        drop(known);
        for warning in placed.warnings {
            self.state
                .notice(format!("warning: host {name}: {warning}"));
        }
        self.state.notice(format!(
            "host {name} runs {} of Blender {} ({})",
            listed(&instances),
            placed.blender,
            placed.path
        ));
    }

    fn refused(&mut self, id: u64, why: &str) {
        let Some(host) = self.hosts.remove(&id) else {
            return;
        };
        for index in &host.instances {
            self.waiting.put_back(*index);
        }
        // It would keep its machine for nothing.
        host.tell(ToHost::Refuse {
            why: "its share cannot be started there".into(),
        });
        self.unusable(&host.name, &host.slot, why);
        self.give_out();
        self.see_to_the_end();
    }

    fn leaves(&mut self, id: u64, why: &str) {
        let Some(host) = self.hosts.get_mut(&id) else {
            return;
        };
        let why: String = why.chars().take(LONGEST_TEXT).collect();
        if self.level == Level::Run {
            self.state.notice(format!(
                "host {} is asked to go ({why}); what it has in work is finished first",
                host.name
            ));
        }
        host.leaving = Some(why);
    }

    fn reported(&mut self, id: u64, theirs: u64, instances: Vec<InstanceReport>) {
        let clock = Clock::of(theirs);
        for mut report in instances {
            if self.host_of(id, report.index).is_none() {
                continue;
            }
            self.waiting
                .is_at(report.index, report.life, Some(report.resume));
            report.began_ns = clock.here(report.began_ns);
            report.lives.clear(); // told when they ended
            self.board.tells(report.index, report);
        }
    }

    /// The way to ask an instance, which leads over its host.
    fn lay_line(&mut self, id: u64, instance: usize) {
        let there = self
            .board
            .at(instance)
            .is_some_and(|(line, _)| line.is_some());
        if there {
            return;
        }
        let (line, mut questions) = LineToInstance::new();
        let events = self.events.clone();
        tokio::spawn(async move {
            while let Some((wanted, answer)) = questions.recv().await {
                let question = Event::Question {
                    id,
                    instance,
                    wanted,
                    answer,
                };
                if events.send(question).is_err() {
                    return;
                }
            }
        });
        self.board.set_line(instance, line);
    }

    fn ended(&mut self, id: u64, there: EndedThere) {
        let index = there.instance;
        if self.host_of(id, index).is_none() {
            return;
        }
        let clock = Clock::of(there.now_ns);
        let epitaph = Epitaph {
            ended_ns: clock.here(there.epitaph.ended_ns),
            began_ns: clock.here(there.epitaph.began_ns),
            ..there.epitaph
        };
        self.waiting.is_at(index, there.life, Some(there.resume));
        self.board
            .set_tails(index, there.stderr_tail, there.stdout_tail);
        let host = self.hosts.get(&id);
        let leaving = host.is_some_and(|host| host.leaving.is_some());
        let running = self.level == Level::Run && !self.board.is_released(index);
        // What ended because its host goes is had by another one next; what has failed, or come to its
        // end by itself, is over.
        let of_host = match (there.signal, there.code) {
            (Some(_), _) => true,
            (None, Some(0)) => there.asked,
            (None, _) => self.description.restart >= Restart::OnFailure,
        };
        let over = there.again_in.is_none() && there.given_up.is_none();
        let taken = leaving && running && over && of_host;
        let mut epitaph = epitaph;
        if taken && host.is_some_and(|host| self.is_at_its_limit(host)) {
            epitaph.end += ", near its time limit";
        }
        // It was to be started again, and is not: its life was told before.
        let told = |one: &Known| one.lives.back().is_some_and(|last| last.life == there.life);
        let before = self.board.look(index, told).unwrap_or_default();
        if before {
            match taken {
                true => self.goes_on_elsewhere(id, index),
                false => {
                    self.board.stays_ended(index);
                    self.is_over(id, index);
                }
            }
            return;
        }
        let again = there
            .again_in
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        self.board.ended(
            index,
            Ended {
                state: match (there.code, there.signal) {
                    (_, Some(signal)) => InstanceState::Signaled(signal),
                    (code, None) => InstanceState::Exited(code.unwrap_or_default()),
                },
                stopped: there.stopped,
                cause: there.cause,
                given_up: there.given_up,
                restarts_at: match taken {
                    true => Some(Instant::now()),
                    false => again.and_then(|soon| Instant::now().checked_add(soon)),
                },
                messages: there.messages,
                epitaph,
                taken,
            },
        );
        if taken {
            self.goes_on_elsewhere(id, index);
        } else if there.again_in.is_none() {
            self.is_over(id, index);
        }
    }

    /// Another host has it next.
    fn goes_on_elsewhere(&mut self, id: u64, index: usize) {
        self.leave(id, index);
        self.has_no_address(index);
        self.waiting.put_back(index);
        self.board.waits_for_host(index);
        self.give_out();
    }

    /// It has come to its end.
    fn is_over(&mut self, id: u64, index: usize) {
        self.leave(id, index);
        self.ended.insert(index);
        self.see_to_the_fleet();
    }

    /// A host has an instance no more.
    fn leave(&mut self, id: u64, index: usize) {
        if let Some(host) = self.hosts.get_mut(&id) {
            host.instances.remove(&index);
        }
    }

    /// Who follows the launch info leaves it: it may come back elsewhere.
    fn has_no_address(&self, index: usize) {
        let mut known = self.state.lock();
        if let Some(addresses) = known.addresses.get_mut(index) {
            addresses.clear();
        }
        if let Some(command) = known.commands.get_mut(index) {
            *command = None;
        }
    }

    /// An instance has gone with its host.
    pub(super) fn taken(&mut self, index: usize, how: &str) {
        self.has_no_address(index);
        let Some(known) = self.board.one(index) else {
            return;
        };
        let told = known.told.filter(|told| told.life == known.status.life);
        let told = told.unwrap_or_default();
        if known.status.is_running() {
            let epitaph = Epitaph {
                life: known.status.life,
                end: how.to_owned(),
                ended_ns: now_ns(),
                began_ns: known.began_ns,
                publishers: told.publishers.clone(),
            };
            self.board.ended(
                index,
                Ended {
                    state: InstanceState::Waiting,
                    stopped: self.level > Level::Run,
                    cause: None,
                    given_up: None,
                    restarts_at: (self.level == Level::Run).then(Instant::now),
                    messages: told.messages,
                    epitaph,
                    taken: true,
                },
            );
        }
        if self.level == Level::Run && !self.board.is_released(index) {
            self.waiting.put_back(index);
            self.board.waits_for_host(index);
        } else {
            self.ended.insert(index);
            self.board.stays_ended(index);
        }
    }

    /// Where too many have failed for good, the others end too.
    fn see_to_the_fleet(&mut self) {
        let (all, least) = (
            self.description.num_instances,
            self.description.min_instances,
        );
        let failed = self.board.failed();
        if failed > 0 && all.saturating_sub(failed) < least {
            self.board.set_failure(format!(
                "{failed} of {all} instances have failed, and min_instances is {least}: the fleet ends"
            ));
        }
    }

    fn printed(
        &mut self,
        id: u64,
        instance: usize,
        error: bool,
        (printed, shown): (Option<String>, Vec<String>),
    ) {
        if self.host_of(id, instance).is_none() {
            return;
        }
        let stream = match error {
            true => Stream::Stderr,
            false => Stream::Stdout,
        };
        for line in &shown {
            self.board.line(instance, stream, line.clone());
        }
        let line = Line {
            instance,
            stream,
            printed,
            shown,
        };
        if let Some(lines) = &self.lines
            && lines.try_send(line).is_err()
        {
            self.dropped += 1;
        }
    }
}
