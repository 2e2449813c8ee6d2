//! Hosts as the elements of a job, which this program submits and cancels.
//!
//! Owns the job, and those that were submitted in place of what was lost.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::afterwards::Afterwards;
use super::elements::{Next, next, told};
use crate::hosts::Join;
use crate::placement::{Begun, Change, Supply};
use crate::slurm::{Element, ElementState, JobId, Slurm, SlurmError, SlurmSettings, Submission};
use crate::{LaunchDescription, LaunchError};

/// How often Slurm is asked how elements stand; the first while more often.
const SOON: Duration = Duration::from_secs(1);
const LATER: Duration = Duration::from_secs(4);
const FIRST_WHILE: Duration = Duration::from_secs(30);
/// How long it may not answer before that is said.
const SILENCE: Duration = Duration::from_secs(60);
/// How long elements get to end by themselves when their hosts were told to.
const BY_THEMSELVES: Duration = Duration::from_secs(5);
/// More often than this within so long, no other node is asked for.
const MOST_REPLACED: usize = 20;
const REPLACED_WITHIN: Duration = Duration::from_secs(600);
/// The last lines of a log that say why.
const LAST_LINES: usize = 3;

/// A job for hosts.
#[derive(Debug)]
pub(super) struct Job {
    slurm: Option<Slurm>,
    /// Cancels the jobs where this program cannot.
    afterwards: Option<Afterwards>,
    submission: Submission,
    jobs: Vec<Submitted>,
    began: Instant,
    asked_at: Option<Instant>,
    answered_at: Instant,
    silence_told: bool,
    /// When others were asked for in place of what was lost.
    replaced: Vec<Instant>,
    /// How many others are still to be asked for.
    owed: usize,
    /// How many run and how many wait, as was told last.
    counted: Option<(usize, usize)>,
}

#[derive(Debug)]
struct Submitted {
    job: JobId,
    states: HashMap<u32, ElementState>,
    came: HashSet<u32>,
}

impl Job {
    pub(super) fn new(
        settings: SlurmSettings,
        (nodes, each): (usize, usize),
        description: &LaunchDescription,
        command: Vec<String>,
    ) -> Self {
        let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let logs = description.log_dir.clone();
        let name = description
            .file
            .as_deref()
            .and_then(|file| file.file_stem());
        let name = name.unwrap_or("render".as_ref()).to_string_lossy();
        let submission = Submission {
            settings,
            elements: nodes,
            command,
            env: Vec::new(),
            name: format!("blendtorch-{name}"),
            log_folder: logs.unwrap_or_else(|| here.join("slurm-logs")),
            workdir: here,
            dependency: None,
            array: true,
            tasks: each,
        };
        Self {
            slurm: None,
            afterwards: None,
            submission,
            jobs: Vec::new(),
            began: Instant::now(),
            asked_at: None,
            answered_at: Instant::now(),
            silence_told: false,
            replaced: Vec::new(),
            owed: 0,
            counted: None,
        }
    }

    fn submit(&mut self, elements: usize) -> Result<JobId, SlurmError> {
        let slurm = match self.slurm.take() {
            Some(slurm) => slurm,
            None => Slurm::find()?,
        };
        self.submission.elements = elements;
        let submitted = slurm.submit(&self.submission);
        self.slurm = Some(slurm);
        let job = submitted?;
        if let Some(afterwards) = &mut self.afterwards {
            afterwards.has(job);
        }
        self.jobs.push(Submitted {
            job,
            states: HashMap::new(),
            came: HashSet::new(),
        });
        Ok(job)
    }

    /// How all stand; nothing where Slurm does not answer.
    fn ask(&mut self, changes: &mut Vec<Change>) -> Option<Vec<(usize, Vec<Element>)>> {
        let slurm = self.slurm.as_ref()?;
        let mut all = Vec::new();
        for (at, submitted) in self.jobs.iter().enumerate() {
            match slurm.elements(submitted.job) {
                Ok(elements) => all.push((at, elements)),
                Err(error) => {
                    // What was known stays: hosts go on without Slurm's daemon.
                    if self.answered_at.elapsed() > SILENCE && !self.silence_told {
                        self.silence_told = true;
                        changes.push(Change::Note(format!("warning: {error}")));
                    }
                    return None;
                }
            }
        }
        (self.answered_at, self.silence_told) = (Instant::now(), false);
        Some(all)
    }

    /// What has changed of one; how many others are asked for.
    fn changed(&mut self, at: usize, element: &Element, changes: &mut Vec<Change>) -> usize {
        let Some(submitted) = self.jobs.get_mut(at) else {
            return 0;
        };
        let job = submitted.job;
        let came = submitted.came.contains(&element.index);
        let was = submitted.states.insert(element.index, element.state);
        if was == Some(element.state) {
            return 0;
        }
        let follows = next(element, was, came);
        if follows == Next::Comes {
            return 0;
        }
        let mut why = told(job, element, follows);
        if !came {
            why += &self.last_words(job, element.index);
        }
        if let Some(submitted) = self.jobs.get_mut(at) {
            submitted.came.remove(&element.index);
        }
        changes.push(Change::Lost {
            slot: format!("{job}_{}", element.index),
            why,
        });
        usize::from(follows == Next::Replaced)
    }

    /// Asks for others in place of what was lost.
    fn replace(&mut self, changes: &mut Vec<Change>) {
        let wanted = self.owed;
        if !self.may_replace() {
            self.owed = 0;
            changes.push(Change::Note(format!(
                "warning: {MOST_REPLACED} nodes were lost within {} minutes; no other is asked for",
                REPLACED_WITHIN.as_secs() / 60
            )));
            return;
        }
        match self.submit(wanted) {
            Ok(job) => {
                (self.owed, self.silence_told) = (0, false);
                let s = if wanted == 1 { "" } else { "s" };
                changes.push(Change::Note(format!(
                    "job {job} is submitted for {wanted} node{s} in place of what was lost"
                )));
                changes.push(Change::Job(job.to_string()));
            }
            // At the next look, once more.
            Err(error) => {
                self.replaced.pop();
                if !self.silence_told {
                    self.silence_told = true;
                    changes.push(Change::Note(format!("warning: {error}")));
                }
            }
        }
    }

    /// The element that a host is.
    fn slot(&mut self, slot: &str) -> Option<(&mut Submitted, u32)> {
        let (job, index) = slot.split_once('_')?;
        let (job, index) = (job.parse::<JobId>().ok()?, index.parse().ok()?);
        let submitted = self.jobs.iter_mut().find(|one| one.job == job)?;
        Some((submitted, index))
    }

    /// Whether another node may be asked for: not where one after another is lost.
    fn may_replace(&mut self) -> bool {
        self.replaced.retain(|at| at.elapsed() < REPLACED_WITHIN);
        self.replaced.push(Instant::now());
        self.replaced.len() <= MOST_REPLACED
    }

    /// The end of an element's log.
    fn last_words(&self, job: JobId, index: u32) -> String {
        let log = self.submission.log(job, index);
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<_> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        match lines.len() {
            0 => format!("; its log {} says nothing", log.display()),
            n => format!(
                "; its log {} ends: {}",
                log.display(),
                lines[n.saturating_sub(LAST_LINES)..].join(" / ")
            ),
        }
    }

    /// How many run and wait, where that is another number than was told.
    fn count(&mut self, all: &[(usize, Vec<Element>)]) -> Option<Change> {
        let each = || all.iter().flat_map(|(_, elements)| elements);
        let running = each()
            .filter(|one| one.state == ElementState::Running)
            .count();
        let waits = |one: &&Element| !one.state.is_over() && one.state != ElementState::Running;
        let waiting: Vec<_> = each().filter(waits).collect();
        let counted = (running, waiting.len());
        if waiting.is_empty() || self.counted == Some(counted) {
            self.counted = Some(counted);
            return None;
        }
        self.counted = Some(counted);
        let reason = waiting.iter().find_map(|one| one.reason.clone());
        let reason = reason.filter(|reason| reason != "None");
        Some(Change::Note(format!(
            "{running} of {} nodes run, {} to come{}",
            running + waiting.len(),
            waiting.len(),
            reason.map_or_else(String::new, |reason| format!(" (Slurm says: {reason})"))
        )))
    }
}

impl Supply for Job {
    fn begin(&mut self, join: &Join) -> Result<Begun, LaunchError> {
        self.submission.env = join.variables();
        self.afterwards = Afterwards::start();
        let nodes = self.submission.elements;
        let job = self.submit(nodes)?;
        Ok(Begun {
            said: format!(
                "job {job} is submitted for {nodes} node{}; what hosts say is in {}",
                if nodes == 1 { "" } else { "s" },
                self.submission.log_folder.display()
            ),
            job: Some(job.to_string()),
        })
    }

    fn look(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        let pause = match self.began.elapsed() < FIRST_WHILE {
            true => SOON,
            false => LATER,
        };
        if self.asked_at.is_some_and(|at| at.elapsed() < pause) {
            return changes;
        }
        let all = self.ask(&mut changes);
        self.asked_at = Some(Instant::now());
        let Some(all) = all else {
            return changes;
        };
        changes.extend(self.count(&all));
        for (at, elements) in &all {
            for element in elements {
                self.owed += self.changed(*at, element, &mut changes);
            }
        }
        let left = all
            .iter()
            .flat_map(|(_, elements)| elements)
            .any(|one| !one.state.is_over());
        if self.owed > 0 {
            self.replace(&mut changes);
        }
        if !left && self.owed == 0 && self.jobs.iter().all(|one| !one.states.is_empty()) {
            changes.push(Change::Over("no node is left, and none will come".into()));
        }
        changes
    }

    fn came(&mut self, slot: &str) {
        if let Some((submitted, index)) = self.slot(slot) {
            submitted.came.insert(index);
        }
    }

    fn refused(&mut self, slot: &str) {
        // As one that never came: no other is asked for in its place.
        if let Some((submitted, index)) = self.slot(slot) {
            submitted.came.remove(&index);
        }
    }

    fn end(&mut self) -> Option<String> {
        let mut left = Vec::new();
        let slurm = self.slurm.take()?;
        let deadline = Instant::now() + BY_THEMSELVES;
        for submitted in self.jobs.drain(..) {
            // One whose hosts have ended well has ended well: what depends on it may begin.
            loop {
                let elements = slurm.elements(submitted.job).unwrap_or_default();
                if elements.iter().all(|one| one.state.is_over()) && !elements.is_empty() {
                    break;
                }
                let ending = |one: &Element| {
                    submitted.came.contains(&one.index)
                        && matches!(one.state, ElementState::Running | ElementState::Completing)
                };
                if Instant::now() >= deadline || !elements.iter().any(ending) {
                    // Once more, where it was asked at a bad moment.
                    let cancelled = slurm
                        .cancel(submitted.job)
                        .or_else(|_| slurm.cancel(submitted.job));
                    if let Err(error) = cancelled {
                        left.push((submitted.job, error));
                    }
                    break;
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        }
        if left.is_empty() {
            if let Some(afterwards) = self.afterwards.take() {
                afterwards.dismiss();
            }
            return None;
        }
        let each: Vec<_> = left
            .iter()
            .map(|(job, error)| {
                format!("job {job} could not be cancelled, run `scancel {job}` ({error})")
            })
            .collect();
        Some(each.join("; "))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.end();
    }
}
