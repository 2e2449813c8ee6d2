//! How the fleet is, put together for those who ask: what the supervision knows, what each
//! instance's page says, and what each says of itself.
//!
//! Owns that putting together. It must never change anything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use blendtorch_channels::control::{
    Counters, FleetReport, InstanceReport, Mode, PageView, Wanted, now_ns, resident,
};

use super::Facts;
use crate::Restart;
use crate::board::{Board, InstanceState, Known, ask_all};

/// How long instances get for their counters, which a thread of theirs tells.
const COUNTERS_WITHIN: Duration = Duration::from_secs(1);

/// Lives that are told of all instances together: an answer is a line, which has a limit.
const MOST_LIVES: usize = 8192;

/// Who tells of the fleet.
#[derive(Debug)]
pub(crate) struct Teller {
    fleet: String,
    facts: Facts,
    board: Arc<Board>,
    began: Instant,
}

impl Teller {
    pub(crate) fn new(fleet: String, facts: Facts, board: Arc<Board>) -> Self {
        Self {
            fleet,
            facts,
            board,
            began: Instant::now(),
        }
    }

    /// Of a host's part of a fleet.
    pub(crate) fn of_part(board: Arc<Board>, restart: Restart) -> Self {
        let facts = Facts {
            script: std::path::PathBuf::new(),
            addresses: Default::default(),
            restart,
            min_instances: 1,
            part: true,
        };
        Self::new(String::new(), facts, board)
    }

    pub(super) fn board(&self) -> &Board {
        &self.board
    }

    /// How all are; with their own counters, if they are asked for, and unless it is to be `brief` with
    /// what they say of themselves. Of lives that are over those that ended after `since`.
    pub(crate) async fn report(&self, counters: bool, brief: bool, since: u64) -> FleetReport {
        let known = self.board.known();
        let most = (MOST_LIVES / known.len().max(1)).max(1);
        let mut instances: Vec<_> = known.iter().map(|one| self.instance(one)).collect();
        for instance in &mut instances {
            let lives = std::mem::take(&mut instance.lives).into_iter();
            let mut lives: Vec<_> = lives.filter(|life| life.ended_ns > since).collect();
            instance.lives = lives.split_off(lives.len().saturating_sub(most));
            instance.about = instance.about.take().filter(|_| !brief);
        }
        if counters {
            let lines = known
                .iter()
                .filter_map(|one| Some((one.status.index, one.line.clone()?)));
            for (index, told) in ask_all(lines, &Wanted::Status, COUNTERS_WITHIN).await {
                let read = |told| serde_json::from_value::<Counters>(told).ok();
                if let Some(instance) = instances.get_mut(index) {
                    instance.counters = told.ok().and_then(read);
                }
            }
        }
        FleetReport {
            fleet: self.fleet.clone(),
            launcher: std::process::id(),
            runs_for: self.began.elapsed().as_secs_f64(),
            now_ns: now_ns(),
            restart: self.facts.restart.to_string(),
            min_instances: self.facts.min_instances,
            instances,
        }
    }

    fn instance(&self, known: &Known) -> InstanceReport {
        match &known.told {
            Some(told) if told.life == known.status.life => self.elsewhere(known, told),
            _ => self.here(known),
        }
    }

    /// One that is on another host: what that has told, but for what is known better here.
    fn elsewhere(&self, known: &Known, told: &InstanceReport) -> InstanceReport {
        let here = self.here(known);
        if here.mode != Mode::Running {
            return here;
        }
        InstanceReport {
            messages_in_all: known.messages_before + told.messages,
            host: here.host,
            addresses: here.addresses,
            began_ns: here.began_ns,
            restarts: here.restarts,
            returns_after_end: here.returns_after_end,
            returns_after_failure: here.returns_after_failure,
            lives: here.lives,
            report: here.report,
            about: here.about,
            ..told.clone()
        }
    }

    fn here(&self, known: &Known) -> InstanceReport {
        let status = &known.status;
        let view = known.page.as_ref().map(|page| page.view());
        let attached = view.as_ref().is_some_and(|view| view.pid.is_some());
        let view = view.unwrap_or_default();
        let mode = match (status.is_running(), status.restarting, status.failed()) {
            (true, ..) => Mode::Running,
            (_, true, _) => Mode::Restarting,
            (.., true) => Mode::Failed,
            _ => Mode::Ended,
        };
        let runs = mode == Mode::Running;
        let until = |at: Instant| at.saturating_duration_since(Instant::now()).as_secs_f64();
        let addresses = self.facts.addresses.values();
        InstanceReport {
            index: status.index,
            addresses: match known.addresses.is_empty() {
                true => addresses
                    .filter_map(|of| of.get(status.index).cloned())
                    .collect(),
                false => known.addresses.clone(),
            },
            mode,
            pid: status.pid,
            host: status.host.clone(),
            life: status.life,
            began_ns: known.began_ns,
            restarts: status.life.saturating_sub(1),
            restarts_in: known.restarts_at.map(until),
            returns_after_end: !known.released
                && (known.returning || self.facts.restart >= Restart::Always),
            returns_after_failure: !known.released && self.facts.restart >= Restart::OnFailure,
            attached,
            // The number of a process of another host means nothing here.
            memory: (runs && status.host.is_none())
                .then(|| resident(view.pid.unwrap_or(status.pid)))
                .flatten(),
            messages_in_all: known.messages_before + if runs { view.messages } else { 0 },
            lives: known.lives.iter().cloned().collect(),
            report: match (runs, &known.remark) {
                (true, Some(traceback)) => Some(traceback.clone()),
                (true, None) => None,
                (false, _) => Some(status.report()),
            },
            ended_in_order: !status.stopped
                && status.state == InstanceState::Exited(0)
                && status.cause.is_none()
                && status.given_up.is_none(),
            about: known.about.clone(),
            counters: None,
            ..of_page(view)
        }
    }
}

fn of_page(view: PageView) -> InstanceReport {
    InstanceReport {
        state: view.state,
        state_for: view.state_for.as_secs_f64(),
        frames: view.frames,
        since_progress: view.since_progress.as_secs_f64(),
        slowest_frame: view.slowest.as_secs_f64(),
        latest_frame: view.latest.as_secs_f64(),
        episode: view.episode,
        sample: view.sample,
        messages: view.messages,
        resume: view.resume,
        publishers: view.publishers,
        ..InstanceReport::default()
    }
}
