//! What workers are asked: the verbs of `blendtorch/btb/worker`, and how an answer is read.
//!
//! Owns their names.

use std::time::Duration;

use blendtorch_channels::control::{ControlError, Refusal, RefusalKind, Wanted};
use serde_json::Value;

use super::Inner;
use crate::RenderError;

/// The name of the service, and the topic of what workers say by themselves.
pub(crate) const SERVICE: &str = "render";

/// The verbs.
pub const VERBS: [&str; 7] = ["open", "apply", "prepare", "table", "run", "flush", "close"];

/// What no scene takes to open, to be changed or prepared; and to write what is rendered.
pub(super) const LONG: Duration = Duration::from_secs(30 * 60);
/// Longer than anybody waits.
pub(super) const FOR_EVER: Duration = Duration::from_secs(100_000_000);

/// Why a worker did not do what it was asked.
#[derive(Debug)]
pub(super) enum Refused {
    /// It has ended.
    Gone,

    /// It says why.
    Worker(RenderError),
    /// It cannot be asked.
    Control(ControlError),
}

impl From<Refused> for RenderError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Gone => Self::NoWorkers("a worker ended before it answered".into()),
            Refused::Worker(error) => error,
            Refused::Control(error) => Self::Control(error),
        }
    }
}

/// Has a life of a worker do something, and waits for it. One that does not answer in time is ended.
pub(super) fn call(
    inner: &Inner,
    (worker, life): (usize, u64),
    verb: &str,
    arguments: Value,
    limit: Duration,
) -> Result<Value, Refused> {
    let wanted = Wanted::Call {
        service: SERVICE.to_owned(),
        name: verb.to_owned(),
        arguments,
    };
    let answer = match inner.fleet.ask(worker, wanted, limit) {
        Ok(answer) => answer,
        Err(refusal) => {
            return Err(match refusal.kind {
                // It has not said yet that it offers anything: another life begins. Or the launcher ends.
                RefusalKind::Gone | RefusalKind::Unknown => Refused::Gone,
                RefusalKind::Late => {
                    inner.fleet.end_life(worker, life);
                    Refused::Gone
                }
                kind => {
                    let message = format!("instance {worker}: {}", refusal.message);
                    let refusal = Refusal::new(kind, message);
                    Refused::Control(ControlError::Refused(refusal))
                }
            });
        }
    };
    read(answer)
}

fn read(answer: Value) -> Result<Value, Refused> {
    let Value::Object(mut answer) = answer else {
        return Err(unreadable(&answer));
    };
    if let Some(value) = answer.remove("ok") {
        return Ok(value);
    }
    let Some(error) = answer.get("error") else {
        return Err(unreadable(&Value::Object(answer)));
    };
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    Err(Refused::Worker(RenderError::Worker {
        kind: text("type"),
        text: text("text"),
        lacks: error["lacks"].as_bool().unwrap_or_default(),
    }))
}

fn unreadable(answer: &Value) -> Refused {
    let mut said = answer.to_string();
    said.truncate(said.floor_char_boundary(200));
    Refused::Worker(RenderError::Worker {
        kind: "RuntimeError".into(),
        text: format!(
            "a worker answered what is not understood: {said}; the blendtorch in Blender may be of \
             another version: run `blendtorch setup`"
        ),
        lacks: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_verbs_are_those_of_the_worker() {
        let worker = include_str!("../../../python/blendtorch/btb/worker/verbs.py");
        let names = worker.split("names = (").nth(1).unwrap();
        let names = names.split(')').next().unwrap();
        let names: Vec<_> = names
            .split(", ")
            .map(|name| name.trim_matches('"'))
            .collect();
        assert_eq!(names, VERBS);
        for verb in VERBS {
            assert!(
                worker.contains(&format!("    @answered\n    def {verb}(")),
                "{verb}"
            );
        }
    }

    #[test]
    fn answers_are_read() {
        assert_eq!(read(json!({"ok": 3})).unwrap(), 3);
        assert_eq!(read(json!({"ok": null})).unwrap(), Value::Null);
        let refused = read(json!({"error": {"type": "ValueError", "text": "no", "lacks": true}}));
        let Err(Refused::Worker(RenderError::Worker { kind, text, lacks })) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(
            (kind.as_str(), text.as_str(), lacks),
            ("ValueError", "no", true)
        );
        for nonsense in [json!(3), json!({}), json!({"error": 3})] {
            assert!(read(nonsense).is_err());
        }
    }
}
