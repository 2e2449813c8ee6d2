//! An instance's desk: what it counts, what it offers, and what is wanted of it.
//!
//! The thread that serves the line answers from here at once, or lays work here for the script's main
//! thread, which looks between frames. Owns both; it must never run anything, nor block the main
//! thread for longer than a lock takes.

use super::error::{Refusal, RefusalKind};
use super::report::About;
use super::words::{Parameter, Wanted};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Calls that may wait for the main thread; more are refused.
const MOST_CALLS: usize = 256;

/// What an instance spends its time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Blender evaluates a frame.
    Evaluate,
    /// A picture is drawn and read.
    Render,
    /// Samples are encoded, copied, and wait for room.
    Publish,
    /// Whole frames, the script's own work among them.
    Frames,
}

/// What an instance has counted in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Samples published.
    pub samples: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Seconds in which Blender evaluated frames.
    pub evaluate_s: f64,
    /// Seconds in which pictures were drawn and read.
    pub render_s: f64,
    /// Seconds in which samples were encoded, copied, and waited for room.
    pub publish_s: f64,
    /// Seconds of whole frames.
    pub frames_s: f64,
    /// Seconds since the instance was ready to be asked.
    pub alive_s: f64,
    /// Bytes of memory, as the kernel counts them for its process.
    pub memory: u64,
}

/// What was found on the desk, for the main thread to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Parameters have these values from now on.
    Set(Map<String, Value>),
    /// It is to end after this episode; why.
    Stop(String),
    /// A function is to be called; the answer goes out under that number.
    Call {
        /// The number.
        id: u64,
        /// Which service.
        service: String,
        /// Which of its functions.
        name: String,
        /// With what.
        arguments: Value,
    },
}

/// Whether what it says of itself is to be told again.
pub type Changed = bool;

#[derive(Debug, Default)]
struct Laid {
    about: About,
    set: Map<String, Value>,
    stop: Option<String>,
    calls: VecDeque<Work>,
    /// `about` has changed and was not told.
    changed: bool,
}

/// The desk.
#[derive(Debug)]
pub struct Desk {
    /// Something is laid there: all that a frame has to look at.
    due: AtomicBool,
    laid: Mutex<Laid>,
    /// Rung when work is laid.
    work: Condvar,
    /// Nanoseconds: evaluate, render, publish, frames.
    stages: [AtomicU64; 4],
    samples: AtomicU64,
    bytes: AtomicU64,
    began: Instant,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            due: AtomicBool::new(false),
            laid: Mutex::default(),
            work: Condvar::new(),
            stages: Default::default(),
            samples: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            began: Instant::now(),
        }
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Laid> {
        self.laid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // --- what the main thread says

    /// A stage took so long.
    pub fn took(&self, stage: Stage, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.stages[stage as usize].fetch_add(nanos, Relaxed);
    }

    /// A sample of so many bytes was published.
    pub fn published(&self, bytes: u64) {
        self.samples.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// What it says of itself is another thing now.
    pub fn tell(&self, change: impl FnOnce(&mut About)) {
        let mut laid = self.lock();
        let before = laid.about.clone();
        change(&mut laid.about);
        laid.changed |= laid.about != before;
    }

    /// What it says of itself.
    #[must_use]
    pub fn about(&self) -> About {
        self.lock().about.clone()
    }

    /// Whether there is something to do: a look that costs nothing.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.due.load(Relaxed)
    }

    /// What is to be done, in the order it is to be done in.
    pub fn take(&self) -> Vec<Work> {
        let mut laid = self.lock();
        self.due.store(false, Relaxed);
        let mut work = Vec::new();
        if !laid.set.is_empty() {
            work.push(Work::Set(std::mem::take(&mut laid.set)));
        }
        work.extend(laid.calls.drain(..));
        work.extend(laid.stop.take().map(Work::Stop));
        work
    }

    /// Waits for something to do, at most `timeout`; whether there is.
    pub fn wait(&self, timeout: Duration) -> bool {
        let laid = self.lock();
        let nothing = |_: &mut Laid| !self.is_due();
        let waited = self.work.wait_timeout_while(laid, timeout, nothing);
        drop(waited);
        self.is_due()
    }

    // --- what the line's thread does

    /// Answers what is wanted, or lays it there; no answer yet where the main thread gives it.
    pub fn hear(&self, id: u64, wanted: Wanted) -> Option<Result<Value, Refusal>> {
        match wanted {
            Wanted::Status => {
                let counters = serde_json::to_value(self.counters());
                let failed =
                    |error: serde_json::Error| Refusal::new(RefusalKind::Failed, error.to_string());
                return Some(counters.map_err(failed));
            }
            Wanted::Set { values } => {
                let mut laid = self.lock();
                if let Err(refusal) = check(&laid.about, &values) {
                    return Some(Err(refusal));
                }
                laid.set.extend(values);
                self.ring(laid);
                return Some(Ok(Value::Null));
            }
            Wanted::Stop { why } => {
                let mut laid = self.lock();
                laid.stop = Some(why);
                self.ring(laid);
                return Some(Ok(Value::Null));
            }
            Wanted::Call {
                service,
                name,
                arguments,
            } => {
                let mut laid = self.lock();
                if let Err(refusal) = offered(&laid.about, &service, &name) {
                    return Some(Err(refusal));
                }
                if laid.calls.len() >= MOST_CALLS {
                    let text = format!("{MOST_CALLS} calls wait already");
                    return Some(Err(Refusal::new(RefusalKind::Late, text)));
                }
                laid.calls.push_back(Work::Call {
                    id,
                    service,
                    name,
                    arguments,
                });
                self.ring(laid);
            }
        }
        None
    }

    fn ring(&self, laid: MutexGuard<'_, Laid>) {
        self.due.store(true, Relaxed);
        drop(laid);
        self.work.notify_all();
    }

    /// What it has counted.
    #[must_use]
    pub fn counters(&self) -> Counters {
        #[allow(clippy::cast_precision_loss, reason = "seconds for people")]
        let seconds = |stage: Stage| self.stages[stage as usize].load(Relaxed) as f64 / 1e9;
        Counters {
            samples: self.samples.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            evaluate_s: seconds(Stage::Evaluate),
            render_s: seconds(Stage::Render),
            publish_s: seconds(Stage::Publish),
            frames_s: seconds(Stage::Frames),
            alive_s: self.began.elapsed().as_secs_f64(),
            memory: resident_bytes(),
        }
    }

    /// What is to be said on the line, by whoever serves it: itself, if that has changed.
    pub(super) fn news(&self) -> Option<About> {
        let mut laid = self.lock();
        let about = laid.about.clone();
        std::mem::take(&mut laid.changed).then_some(about)
    }
}

/// Whether these values may be set.
fn check(about: &About, values: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in values {
        let Some(parameter) = about.parameters.get(name) else {
            let known: Vec<_> = about.parameters.keys().map(String::as_str).collect();
            let text = format!(
                "there is no parameter '{name}'; {}",
                listed("registered", &known)
            );
            return Err(Refusal::new(RefusalKind::Unknown, text));
        };
        if let Some(wrong) = misfit(parameter, value) {
            let text = format!("parameter '{name}': {wrong}");
            return Err(Refusal::new(RefusalKind::Value, text));
        }
    }
    Ok(())
}

/// What is wrong with a value for a parameter.
fn misfit(parameter: &Parameter, value: &Value) -> Option<String> {
    let (is, wanted) = (kind(value), kind(&parameter.value));
    let number = |kind: &str| kind == "a whole number" || kind == "a number";
    // A whole number is a number too, but no half is whole.
    if is != wanted && !(wanted == "a number" && number(is)) {
        return Some(format!("it is {wanted}, and {value} is {is}"));
    }
    if let (Value::Array(old), Value::Array(new)) = (&parameter.value, value)
        && (old.len() != new.len() || !new.iter().all(|part| number(kind(part))))
    {
        return Some(format!(
            "it is a list of {} numbers, and not {value}",
            old.len()
        ));
    }
    if let Some(choices) = &parameter.choices
        && !choices.iter().any(|choice| same(choice, value))
    {
        let choices: Vec<_> = choices.iter().map(ToString::to_string).collect();
        return Some(format!(
            "it is one of {}, and not {value}",
            choices.join(", ")
        ));
    }
    let parts = match value {
        Value::Array(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    for part in parts.iter().filter_map(Value::as_f64) {
        if parameter.low.is_some_and(|low| part < low)
            || parameter.high.is_some_and(|high| part > high)
        {
            let bound = |bound: Option<f64>| bound.map_or("…".into(), |bound| bound.to_string());
            let (low, high) = (bound(parameter.low), bound(parameter.high));
            return Some(format!(
                "it lies between {low} and {high}, and {part} does not"
            ));
        }
    }
    None
}

/// Whether two values are one, as 2 and 2.0 are.
fn same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|one| other.as_f64() == Some(one))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// Whether a function of a service can be called.
fn offered(about: &About, service: &str, name: &str) -> Result<(), Refusal> {
    let text = match about.services.get(service) {
        Some(names) if names.iter().any(|one| one == name) => return Ok(()),
        Some(names) => {
            let known: Vec<_> = names.iter().map(String::as_str).collect();
            format!(
                "service '{service}' has no function '{name}'; {}",
                listed("it has", &known)
            )
        }
        None => {
            let known: Vec<_> = about.services.keys().map(String::as_str).collect();
            format!(
                "there is no service '{service}'; {}",
                listed("registered", &known)
            )
        }
    };
    Err(Refusal::new(RefusalKind::Unknown, text))
}

fn listed(what: &str, names: &[&str]) -> String {
    match names.is_empty() {
        true => format!("{what}: none"),
        false => format!("{what}: {}", names.join(", ")),
    }
}

/// Bytes of memory that this process has, as the kernel counts them.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text
        .split(' ')
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    pages.saturating_mul(rustix::param::page_size() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn desk() -> Desk {
        let desk = Desk::default();
        desk.tell(|about| {
            let of = |value: Value, low, high| Parameter {
                value,
                low,
                high,
                choices: None,
                about: String::new(),
            };
            about
                .parameters
                .insert("light".into(), of(json!(1.5), Some(0.0), Some(10.0)));
            about
                .parameters
                .insert("count".into(), of(json!(3), None, None));
            about
                .parameters
                .insert("sun".into(), of(json!([0.0, 1.0]), None, None));
            about.services.insert("scene".into(), vec!["save".into()]);
        });
        desk
    }

    fn set(desk: &Desk, values: &Value) -> Result<Value, Refusal> {
        let values = values.as_object().unwrap().clone();
        desk.hear(1, Wanted::Set { values }).unwrap()
    }

    #[test]
    fn values_are_laid_there_for_the_next_frame() {
        let desk = desk();
        assert!(!desk.is_due());
        set(&desk, &json!({"light": 2, "sun": [1, 0.5]})).unwrap();
        set(&desk, &json!({"light": 3.5})).unwrap();
        assert!(desk.is_due());
        let wanted = json!({"light": 3.5, "sun": [1, 0.5]});
        assert_eq!(
            desk.take(),
            [Work::Set(wanted.as_object().unwrap().clone())]
        );
        assert!(!desk.is_due() && desk.take().is_empty());
    }

    #[test]
    fn wrong_values_are_refused_and_none_of_them_is_set() {
        let desk = desk();
        for (values, kind, says) in [
            (
                json!({"light": 2, "dark": 1}),
                RefusalKind::Unknown,
                "registered: count, light, sun",
            ),
            (json!({"light": "2"}), RefusalKind::Value, "\"2\" is a text"),
            (
                json!({"count": 2.5}),
                RefusalKind::Value,
                "it is a whole number",
            ),
            (json!({"light": 11}), RefusalKind::Value, "between 0 and 10"),
            (json!({"light": true}), RefusalKind::Value, "true or false"),
            (
                json!({"sun": [1]}),
                RefusalKind::Value,
                "a list of 2 numbers",
            ),
        ] {
            let refusal = set(&desk, &values).unwrap_err();
            assert_eq!(refusal.kind, kind, "{values}");
            assert!(refusal.message.contains(says), "{values}: {refusal}");
        }
        assert!(!desk.is_due());
    }

    #[test]
    fn a_whole_number_is_one_of_the_choices_of_a_number() {
        let desk = Desk::default();
        desk.tell(|about| {
            let scale = Parameter {
                value: json!(1.0),
                low: None,
                high: None,
                choices: Some(vec![json!(1.0), json!(2.0)]),
                about: String::new(),
            };
            about.parameters.insert("scale".into(), scale);
        });
        set(&desk, &json!({"scale": 2})).unwrap();
        let refusal = set(&desk, &json!({"scale": 3})).unwrap_err();
        assert!(
            refusal.message.contains("one of 1.0, 2.0, and not 3"),
            "{refusal}"
        );
    }

    #[test]
    fn calls_wait_for_the_main_thread_and_unknown_ones_do_not() {
        let desk = desk();
        let call = |service: &str, name: &str| {
            desk.hear(
                7,
                Wanted::Call {
                    service: service.into(),
                    name: name.into(),
                    arguments: Value::Null,
                },
            )
        };
        let said = call("scene", "open").unwrap().unwrap_err();
        assert!(said.message.contains("it has: save"), "{said}");
        let said = call("render", "frame").unwrap().unwrap_err();
        assert!(said.message.contains("registered: scene"), "{said}");
        assert_eq!(call("scene", "save"), None);
        assert!(desk.wait(Duration::from_secs(60)));
        assert!(matches!(desk.take()[..], [Work::Call { id: 7, .. }]));
        for _ in 0..MOST_CALLS {
            assert_eq!(call("scene", "save"), None);
        }
        assert_eq!(
            call("scene", "save").unwrap().unwrap_err().kind,
            RefusalKind::Late
        );
    }

    #[test]
    fn a_stop_comes_after_what_was_asked_before() {
        let desk = desk();
        desk.hear(
            1,
            Wanted::Stop {
                why: "memory".into(),
            },
        );
        set(&desk, &json!({"count": 4})).unwrap();
        let work = desk.take();
        assert!(matches!(&work[..], [Work::Set(_), Work::Stop(why)] if why == "memory"));
    }

    #[test]
    fn what_it_says_of_itself_is_told_once() {
        let desk = desk();
        assert!(desk.news().is_some() && desk.news().is_none());
        desk.tell(|about| about.engine = Some("CYCLES".into()));
        assert!(desk.news().is_some());
        desk.tell(|about| about.engine = Some("CYCLES".into()));
        assert!(desk.news().is_none());
    }

    #[test]
    fn counters_add_up() {
        let desk = desk();
        desk.published(10);
        desk.took(Stage::Render, Duration::from_millis(1500));
        desk.took(Stage::Render, Duration::from_millis(500));
        let counters = desk.counters();
        assert_eq!((counters.samples, counters.bytes), (1, 10));
        assert!((counters.render_s - 2.0).abs() < 1e-9 && counters.memory > 0);
    }
}
