//! Python binding of `btb::Instance`: this process as an instance of a launcher.
//!
//! Owns the conversion of what is said of it and asked of it; values are JSON text on their way, since
//! parameters and results are. Without a launcher each call does nothing.

use crate::timeout::SLICE;
use btb::Instance;
use btb::control::{Refusal, RefusalKind, Resume, Stage, State, Work};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long the end of a process waits for the last words to be sent.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// This process as an instance.
#[pyclass(name = "Instance", frozen, module = "blendtorch._blendtorch")]
struct PyInstance(&'static Instance);

fn wrong(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A word of the control channel, as its JSON has it.
fn word<T: DeserializeOwned>(text: &str) -> PyResult<T> {
    serde_json::from_value(Value::from(text)).map_err(wrong)
}

fn json_text(value: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(wrong)
}

fn stage(text: &str) -> PyResult<Stage> {
    match text {
        "evaluate" => Ok(Stage::Evaluate),
        "render" => Ok(Stage::Render),
        "frames" => Ok(Stage::Frames),
        _ => Err(PyValueError::new_err(format!("'{text}' is no stage"))),
    }
}

fn state(text: &str) -> PyResult<State> {
    match text {
        "rendering" => Ok(State::Rendering),
        "waiting_for_agent" => Ok(State::WaitingForAgent),
        "waiting_for_request" => Ok(State::WaitingForRequest),
        _ => word(text),
    }
}

fn state_word(state: State) -> &'static str {
    match state {
        State::Starting => "starting",
        State::Rendering => "rendering",
        State::WaitingForConsumer => "waiting_for_consumer",
        State::WaitingForAgent => "waiting_for_agent",
        State::WaitingForRequest => "waiting_for_request",
        State::Quiet => "quiet",
    }
}

fn work_json(work: Work) -> Value {
    match work {
        Work::Set(values) => json!({"work": "set", "values": values}),
        Work::Stop(why) => json!({"work": "stop", "why": why}),
        Work::Call {
            id,
            service,
            name,
            arguments,
        } => json!({
            "work": "call", "id": id, "service": service, "name": name, "arguments": arguments
        }),
    }
}

#[pymethods]
impl PyInstance {
    /// Which life of the instance this is, from 1.
    #[getter]
    fn life(&self) -> u64 {
        self.0.life()
    }

    /// Whether somebody can ask it anything.
    #[getter]
    fn has_line(&self) -> bool {
        self.0.link().is_some()
    }

    /// Whether lives before this one have published anything.
    fn has_published_before(&self) -> bool {
        self.0.has_published_before()
    }

    /// Lines for the user, once.
    fn warnings(&self) -> Vec<String> {
        self.0.take_warnings()
    }

    /// What it says of itself, as JSON.
    fn about(&self) -> PyResult<String> {
        json_text(&self.0.desk().about())
    }

    /// It says these of itself from now on: the keys of `about` that change, as a JSON object.
    fn tell(&self, changes: &str) -> PyResult<()> {
        let changes: Map<String, Value> = serde_json::from_str(changes).map_err(wrong)?;
        let mut about = serde_json::to_value(self.0.desk().about()).map_err(wrong)?;
        if let Some(about) = about.as_object_mut() {
            about.extend(changes);
        }
        let about = serde_json::from_value(about).map_err(wrong)?;
        self.0.desk().tell(|told| *told = about);
        if let Some(link) = self.0.link() {
            link.ring();
        }
        Ok(())
    }

    /// Whether something is to be done: one look at a word of memory.
    fn due(&self) -> bool {
        self.0.desk().is_due()
    }

    /// What is to be done, in its order: a JSON list of `{"work": "set", "values"}`,
    /// `{"work": "call", "id", "service", "name", "arguments"}` and `{"work": "stop", "why"}`.
    fn take(&self) -> PyResult<String> {
        let work: Vec<Value> = self.0.desk().take().into_iter().map(work_json).collect();
        json_text(&work)
    }

    /// Waits a moment, without the GIL, for something to be done; whether there is. Serves signals.
    fn wait(&self, py: Python<'_>) -> PyResult<bool> {
        let due = py.detach(|| self.0.desk().wait(SLICE));
        py.check_signals()?;
        Ok(due)
    }

    /// Answers the call of that number with a value, as JSON.
    fn answer(&self, call: u64, value: &str) -> PyResult<()> {
        let value = serde_json::from_str(value).map_err(wrong)?;
        if let Some(link) = self.0.link() {
            link.answer(call, Ok(value));
        }
        Ok(())
    }

    /// Refuses the call of that number.
    fn refuse(&self, call: u64, kind: &str, message: &str) -> PyResult<()> {
        let kind: RefusalKind = word(kind)?;
        if let Some(link) = self.0.link() {
            link.answer(call, Err(Refusal::new(kind, message)));
        }
        Ok(())
    }

    /// Says that the script was left by an error.
    fn script_error(&self, traceback: &str) {
        if let Some(link) = self.0.link() {
            link.script_error(traceback);
        }
    }

    /// Says something, as JSON, to whoever listens in the launcher's program.
    fn say(&self, topic: &str, value: &str) -> PyResult<()> {
        let value = serde_json::from_str(value).map_err(wrong)?;
        self.0.say(topic, value);
        Ok(())
    }

    /// Waits a moment until all that was said is sent: the process is about to end.
    fn flush(&self, py: Python<'_>) {
        if let Some(link) = self.0.link() {
            py.detach(|| link.flush(LAST_WORDS));
        }
    }

    /// A stage took so many seconds.
    fn took(&self, name: &str, seconds: f64) -> PyResult<()> {
        let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        self.0.desk().took(stage(name)?, time);
        Ok(())
    }

    /// What it is at from now on; what it was at before.
    fn enter(&self, name: &str) -> PyResult<&'static str> {
        Ok(state_word(self.0.enter(state(name)?)))
    }

    /// Frames are played from now on, or no more.
    fn set_playing(&self, playing: bool) {
        self.0.set_playing(playing);
    }

    /// A frame is done.
    fn frame_done(&self) {
        self.0.frame_done();
    }

    /// Which episode, and which sample of it, is made now.
    fn place(&self, episode: Option<u64>, sample: Option<u64>) {
        self.0.set_place(episode, sample);
    }

    /// Where this life goes on: `(base, play, next_episode, played)`.
    fn resume(&self) -> (u64, u64, u64, u64) {
        let resume = self.0.resume();
        (resume.base, resume.play, resume.next_episode, resume.played)
    }

    /// Where the next life would go on.
    fn set_resume(&self, base: u64, play: u64, next_episode: u64, played: u64) {
        self.0.set_resume(Resume {
            base,
            play,
            next_episode,
            played,
        });
    }
}

/// What the script's main thread does while it waits for others: what is asked of the instance.
static MEANWHILE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Has this function called, by whichever thread waits, when there is something to do.
#[pyfunction]
fn do_meanwhile(py: Python<'_>, function: Py<PyAny>) {
    // The first one stays: there is one module that does it.
    let _ = MEANWHILE.set(py, function);
}

/// Serves signals, and what others ask of the instance, while somebody is waited for.
pub(crate) fn while_waiting(py: Python<'_>) -> PyResult<()> {
    py.check_signals()?;
    if let Some(function) = MEANWHILE.get(py)
        && Instance::this().is_some_and(|this| this.desk().is_due())
    {
        function.call0(py)?;
    }
    Ok(())
}

/// This process as an instance; None in one that was forked from it.
#[pyfunction]
fn this_instance(py: Python<'_>) -> Option<PyInstance> {
    py.detach(Instance::this).map(PyInstance)
}

/// Adds this module's class and function to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyInstance>()?;
    module.add_function(wrap_pyfunction!(do_meanwhile, module)?)?;
    module.add_function(wrap_pyfunction!(this_instance, module)?)
}
