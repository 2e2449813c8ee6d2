//! Keeps the books of one render: what workers say becomes files with names, rows, and progress.
//!
//! Owns the ledger, and the moment at which a file gets its name: the first result of a frame wins,
//! whoever else renders it too. It must never wait for a worker.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::hub::Said;
use super::progress::{Outcome, Progress, ProgressWhat};
use super::worker::{Shared, verdict_words};
use crate::RenderError;
use crate::division::{Division, Verdict};
use crate::job::{Content, Format, Pass, Settings};
use crate::layout::Layout;
use crate::ledger::{Entry, IdTable, Ledger, Needs, Plan, Shot, UNFINISHED, stamp};
use crate::transforms;

/// What is told to the keeper.
#[derive(Debug)]
pub(super) enum Word {
    /// A worker has the scene open: what it says of it, and its range of frames.
    Up { info: Value, range: Value },
    /// A line for the user.
    Warning(String),
    /// Names have got ids.
    Ids(Box<IdTable>),
    /// Frames are given to a worker.
    Given {
        worker: usize,
        life: u64,
        frames: Vec<i64>,
    },
    /// Frames wait again.
    Returned(Vec<i64>),
    /// A worker said something by itself.
    Said(Said),
    /// A life of a worker has ended, and the frame that it was at has this verdict.
    Lost {
        worker: usize,
        life: u64,
        blamed: Option<(i64, Verdict)>,
    },
    /// A worker will not come back.
    Out { worker: usize, how: String },
    /// A worker cannot do what is wanted, and no other one can.
    Fatal(RenderError),
}

/// A file that a worker has written, under the name that it has in the worker's folder.
#[derive(Debug, Deserialize)]
struct Written {
    pass: String,
    file: String,
    bytes: u64,
    crc: u32,
    #[serde(default)]
    seconds: f64,
}

pub(super) struct Keeper<'a> {
    shared: Arc<Shared>,
    progress: &'a mut dyn FnMut(&Progress) -> bool,
    ledger: Option<Ledger>,
    kinds: IndexMap<String, Value>,
    settings: Settings,
    needs: Needs,
    told: Progress,
    failed: Vec<(i64, String)>,
    /// When each worker began with its frame, and which.
    since: HashMap<usize, (Instant, i64, u64)>,
    /// Workers whose frame took too long.
    late: HashSet<(usize, u64)>,
    /// Folders that are there.
    folders: HashSet<PathBuf>,
    left: HashSet<usize>,
    began: Instant,
    sums: BTreeMap<String, (f64, u32)>,
    warned: HashSet<String>,
    twice: usize,
    lost: usize,
    over: bool,
    /// Something is to be committed now.
    due: bool,
    committed: Instant,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(
        shared: Arc<Shared>,
        workers: &[usize],
        progress: &'a mut dyn FnMut(&Progress) -> bool,
    ) -> Result<Self, RenderError> {
        let request = &shared.request;
        let ledger = match request.dry_run {
            true => None,
            false => Some(Ledger::open(&request.out)?),
        };
        let content = Content::of(&shared.scene.file).map_err(|error| {
            let file = shared.scene.file.display();
            RenderError::job("scene", format!("{file} cannot be read: {error}"))
        })?;
        let blender = shared.inner.fleet.blender().version.to_string();
        let settings = Settings::new(&shared.scene, &content, &blender, request.layout);
        let kinds = kinds(&shared);
        let told = Progress {
            workers: workers.len(),
            ..Progress::default()
        };
        Ok(Self {
            left: workers.iter().copied().collect(),
            shared,
            progress,
            ledger,
            kinds,
            settings,
            needs: Needs::default(),
            told,
            failed: Vec::new(),
            since: HashMap::new(),
            late: HashSet::new(),
            folders: HashSet::new(),
            began: Instant::now(),
            sums: BTreeMap::new(),
            warned: HashSet::new(),
            twice: 0,
            lost: 0,
            over: false,
            due: false,
            committed: Instant::now(),
        })
    }

    /// Where the frames are known without the scene, what is to be done is known at once.
    pub(super) fn begin(&mut self) -> Result<(), RenderError> {
        // A range of the scene's own stands for parts that are not said: wrong ones are wrong anyway.
        let one = self.shared.request.frames.numbers((0, 0, 1));
        let other = self.shared.request.frames.numbers((1, 2, 1));
        match (one, other) {
            (Ok(one), Ok(other)) if one == other => self.plan(&one),
            _ => Ok(()),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    fn plan(&mut self, frames: &[i64]) -> Result<(), RenderError> {
        let shared = Arc::clone(&self.shared);
        let request = &shared.request;
        self.told.total = frames.len();
        let needs = match &mut self.ledger {
            Some(ledger) => ledger.plan(&Plan {
                settings: &self.settings,
                kinds: &self.kinds,
                frames,
                mixed: request.mixed,
                anew: request.anew,
            })?,
            None => Needs {
                missing: frames.iter().map(|frame| (*frame, Vec::new())).collect(),
                ..Needs::default()
            },
        };
        self.needs = needs;
        self.told.skipped = self.needs.whole;
        self.told.done = self.needs.whole;
        let missing: Vec<_> = self.needs.missing.keys().copied().collect();
        let mut dealing = shared.lock();
        if let Some(ledger) = &self.ledger {
            dealing.ids = ledger.ids()?;
        }
        (dealing.prepare, dealing.wants_ids) = self.prepare();
        let division = Division::new(&missing, self.told.workers, request.sequential);
        self.over = division.is_over();
        dealing.division = Some(division);
        drop(dealing);
        shared.wake();
        self.began = Instant::now();
        let damaged = self.needs.damaged.clone();
        self.say(ProgressWhat::Planned { damaged })
    }

    /// What workers are told before their first frame, and whether names get ids.
    fn prepare(&self) -> (Map<String, Value>, bool) {
        let request = &self.shared.request;
        let missing: HashSet<_> = self.needs.missing.values().flatten().collect();
        // A sheet shows all passes.
        let all = request.dry_run
            || missing
                .iter()
                .any(|kind| *kind == "previews" || *kind == "layers");
        let passes: IndexMap<_, _> = request
            .passes
            .iter()
            .filter(|(pass, _)| all || missing.contains(&pass.name().to_owned()))
            .collect();
        let files: Vec<_> = passes
            .iter()
            .filter(|(pass, _)| ***pass != Pass::Composites)
            .map(|(pass, options)| {
                json!({
                    "pass": pass,
                    "format": options.format,
                    "bits": options.bits,
                    "codec": options.codec,
                    "color": options.color,
                })
            })
            .collect();
        let spec = json!({
            "layout": request.layout,
            "previews": request.previews,
            "multilayer": request.multilayer,
            "files": files,
        });
        let wants_ids = passes
            .keys()
            .any(|pass| matches!(pass, Pass::Segmentations | Pass::Materials));
        let mut arguments = Map::new();
        arguments.insert("passes".into(), json!(passes));
        arguments.insert("spec".into(), spec);
        arguments.insert("folder".into(), Value::Null);
        arguments.insert("previews".into(), json!(request.previews));
        arguments.insert("sequential".into(), json!(request.sequential));
        arguments.insert("persistent".into(), json!(true));
        arguments.insert("dry_run".into(), json!(request.dry_run));
        (arguments, wants_ids)
    }

    pub(super) fn hear(&mut self, word: Word) -> Result<(), RenderError> {
        match word {
            Word::Up { info, range } => self.up(&info, &range),
            Word::Warning(text) => self.warn(text),
            Word::Ids(table) => match &mut self.ledger {
                Some(ledger) => ledger.keep_ids(&table),
                None => Ok(()),
            },
            Word::Given {
                worker,
                life,
                frames,
            } => match &mut self.ledger {
                Some(ledger) => ledger.given(&frames, &blender(worker, life)),
                None => Ok(()),
            },
            Word::Returned(frames) => match &mut self.ledger {
                Some(ledger) => ledger.returned(&frames),
                None => Ok(()),
            },
            Word::Said(said) => self.said(said),
            Word::Lost {
                worker,
                life,
                blamed,
            } => self.lost(worker, life, blamed),
            Word::Out { worker, how } => self.out(worker, &how),
            Word::Fatal(error) => Err(error),
        }
    }

    fn up(&mut self, info: &Value, range: &Value) -> Result<(), RenderError> {
        for warning in info["warnings"].as_array().into_iter().flatten() {
            self.warn(warning.as_str().unwrap_or_default().to_owned())?;
        }
        let reasons: Vec<_> = info["sequential"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if !reasons.is_empty() && !self.shared.request.sequential && self.told.workers > 1 {
            self.warn(format!(
                "the state of this scene depends on the frame before ({}): bake it, or render with \
                 --sequential",
                reasons.join(", ")
            ))?;
        }
        if self.shared.lock().division.is_some() {
            return Ok(());
        }
        let number = |i: usize| range[i].as_i64().unwrap_or(1);
        let scene = (number(0), number(1), number(2));
        let frames = self.shared.request.frames.numbers(scene);
        let frames = frames.map_err(|problem| RenderError::job("frames", problem))?;
        self.plan(&frames)
    }

    fn warn(&mut self, text: String) -> Result<(), RenderError> {
        // Each worker says it.
        match self.warned.insert(text.clone()) {
            true => self.say(ProgressWhat::Warning(text)),
            false => Ok(()),
        }
    }

    fn said(&mut self, said: Said) -> Result<(), RenderError> {
        let Said {
            worker,
            life,
            value,
        } = said;
        // Of a render before this one.
        let folder = Path::new(value["folder"].as_str().unwrap_or_default());
        let own = self.shared.folder(worker, life);
        let foreign = folder.file_name().is_some_and(|name| name != own.as_str());
        if value["event"] == "warning" {
            return self.warn(value["text"].as_str().unwrap_or_default().to_owned());
        }
        let Some(frame) = value["frame"].as_i64().filter(|_| !foreign) else {
            return Ok(());
        };
        match value["event"].as_str().unwrap_or_default() {
            "began" => {
                if let Some(division) = &mut self.shared.lock().division {
                    division.began(worker, frame);
                }
                self.since.insert(worker, (Instant::now(), frame, life));
                Ok(())
            }
            "written" => self.written(worker, life, frame, &value),
            "failed" => {
                let text = value["text"].as_str().unwrap_or_default();
                self.frame_failed(worker, frame, &value["kind"], text)
            }
            _ => Ok(()),
        }
    }

    fn written(
        &mut self,
        worker: usize,
        life: u64,
        frame: i64,
        value: &Value,
    ) -> Result<(), RenderError> {
        self.since
            .retain(|_, (_, at, its)| *at != frame || *its != life);
        let read = |files: &Value| -> Vec<Written> {
            serde_json::from_value(files.clone()).unwrap_or_default()
        };
        let mut files = read(&value["files"]);
        // What Blender itself has written.
        files.extend(read(&value["about"]["files"]));
        let folder = self.unfinished().join(self.shared.folder(worker, life));
        let wanted = {
            let dealing = self.shared.lock();
            let division = dealing.division.as_ref();
            division.is_some_and(|division| division.has(frame))
        };
        if !wanted {
            // Another worker was first.
            self.twice += 1;
            let remove = |file: &Written| drop(fs::remove_file(folder.join(&file.file)));
            files.iter().for_each(remove);
            return Ok(());
        }
        let mut entries = Vec::new();
        let missing = self.needs.missing.get(&frame).cloned().unwrap_or_default();
        for file in &files {
            let from = folder.join(plain(&file.file));
            let known = self.kinds.contains_key(&file.pass);
            if known && !missing.contains(&file.pass) {
                let _ = fs::remove_file(&from);
                continue;
            }
            match self.name(frame, file, &from) {
                Ok(entry) => entries.push(entry),
                Err(error) if error.kind() == ErrorKind::StorageFull => return Err(self.full()),
                Err(error) => {
                    let text = format!("{} cannot get its name: {error}", file.file);
                    return self.frame_failed(worker, frame, &json!("io"), &text);
                }
            }
        }
        let there = |kind: &String| entries.iter().any(|entry| entry.kind == *kind);
        if let Some(kind) = missing.iter().find(|kind| !there(kind)) {
            let text = format!("no file came for {kind}");
            return self.frame_failed(worker, frame, &json!("io"), &text);
        }
        let about = &value["about"];
        let shot = shot(about);
        if let Some(ledger) = &mut self.ledger {
            let settings = self.needs.settings;
            ledger.done(frame, &entries, &shot, settings, &blender(worker, life))?;
        }
        self.count(&about["seconds"], &entries);
        {
            let mut dealing = self.shared.lock();
            dealing.seconds = self.frame_seconds();
            if let Some(division) = &mut dealing.division {
                division.done(worker, frame);
                self.over = division.is_over();
            }
        }
        self.shared.wake();
        self.told.done += 1;
        self.due = true;
        self.say(ProgressWhat::Frame(frame))
    }

    /// Gives a file its name.
    fn name(&mut self, frame: i64, file: &Written, from: &Path) -> io::Result<Entry> {
        let layout = self.shared.request.layout;
        let extension = Path::new(&file.file).extension().unwrap_or_default();
        let path = layout.file(&file.pass, frame, &extension.to_string_lossy());
        let to = self.shared.request.out.join(&path);
        if let Some(folder) = to.parent().filter(|folder| !self.folders.contains(*folder)) {
            fs::create_dir_all(folder)?;
            self.folders.insert(folder.to_owned());
        }
        let (bytes, modified_ns) = stamp(from)?;
        if bytes != file.bytes {
            return Err(io::Error::other(format!(
                "it has {bytes} bytes, and {} were written",
                file.bytes
            )));
        }
        fs::rename(from, &to)?;
        Ok(Entry {
            kind: file.pass.clone(),
            path,
            bytes,
            crc: file.crc,
            modified_ns,
            seconds: file.seconds,
        })
    }

    fn frame_failed(
        &mut self,
        worker: usize,
        frame: i64,
        kind: &Value,
        text: &str,
    ) -> Result<(), RenderError> {
        self.since
            .retain(|who, (_, at, _)| *who != worker || *at != frame);
        if kind == "disk_full" {
            return Err(self.full());
        }
        let verdict = match &mut self.shared.lock().division {
            Some(division) => division.failed(worker, frame),
            None => Verdict::Done,
        };
        self.shared.wake();
        match verdict {
            Verdict::Aside => self.aside(frame, text),
            Verdict::Again => self.say(ProgressWhat::Warning(format!(
                "frame {frame}: {text}; {}",
                verdict_words(verdict)
            ))),
            Verdict::Done => Ok(()),
        }
    }

    fn lost(
        &mut self,
        worker: usize,
        life: u64,
        blamed: Option<(i64, Verdict)>,
    ) -> Result<(), RenderError> {
        self.since.remove(&worker);
        self.lost += 1;
        let end = self.shared.inner.hub.lock()[worker].last_end.clone();
        let late = self.late.remove(&(worker, life));
        let how = match (late, end) {
            (true, _) => format!(
                "it took longer than frame_timeout, {:.1} s",
                self.shared
                    .request
                    .frame_timeout
                    .unwrap_or_default()
                    .as_secs_f64()
            ),
            (false, Some(how)) => how,
            (false, None) => "it ended".to_owned(),
        };
        match blamed {
            Some((frame, Verdict::Aside)) => {
                self.over_now();
                self.aside(
                    frame,
                    &format!("it ended its Blender twice; at last: {how}"),
                )
            }
            Some((frame, verdict)) => self.warn(format!(
                "worker {worker} (life {life}) at frame {frame}: {how}; {}",
                verdict_words(verdict)
            )),
            None => Ok(()),
        }
    }

    fn over_now(&mut self) {
        let dealing = self.shared.lock();
        let division = dealing.division.as_ref();
        self.over |= division.is_some_and(Division::is_over);
    }

    fn aside(&mut self, frame: i64, why: &str) -> Result<(), RenderError> {
        self.over_now();
        if let Some(ledger) = &mut self.ledger {
            ledger.failed(frame, why)?;
        }
        self.failed.push((frame, why.to_owned()));
        self.told.failed += 1;
        self.due = true;
        let why = why.to_owned();
        self.say(ProgressWhat::Failed { frame, why })
    }

    fn out(&mut self, worker: usize, how: &str) -> Result<(), RenderError> {
        self.left.remove(&worker);
        if let Some(division) = &mut self.shared.lock().division {
            division.leaves(worker);
        }
        self.shared.wake();
        match self.left.is_empty() {
            true => Err(RenderError::NoWorkers(format!(
                "no worker is left: {how}\n{}",
                self.shared.inner.report()
            ))),
            false => self.warn(format!("worker {worker} is gone: {how}; the others go on")),
        }
    }

    /// What is to be done from time to time.
    pub(super) fn tick(&mut self) -> Result<(), RenderError> {
        if let Some(most) = self.shared.request.frame_timeout {
            for (&worker, &(began, _, life)) in &self.since {
                if began.elapsed() > most && self.late.insert((worker, life)) {
                    self.shared.inner.fleet.end_life(worker, life);
                }
            }
        }
        self.commit()?;
        self.say(ProgressWhat::Nothing)
    }

    pub(super) fn commit(&mut self) -> Result<(), RenderError> {
        let due = self.due || self.committed.elapsed() > Duration::from_secs(1);
        if let Some(ledger) = self.ledger.as_mut().filter(|_| due) {
            ledger.commit()?;
            (self.due, self.committed) = (false, Instant::now());
        }
        Ok(())
    }

    fn say(&mut self, what: ProgressWhat) -> Result<(), RenderError> {
        self.told.what = what;
        self.told.alive = self.shared.inner.hub.alive();
        self.told.elapsed = self.began.elapsed();
        match (self.progress)(&self.told) {
            true => Ok(()),
            false => Err(RenderError::Stopped),
        }
    }

    fn count(&mut self, parts: &Value, entries: &[Entry]) {
        let mut add = |name: &str, seconds: f64| {
            let (sum, count) = self.sums.entry(name.to_owned()).or_default();
            (*sum, *count) = (*sum + seconds, *count + 1);
        };
        for (name, seconds) in parts.as_object().into_iter().flatten() {
            add(name, seconds.as_f64().unwrap_or_default());
        }
        for entry in entries {
            add(&entry.kind, entry.seconds);
        }
        self.told.seconds = self
            .sums
            .iter()
            .map(|(name, (sum, count))| (name.clone(), sum / f64::from(*count)))
            .collect();
    }

    /// What a frame takes in its worker's main thread.
    fn frame_seconds(&self) -> Option<f64> {
        let parts = ["evaluate", "render", "read"];
        let known = parts.iter().filter_map(|part| self.told.seconds.get(*part));
        Some(known.sum()).filter(|sum| *sum > 0.0)
    }

    fn unfinished(&self) -> PathBuf {
        self.shared.request.out.join(UNFINISHED)
    }

    fn full(&self) -> RenderError {
        RenderError::DiskFull {
            folder: self.shared.request.out.clone(),
            done: self.told.done,
            total: self.told.total,
        }
    }

    /// A database that finds no room says so in its own way.
    pub(super) fn as_full_disk(&self, error: RenderError) -> RenderError {
        match &error {
            RenderError::Ledger { source, .. }
                if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) =>
            {
                self.full()
            }
            _ => error,
        }
    }

    /// Writes what belongs to the whole, and says what came of it.
    pub(super) fn finish(&mut self) -> Result<Outcome, RenderError> {
        if let Some(ledger) = &mut self.ledger {
            let left = self.shared.lock();
            let left = left.division.as_ref().map(Division::left);
            ledger.returned(&left.unwrap_or_default())?;
            ledger.commit()?;
            transforms::write(ledger, self.shared.request.layout)?;
        }
        let _ = fs::remove_dir_all(self.unfinished());
        self.failed.sort_by_key(|(frame, _)| *frame);
        Ok(Outcome {
            total: self.told.total,
            done: self.told.done,
            skipped: self.told.skipped,
            failed: std::mem::take(&mut self.failed),
            twice: self.twice,
            lost: self.lost,
            elapsed: self.began.elapsed(),
            seconds: std::mem::take(&mut self.told.seconds),
        })
    }
}

/// The kinds of files that a frame is to have, and how each is written.
fn kinds(shared: &Shared) -> IndexMap<String, Value> {
    let request = &shared.request;
    let mut kinds = IndexMap::new();
    let mut layers = Map::new();
    for (pass, options) in &request.passes {
        let value = match pass {
            // By the scene's own settings.
            Pass::Composites => Value::Null,
            _ => json!(options),
        };
        let layered =
            request.multilayer && options.format == Format::Exr && *pass != Pass::Composites;
        match layered {
            true => drop(layers.insert(pass.name().to_owned(), value)),
            false => drop(kinds.insert(pass.name().to_owned(), value)),
        }
    }
    if !layers.is_empty() {
        kinds.insert("layers".to_owned(), Value::Object(layers));
    }
    // Release 0.1.0a2 of VisionSim has a preview for each pass, beside it.
    if request.previews && request.layout == Layout::Flat {
        kinds.insert("previews".to_owned(), Value::Null);
    }
    kinds
}

/// A name without a way: what a worker says must not lead elsewhere.
fn plain(name: &str) -> &std::ffi::OsStr {
    Path::new(name).file_name().unwrap_or_default()
}

fn blender(worker: usize, life: u64) -> String {
    format!("{worker}.{life}")
}

fn shot(about: &Value) -> Shot {
    Shot {
        camera: about["camera"].clone(),
        matrix: about["pose"].clone(),
        seconds: about["seconds"].clone(),
    }
}
