//! What of the job is to be done, and what workers are told of it.
//!
//! Owns the moment at which that is known, and the kinds of files that a frame is to have.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::Keeper;
use crate::RenderError;
use crate::division::Division;
use crate::fleet::probe;
use crate::fleet::progress::ProgressWhat;
use crate::fleet::shared::Shared;
use crate::job::Settings;
use crate::layout::debug_of;
use crate::ledger::{JOB, Needs, PREVIEWS, Plan};
use crate::write::{Format, Layout, Pass};

impl Keeper<'_> {
    /// What must be the same for files to belong together, of the scene as a worker has opened it.
    pub(super) fn settings(&self, info: &Value) -> Result<Settings, RenderError> {
        let shared = &self.shared;
        shared.scene.check_unchanged()?;
        let contents = &shared.inner.contents;
        let file = &shared.scene.file;
        let content = contents.of(file).map_err(|error| {
            RenderError::job(
                "scene",
                format!("{} cannot be read: {error}", file.display()),
            )
        })?;
        let mut libraries = Map::new();
        for path in info["libraries"].as_array().into_iter().flatten() {
            let path = Path::new(path.as_str().unwrap_or_default());
            // One that is not there is warned of.
            if let (Some(name), Ok(content)) = (path.file_name(), contents.of(path)) {
                let crc = json!(format!("{:08x}", content.crc));
                libraries.insert(name.to_string_lossy().into_owned(), crc);
            }
        }
        let blender = shared.inner.fleet.blender();
        let blender = blender.map_or_else(String::new, |blender| blender.version.to_string());
        let libraries = Value::Object(libraries);
        let (scene, request) = (&shared.scene, &shared.request);
        Ok(Settings::new(
            scene, &content, &libraries, &blender, request,
        ))
    }

    pub(super) fn plan(&mut self, frames: &[i64], settings: &Settings) -> Result<(), RenderError> {
        let shared = Arc::clone(&self.shared);
        let request = &shared.request;
        let part = request
            .part
            .map(|part| part.frames(frames, request.sequential));
        self.told.total = part.as_deref().unwrap_or(frames).len();
        self.catch_up(frames, settings)?;
        let frames = part.as_deref().unwrap_or(frames);
        if let Some(ledger) = &self.ledger {
            let differences = ledger.ids()?.differences(&request.ids);
            if !differences.is_empty() {
                return Err(RenderError::OtherJob {
                    folder: request.out.clone(),
                    differences,
                });
            }
        }
        let needs = match &mut self.ledger {
            Some(ledger) => ledger.plan(&Plan {
                settings,
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
        if let Some(ledger) = self.ledger.as_ref().filter(|_| part.is_none()) {
            // Of a program that changes the scene between frames, only the ledger knows which is which.
            match request.mixed {
                true => drop(std::fs::remove_file(request.out.join(JOB))),
                false => ledger.publish_job(settings, &request.ids)?,
            }
        }
        (self.needs, self.planned) = (needs, true);
        self.told.skipped = self.needs.whole;
        (self.told.done, self.kept) = (self.needs.whole, self.needs.whole);
        let missing: Vec<_> = self.needs.missing.keys().copied().collect();
        let (mut prepare, wants_ids) = self.prepare();
        if !request.dry_run && !missing.is_empty() {
            prepare.insert("probe".into(), probe::lay(&request.out, &shared.tag)?);
        }
        let mut dealing = shared.lock();
        if let Some(ledger) = &self.ledger {
            dealing.ids = ledger.ids()?;
        }
        (dealing.prepare, dealing.wants_ids) = (prepare, wants_ids);
        let division = Division::new(&missing, &self.workers, request.sequential);
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
        let lacks = |kind: &str| missing.contains(&kind.to_owned());
        let is_missing = |pass: &str| lacks(pass) || debug_of(pass).any(lacks);
        // A sheet shows all passes.
        let all = request.dry_run
            || missing
                .iter()
                .any(|kind| *kind == PREVIEWS || *kind == "layers");
        let passes: IndexMap<_, _> = request
            .passes
            .iter()
            .filter(|(pass, _)| all || is_missing(pass.name()))
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
        let previews = match request.layout {
            Layout::Flat => {
                request.previews && (request.dry_run || missing.contains(&PREVIEWS.to_owned()))
            }
            Layout::A2 => request.previews && missing.iter().any(|kind| kind.starts_with("debug_")),
        };
        let spec = json!({
            "layout": request.layout,
            "previews": previews,
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
        arguments.insert("previews".into(), json!(previews));
        arguments.insert("sequential".into(), json!(request.sequential));
        arguments.insert("persistent".into(), json!(true));
        arguments.insert("dry_run".into(), json!(request.dry_run));
        arguments.insert("scratch".into(), json!(request.scratch));
        (arguments, wants_ids)
    }
}

/// The kinds of files that a frame is to have, and how each is written.
pub(super) fn kinds(shared: &Shared) -> IndexMap<String, Value> {
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
    if request.previews && request.layout == Layout::A2 {
        let debug = request.passes.keys().flat_map(|pass| debug_of(pass.name()));
        kinds.extend(debug.map(|kind| (kind.to_owned(), Value::Null)));
    }
    if request.previews && request.layout == Layout::Flat {
        let shown: Vec<_> = request.passes.keys().collect();
        kinds.insert(PREVIEWS.to_owned(), json!(shown));
    }
    kinds
}
