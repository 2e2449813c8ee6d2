//! What became of a job's elements.
//!
//! Owns what `scontrol` says of a job, and what it said before it forgot. It needs no accounting. It
//! must never change a job.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::PoisonError;

use super::ask::{Said, in_one_line};
use super::{Element, ElementState, JobId, Slurm, SlurmError};

/// What was last seen of a job's elements, by index.
pub(super) type Seen = BTreeMap<u32, Element>;

const COMMAND: &str = "scontrol show job";

/// Elements of an array that nobody has.
const MOST_ELEMENTS: u32 = 1 << 22;

impl Slurm {
    /// How each element of a job stands, by index. One that Slurm has forgotten, which it does some
    /// minutes after its end, is as it was last seen; where it was not over then, it is
    /// [`ElementState::Forgotten`].
    ///
    /// # Errors
    /// Slurm does not answer, or never knew the job while this program looked.
    pub fn elements(&self, job: JobId) -> Result<Vec<Element>, SlurmError> {
        let said = self
            .scontrol
            .ask(&["show", "job", "-o", &job.to_string()])?;
        let now = known(&said)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.entry(job).or_default();
        remember(seen, now);
        if seen.is_empty() {
            return Err(SlurmError::Unknown { job });
        }
        Ok(seen.values().cloned().collect())
    }
}

/// Puts what is known now over what was seen before.
fn remember(seen: &mut Seen, mut now: Seen) {
    for (index, element) in seen.iter_mut() {
        match now.remove(index) {
            Some(mut new) => {
                // While it waits again, it has none.
                new.node = new.node.or_else(|| element.node.take());
                *element = new;
            }
            None if element.state.is_over() => {}
            None => {
                element.state = ElementState::Forgotten;
                element.reason = None;
            }
        }
    }
    seen.append(&mut now);
}

/// The elements that Slurm knows, none where it knows no such job.
fn known(said: &Said) -> Result<Seen, SlurmError> {
    if !said.well {
        if said.err.contains("Invalid job id") {
            return Ok(Seen::new());
        }
        return Err(SlurmError::Failed {
            command: COMMAND.into(),
            said: in_one_line(&said.err),
        });
    }
    let mut found = Seen::new();
    for line in said.out.lines().filter(|line| !line.trim().is_empty()) {
        found.extend(elements_of(line)?);
    }
    Ok(found)
}

/// The elements that a line is about: several, where they have not been looked at one by one.
fn elements_of(line: &str) -> Result<Vec<(u32, Element)>, SlurmError> {
    let unreadable = || SlurmError::Unreadable {
        command: COMMAND,
        said: line.into(),
    };
    let value = |key: &str| value(line, key);
    let reason = value("Reason").filter(|reason| *reason != "None");
    let restarts = value("Restarts").and_then(|n| n.parse().ok());
    let restarts = restarts.ok_or_else(unreadable)?;
    let state = value("JobState").ok_or_else(unreadable)?;
    let state = ElementState::of(state, reason.unwrap_or(""), restarts).ok_or_else(unreadable)?;
    let (exit, signal) = match value("ExitCode").and_then(|code| code.split_once(':')) {
        Some((code, signal)) if state.is_over() => (code.parse().ok(), signal.parse().ok()),
        _ => (None, None),
    };
    let signal = signal.filter(|signal| *signal != 0);
    let element = Element {
        index: 0,
        state,
        node: value("NodeList").map(str::to_owned),
        // Words of a sentence have it between them.
        reason: reason.map(|reason| reason.replace('_', " ")),
        restarts,
        preempting: !state.is_over() && value("PreemptTime").is_some_and(|time| time != "None"),
        exit: exit.filter(|_| signal.is_none()),
        signal,
    };
    let indices = match value("ArrayTaskId") {
        Some(list) => indices(list).ok_or_else(unreadable)?,
        None => vec![0],
    };
    let with_index = |index| {
        (
            index,
            Element {
                index,
                ..element.clone()
            },
        )
    };
    Ok(indices.into_iter().map(with_index).collect())
}

/// The value of `key` in a line of `KEY=VALUE`, where there is one. No value that we read has blanks.
pub(super) fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let mut words = line.split_ascii_whitespace();
    let value = words.find_map(|word| word.strip_prefix(key)?.strip_prefix('='))?;
    let none = ["", "(null)", "N/A"].contains(&value);
    (!none).then_some(value)
}

/// Indices as `0-3,7,10-20:5%4`.
fn indices(list: &str) -> Option<Vec<u32>> {
    let list = list.split('%').next()?;
    let mut found = Vec::new();
    for part in list.split(',') {
        let (range, step) = part.split_once(':').unwrap_or((part, "1"));
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let range: RangeInclusive<u32> = first.parse().ok()?..=last.parse().ok()?;
        let step: usize = step.parse().ok().filter(|step| *step > 0)?;
        if *range.end() > MOST_ELEMENTS {
            return None;
        }
        found.extend(range.step_by(step));
    }
    Some(found)
}

#[cfg(test)]
mod tests;
