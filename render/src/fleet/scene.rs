//! Brings a worker to where it has a scene open, with all that was done to it.
//!
//! Owns what that takes: nothing where it has it already, the steps that are new, or all of it in a life
//! that has just begun.

use serde_json::{Value, json};

use super::Inner;
use super::hub::{NotUp, There};
use super::verbs::{LONG, Refused, call};
use crate::RenderError;
use crate::job::{Scene, Step};

/// A worker with a scene.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) life: u64,
    /// What it said when it opened the scene.
    pub(super) info: Value,
    /// What the last step returned; none where it had done all of them before.
    pub(super) last: Option<Value>,
}

/// Why a worker has no scene.
#[derive(Debug)]
pub(super) enum NotReady {
    /// It will not come back.
    Gone(String),
    /// Its life ended meanwhile; another one may begin.
    Lost,
    /// It refuses.
    Wrong(RenderError),
    /// Nobody wants it any more.
    GivenUp,
}

impl From<Refused> for NotReady {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Gone => Self::Lost,
            other => Self::Wrong(other.into()),
        }
    }
}

impl From<NotUp> for NotReady {
    fn from(why: NotUp) -> Self {
        match why {
            NotUp::Gone(how) => Self::Gone(how),
            NotUp::Late | NotUp::GivenUp => Self::GivenUp,
        }
    }
}

/// Sees that a worker has this scene. Whoever calls has the worker's turn.
pub(super) fn ensure(
    inner: &Inner,
    worker: usize,
    scene: &Scene,
    given_up: &dyn Fn() -> bool,
) -> Result<Ready, NotReady> {
    let life = inner.hub.wait_up(worker, None, given_up)?;
    let there = inner.hub.lock()[worker].there.clone();
    let there = there.filter(|there| there.life == life);
    let (info, done) = match there {
        Some(there) if continues(&there.scene, scene) => (there.info, there.scene.steps.len()),
        _ => {
            scene.check_unchanged().map_err(NotReady::Wrong)?;
            forget(inner, worker);
            let arguments = json!({
                "scene": scene.file,
                "autoexec": scene.autoexec,
                "options": scene.options,
            });
            (call(inner, (worker, life), "open", arguments, LONG)?, 0)
        }
    };
    remember(inner, worker, life, scene, done, &info);
    let new = &scene.steps[done..];
    let mut last = None;
    if !new.is_empty() {
        last = apply(inner, (worker, life), new)?.pop();
        remember(inner, worker, life, scene, scene.steps.len(), &info);
    }
    Ok(Ready { life, info, last })
}

/// Does steps that leave the scene as it is; what each returned.
pub(super) fn apply(
    inner: &Inner,
    of: (usize, u64),
    steps: &[Step],
) -> Result<Vec<Value>, NotReady> {
    let answer = call(inner, of, "apply", json!({"steps": steps}), LONG)?;
    match answer {
        Value::Array(values) if values.len() == steps.len() => Ok(values),
        other => Err(NotReady::Wrong(RenderError::Worker {
            kind: "RuntimeError".into(),
            text: format!("a worker answered {other} to {} steps", steps.len()),
            lacks: false,
        })),
    }
}

/// A worker has the scene no more.
pub(super) fn forget(inner: &Inner, worker: usize) {
    let mut workers = inner.hub.lock();
    (workers[worker].there, workers[worker].prepared) = (None, None);
}

fn remember(inner: &Inner, worker: usize, life: u64, scene: &Scene, done: usize, info: &Value) {
    let mut workers = inner.hub.lock();
    // One that has ended meanwhile has nothing.
    if workers[worker].up == Some(life) {
        let mut scene = scene.clone();
        scene.steps.truncate(done);
        workers[worker].there = Some(There {
            life,
            scene,
            info: info.clone(),
        });
    }
}

/// Whether what was done is the beginning of what is wanted.
fn continues(there: &Scene, wanted: &Scene) -> bool {
    there.file == wanted.file
        && there.autoexec == wanted.autoexec
        && there.options == wanted.options
        && wanted.steps.starts_with(&there.steps)
}
