//! The table's rows.

use super::case::{Case, INSTANCES, Way};
use super::consumer::Consumed;
use super::phases::{Frames, Round};
use crate::row::{Goal, Row};

/// What a case has shown.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) rounds: Vec<Round>,
    pub(super) consumed: Consumed,
}

/// One of the things that are known of images.
type Value = fn(&Frames, &Consumed) -> f64;

const RATE: Value = |frames, _| frames.per_second;
const WHOLE: Value = |frames, _| frames.ms;

/// What an image takes also when it is not published; then it is the baseline.
const RENDERING: [(&str, Value); 4] = [
    ("CPU", |frames, _| frames.cpu_ms),
    ("randomise", |frames, _| frames.stages.randomise),
    ("render", |frames, _| frames.stages.render),
    ("read back", |frames, _| frames.stages.read_back),
];

/// What is added by publishing. The baseline is a whole image that is not published: the ratio is
/// the share of it.
const PUBLISHING: [(&str, Value); 5] = [
    ("publish", |frames, _| frames.stages.publish),
    ("wait", |frames, _| frames.stages.wait),
    ("receive", |_, consumed| consumed.receive_ms),
    ("collate", |_, consumed| consumed.collate_ms),
    ("CPU of consumer", |_, consumed| consumed.cpu_ms),
];

/// Images a second beside those without publishing; with most instances also the time of each stage.
pub(super) fn of_case(case: Case, measured: &Measured) -> Vec<Row> {
    let most = INSTANCES.iter().max() == Some(&case.instances);
    let goal = most && case.way == Way::Workbench;
    let goal = goal.then_some(Goal::TimesAtLeast(0.97));
    let name = case.name();
    let mut rows = vec![
        measured
            .row(name.clone(), "images/s", RATE, RATE)
            .goal(goal),
    ];
    if most {
        let rendering = RENDERING.map(|(stage, value)| (stage, value, value));
        let publishing = PUBLISHING.map(|(stage, value)| (stage, value, WHOLE));
        for (stage, value, baseline) in rendering.into_iter().chain(publishing) {
            let name = format!("{name}: {stage}");
            rows.push(measured.row(name, "ms/image", value, baseline));
        }
    }
    rows
}

impl Measured {
    /// `value` of the images that were published beside `baseline` of the others, round by round.
    fn row(&self, name: String, unit: &'static str, value: Value, baseline: Value) -> Row {
        let of = |value: Value, frames: fn(&Round) -> &Frames| -> Vec<f64> {
            let value = |round| value(frames(round), &self.consumed);
            self.rounds.iter().map(value).collect()
        };
        let published = of(value, |round| &round.publishing);
        let silent = of(baseline, |round| &round.silent);
        Row::new(name, unit, &published, &silent, |value| *value)
    }
}
