//! The table's rows.

use super::phases::{Frames, Round};
use super::{Case, INSTANCES, Measured, Way};
use crate::report::{Row, row};

/// Images a second beside those without publishing. With most instances also the processor's time
/// and the stages of an image: those before it is published beside the same ones without publishing,
/// the others beside a whole image without publishing.
pub(crate) fn rows(case: Case, measured: &Measured) -> Vec<Row> {
    let most = INSTANCES.iter().max() == Some(&case.instances);
    let goal = most && case.way == Way::Workbench;
    let goal = goal.then(|| "≥ 0.97×".to_owned());
    let rate: Value = |frames| frames.per_second;
    let mut rows = vec![measured.row(case.name(), "images/s", rate, rate, 0.0, goal)];
    if !most {
        return rows;
    }
    let consumed = measured.consumed;
    let mut add = |what: &str, publishing, silent, more| {
        let name = format!("{}: {what}", case.name());
        rows.push(measured.row(name, "ms/image", publishing, silent, more, None));
    };
    let cpu: Value = |frames| frames.cpu_ms;
    add("CPU, with the consumer", cpu, cpu, consumed.cpu_ms);
    let same: [(&str, Value); 3] = [
        ("randomise", |frames| frames.stages.randomise),
        ("render", |frames| frames.stages.render),
        ("read back", |frames| frames.stages.read_back),
    ];
    for (stage, value) in same {
        add(stage, value, value, 0.0);
    }
    let (whole, none): (Value, Value) = (|frames| frames.ms, |_| 0.0);
    let others: [(&str, Value, f64); 4] = [
        ("publish", |frames| frames.stages.publish, 0.0),
        ("wait", |frames| frames.stages.wait, 0.0),
        ("receive", none, consumed.receive_ms),
        ("collate", none, consumed.collate_ms),
    ];
    for (stage, value, more) in others {
        add(&format!("{stage} (of a whole)"), value, whole, more);
    }
    rows
}

/// One of the things that are known of frames.
type Value = fn(&Frames) -> f64;

impl Measured {
    /// `publishing` and `more` beside `silent`, round by round.
    fn row(
        &self,
        name: String,
        unit: &'static str,
        publishing: Value,
        silent: Value,
        more: f64,
        goal: Option<String>,
    ) -> Row {
        let each = |value: &dyn Fn(&Round) -> f64| self.rounds.iter().map(value).collect();
        let ours: Vec<f64> = each(&|round| publishing(&round.publishing) + more);
        let baseline: Vec<f64> = each(&|round| silent(&round.silent));
        row(name, unit, &ours, &baseline, |value| *value, goal)
    }
}
