//! Python bindings of `blendtorch_render::RenderFleet` and its sessions.
//!
//! Values cross as JSON text. Whatever waits does so without the GIL and serves signals. It must never
//! hold what the crate could.

use super::errors::render_error;
use crate::aside::aside;
use blendtorch_render::{
    FleetPlan, Outcome, Progress, ProgressWhat, RenderDescription, RenderError, RenderFleet,
    Request, Scene, Session, Step,
};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

fn wrong(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn object(text: &str) -> PyResult<Map<String, Value>> {
    serde_json::from_str(text).map_err(wrong)
}

/// Does something that a fleet may refuse, as `aside` does.
fn asked<T: Send + 'static>(
    py: Python<'_>,
    act: impl FnOnce() -> Result<T, RenderError> + Send + 'static,
) -> PyResult<T> {
    aside(py, act)?.map_err(|error| render_error(&error))
}

/// Blenders that render.
#[pyclass(name = "RenderFleet", frozen, module = "blendtorch._blendtorch")]
struct PyRenderFleet {
    fleet: Arc<RenderFleet>,
    process: u32,
}

impl PyRenderFleet {
    fn check(&self) -> PyResult<()> {
        crate::errors::refuse_child(self.process)
    }
}

#[pymethods]
impl PyRenderFleet {
    /// Starts what `described` says, JSON with the keys of render.json that are about the fleet.
    #[new]
    #[pyo3(signature = (described, timeout=None))]
    fn new(py: Python<'_>, described: &str, timeout: Option<f64>) -> PyResult<Self> {
        let described =
            RenderDescription::from_json(described).map_err(|error| render_error(&error))?;
        let mut plan = FleetPlan::of(&described);
        plan.timeout = timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let fleet = asked(py, move || RenderFleet::start(&plan))?;
        Ok(Self {
            fleet: Arc::new(fleet),
            process: std::process::id(),
        })
    }

    /// How many workers there are.
    #[getter]
    fn workers(&self) -> usize {
        self.fleet.workers()
    }

    /// The version of the Blender that renders.
    #[getter]
    fn blender(&self) -> String {
        self.fleet.blender()
    }

    /// The processes of the workers.
    fn pids(&self) -> Vec<u32> {
        self.fleet.pids()
    }

    /// A scene on some workers, or on all.
    #[pyo3(signature = (workers=None))]
    fn session(&self, workers: Option<Vec<usize>>) -> PyResult<PyRenderSession> {
        self.check()?;
        let most = self.fleet.workers();
        if let Some(one) = workers.iter().flatten().find(|one| **one >= most) {
            return Err(PyValueError::new_err(format!(
                "there is no worker {one}: there are {most}"
            )));
        }
        Ok(PyRenderSession {
            session: Arc::new(Mutex::new(self.fleet.session(workers))),
            rendering: AtomicUsize::new(0),
            _fleet: Arc::clone(&self.fleet),
            process: self.process,
        })
    }

    /// Ends the Blenders.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        self.check()?;
        py.detach(|| self.fleet.stop());
        Ok(())
    }
}

impl Drop for PyRenderFleet {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            // Sessions keep the rest; who lets the fleet go wants its end.
            Python::attach(|py| py.detach(|| self.fleet.stop()));
        }
    }
}

/// A scene on some workers of a fleet.
#[pyclass(name = "RenderSession", frozen, module = "blendtorch._blendtorch")]
struct PyRenderSession {
    session: Arc<Mutex<Session>>,
    /// Renders under way: meanwhile the scene must stay as it is.
    rendering: AtomicUsize,
    _fleet: Arc<RenderFleet>,
    process: u32,
}

impl PyRenderSession {
    fn check_still(&self, what: &str) -> PyResult<()> {
        crate::errors::refuse_child(self.process)?;
        match self.rendering.load(Acquire) {
            0 => Ok(()),
            _ => Err(PyRuntimeError::new_err(format!(
                "{what}: this client renders; wait until that is over"
            ))),
        }
    }
}

fn held(session: &Mutex<Session>) -> MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

#[pymethods]
impl PyRenderSession {
    /// Opens a scene on all workers; what each says of it, as JSON.
    fn open(
        &self,
        py: Python<'_>,
        scene: PathBuf,
        autoexec: bool,
        options: &str,
    ) -> PyResult<Vec<String>> {
        self.check_still("initialize")?;
        let mut taken = Scene::new(scene);
        (taken.autoexec, taken.options) = (autoexec, object(options)?);
        let session = Arc::clone(&self.session);
        let said = asked(py, move || held(&session).open(taken))?;
        Ok(texts(&said))
    }

    /// Opens the scene of a render.json on all workers, and does its steps.
    fn open_described(&self, py: Python<'_>, described: &str) -> PyResult<Vec<String>> {
        self.check_still("render")?;
        let described = RenderDescription::from_json(described);
        let job = described.and_then(|described| described.job());
        let job = job.map_err(|error| render_error(&error))?;
        let session = Arc::clone(&self.session);
        let said = asked(py, move || held(&session).open(job.scene))?;
        Ok(texts(&said))
    }

    /// Does a step on all workers; what each returned, as JSON.
    fn apply(
        &self,
        py: Python<'_>,
        name: String,
        arguments: &str,
        keep: bool,
    ) -> PyResult<Vec<String>> {
        match keep {
            true => self.check_still(&name)?,
            false => crate::errors::refuse_child(self.process)?,
        }
        let step = Step(name, object(arguments)?);
        let session = Arc::clone(&self.session);
        let said = asked(py, move || match keep {
            true => held(&session).apply(step, true),
            // One that only asks does not wait for a render.
            false => {
                let mut asking = held(&session).clone();
                asking.apply(step, false)
            }
        })?;
        Ok(texts(&said))
    }

    /// Renders what `request` says, JSON with the keys of render.json and `anew`, `dry_run`; `tell` is
    /// called with what happens, as JSON; what came of it, as JSON.
    #[allow(clippy::needless_pass_by_value, reason = "extracted from Python")]
    fn render(&self, py: Python<'_>, request: &str, tell: Option<Py<PyAny>>) -> PyResult<String> {
        crate::errors::refuse_child(self.process)?;
        let request = read_request(request)?;
        let mut raised = None;
        // Not under the lock: what is called meanwhile may ask the scene.
        let session = held(&self.session).clone();
        self.rendering.fetch_add(1, AcqRel);
        let rendered = py.detach(|| {
            session.render(&request, &mut |progress| {
                Python::attach(|py| match told(py, progress, tell.as_ref()) {
                    Ok(()) => true,
                    Err(error) => {
                        raised = Some(error);
                        false
                    }
                })
            })
        });
        self.rendering.fetch_sub(1, AcqRel);
        match (rendered, raised) {
            (_, Some(error)) => Err(error),
            (Err(error), None) => Err(render_error(&error)),
            (Ok(outcome), None) => Ok(outcome_json(&outcome).to_string()),
        }
    }

    /// Closes the scene.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.check_still("close")?;
        let session = Arc::clone(&self.session);
        asked(py, move || held(&session).close())
    }
}

fn told(py: Python<'_>, progress: &Progress, tell: Option<&Py<PyAny>>) -> PyResult<()> {
    py.check_signals()?;
    let Some(tell) = tell.filter(|_| progress.what != ProgressWhat::Nothing) else {
        return Ok(());
    };
    let mut text = match &progress.what {
        ProgressWhat::Planned { damaged } => json!({"what": "planned", "damaged": damaged}),
        ProgressWhat::Frame(frame) => json!({"what": "frame", "frame": frame}),
        ProgressWhat::Failed { frame, why } => {
            json!({"what": "failed", "frame": frame, "why": why})
        }
        ProgressWhat::Warning(text) => json!({"what": "warning", "text": text}),
        ProgressWhat::Nothing => json!({}),
    };
    text["total"] = progress.total.into();
    text["done"] = progress.done.into();
    text["skipped"] = progress.skipped.into();
    text["alive"] = progress.alive.into();
    text["elapsed"] = progress.elapsed.as_secs_f64().into();
    tell.call1(py, (text.to_string(),)).map(drop)
}

fn read_request(text: &str) -> PyResult<Request> {
    let mut keys = object(text)?;
    let mut flag = |name: &str| {
        let value = keys.remove(name).and_then(|value| value.as_bool());
        value.unwrap_or_default()
    };
    let (anew, dry_run, mixed) = (flag("anew"), flag("dry_run"), flag("mixed"));
    // The session has its own.
    keys.entry("scene").or_insert_with(|| json!("scene.blend"));
    let described = RenderDescription::from_json(&Value::Object(keys).to_string());
    let job = described.and_then(|described| described.job());
    let job = job.map_err(|error| render_error(&error))?;
    Ok(Request {
        anew,
        dry_run,
        mixed,
        ..job.request
    })
}

fn outcome_json(outcome: &Outcome) -> Value {
    json!({
        "total": outcome.total,
        "done": outcome.done,
        "skipped": outcome.skipped,
        "failed": outcome.failed,
        "twice": outcome.twice,
        "lost": outcome.lost,
        "elapsed": outcome.elapsed.as_secs_f64(),
        "seconds": outcome.seconds,
    })
}

/// Adds this module's classes to `_blendtorch`.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyRenderFleet>()?;
    module.add_class::<PyRenderSession>()
}
