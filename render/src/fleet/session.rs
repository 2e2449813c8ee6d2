//! A scene on some of the workers of a fleet: it is opened, changed, asked and rendered.
//!
//! Owns what was done to the scene, so that a worker that begins another life gets it all again.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::progress::{Outcome, Progress};
use super::scene::{NotReady, apply, ensure, forget};
use super::verbs::{LONG, call};
use super::{Inner, jobs, rendering};
use crate::RenderError;
use crate::job::{Request, Scene, Step};

/// How often a worker may end while it opens a scene.
const OPENINGS: usize = 3;
/// How long the launcher may take to see that a worker has ended.
const SEEN: Duration = Duration::from_secs(10);

/// A scene on some workers. Other scenes can be on the others at the same time.
#[derive(Debug, Clone)]
pub struct Session {
    inner: Arc<Inner>,
    workers: Vec<usize>,
    scene: Option<Scene>,
}

impl Session {
    pub(super) fn new(inner: Arc<Inner>, workers: Vec<usize>) -> Self {
        Self {
            inner,
            workers,
            scene: None,
        }
    }

    /// The workers that it has.
    #[must_use]
    pub fn workers(&self) -> &[usize] {
        &self.workers
    }

    /// The scene that it has.
    #[must_use]
    pub fn scene(&self) -> Option<&Scene> {
        self.scene.as_ref()
    }

    /// Takes a scene, without opening it yet.
    ///
    /// # Errors
    /// There is no such file.
    pub fn set_scene(&mut self, scene: Scene) -> Result<(), RenderError> {
        let mut scene = scene.checked()?;
        // Workers share the cores: those of other hosts know how many there are.
        if !self.inner.fleet.is_far() && !scene.steps.iter().any(|step| step.0 == "threads") {
            let threads = jobs::threads(self.inner.workers);
            let threads = Step::new("threads", serde_json::json!({"count": threads}));
            scene.steps.insert(0, threads);
        }
        self.scene = Some(scene);
        Ok(())
    }

    /// Opens the scene on all workers, and does its steps; what each said of it.
    ///
    /// # Errors
    /// It does not open, or a step is refused.
    pub fn open(&mut self, scene: Scene) -> Result<Vec<Value>, RenderError> {
        self.set_scene(scene)?;
        let scene = self.scene().cloned().ok_or_else(|| no_scene("open"))?;
        let opened = self.on_each(|inner, worker| {
            ensure(inner, worker, &scene, &|| false).map(|ready| ready.info)
        });
        if opened.is_err() {
            self.scene = None;
        }
        opened
    }

    /// Does a step on all workers; what each returned. With `keep`, it is done again in a worker's next
    /// life; without, it is one that only asks.
    ///
    /// # Errors
    /// No scene is open, or a worker refuses.
    pub fn apply(&mut self, step: Step, keep: bool) -> Result<Vec<Value>, RenderError> {
        let mut scene = self.scene.clone().ok_or_else(|| no_scene(&step.0))?;
        if !keep {
            let steps = [step];
            return self.on_each(|inner, worker| {
                let ready = ensure(inner, worker, &scene, &|| false)?;
                let mut values = apply(inner, (worker, ready.life), &steps)?;
                Ok(values.pop().unwrap_or_default())
            });
        }
        scene.steps.push(step);
        let values = self.on_each(|inner, worker| {
            let ready = ensure(inner, worker, &scene, &|| false)?;
            Ok(ready.last.unwrap_or_default())
        })?;
        self.scene = Some(scene);
        Ok(values)
    }

    /// The same on each worker at a time; in a next life where one ends meanwhile.
    fn on_each(
        &self,
        act: impl Fn(&Inner, usize) -> Result<Value, NotReady> + Sync,
    ) -> Result<Vec<Value>, RenderError> {
        let inner = &*self.inner;
        let on_one = |worker: usize| -> Result<Value, RenderError> {
            let mut openings = 0;
            loop {
                let turn = inner.turn(worker);
                let before = inner.hub.lock()[worker].up;
                let done = act(inner, worker);
                drop(turn);
                match done {
                    Ok(value) => return Ok(value),
                    Err(NotReady::Wrong(error)) => return Err(error),
                    Err(NotReady::Lost) if openings + 1 < OPENINGS => {
                        openings += 1;
                        // The launcher may not have seen yet that it has ended.
                        let until = Instant::now() + SEEN;
                        let life = before.or_else(|| inner.hub.lock()[worker].up);
                        if let Some(life) = life {
                            let late = || Instant::now() > until;
                            inner.hub.wait_over(worker, life, &late);
                        }
                    }
                    Err(NotReady::Gone(how)) => {
                        return Err(RenderError::NoWorkers(format!(
                            "worker {worker} will not come back: {how}\n{}",
                            inner.report()
                        )));
                    }
                    Err(NotReady::Lost | NotReady::GivenUp) => {
                        return Err(RenderError::NoWorkers(format!(
                            "worker {worker} ended {} times while it did what it was asked:\n{}",
                            openings + 1,
                            inner.report()
                        )));
                    }
                }
            }
        };
        if let [one] = self.workers[..] {
            return Ok(vec![on_one(one)?]);
        }
        thread::scope(|scope| {
            let on_one = &on_one;
            let asked: Vec<_> = self
                .workers
                .iter()
                .map(|worker| scope.spawn(move || on_one(*worker)))
                .collect();
            let answers = asked.into_iter().map(|one| {
                one.join()
                    .unwrap_or_else(|_| Err(RenderError::NoWorkers("who asked panicked".into())))
            });
            answers.collect()
        })
    }

    /// Renders frames of the scene. See [`RenderFleet::render`](super::RenderFleet::render).
    ///
    /// # Errors
    /// As there.
    pub fn render(
        &self,
        request: &Request,
        progress: &mut dyn FnMut(&Progress) -> bool,
    ) -> Result<Outcome, RenderError> {
        let scene = self.scene.clone().ok_or_else(|| no_scene("render"))?;
        rendering::render(&self.inner, &self.workers, &scene, request, progress)
    }

    /// Closes the scene: the workers have factory settings again.
    ///
    /// # Errors
    /// A worker refuses.
    pub fn close(&mut self) -> Result<(), RenderError> {
        if self.scene.take().is_none() {
            return Ok(());
        }
        self.on_each(|inner, worker| {
            forget(inner, worker);
            let Some(life) = inner.hub.lock()[worker].up else {
                return Ok(Value::Null);
            };
            match call(inner, (worker, life), "close", serde_json::json!({}), LONG) {
                // Its next life has nothing open.
                Err(super::verbs::Refused::Gone) => Ok(Value::Null),
                other => other.map_err(NotReady::from),
            }
        })
        .map(drop)
    }
}

fn no_scene(what: &str) -> RenderError {
    RenderError::Worker {
        kind: "RuntimeError".into(),
        text: format!("{what}: no scene is open; call initialize(blend_file, root_path) first"),
        lacks: false,
    }
}
