//! What of the job is to be done, and what workers are told of it.
//!
//! Owns the moment at which that is known, and the kinds of files that a frame is to have.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::Keeper;
use crate::RenderError;
use crate::division::Division;
use crate::fleet::progress::ProgressWhat;
use crate::fleet::worker::Shared;
use crate::job::{Format, Pass};
use crate::layout::Layout;
use crate::ledger::{Needs, Plan};

impl Keeper<'_> {
    /// Where the frames are known without the scene, what is to be done is known at once.
    pub(in crate::fleet) fn begin(&mut self) -> Result<(), RenderError> {
        // A range of the scene's own stands for parts that are not said: wrong ones are wrong anyway.
        let one = self.shared.request.frames.numbers((0, 0, 1));
        let other = self.shared.request.frames.numbers((1, 2, 1));
        match (one, other) {
            (Ok(one), Ok(other)) if one == other => self.plan(&one),
            _ => Ok(()),
        }
    }

    pub(super) fn plan(&mut self, frames: &[i64]) -> Result<(), RenderError> {
        let shared = Arc::clone(&self.shared);
        let request = &shared.request;
        self.told.total = frames.len();
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
        (self.needs, self.planned) = (needs, true);
        self.told.skipped = self.needs.whole;
        (self.told.done, self.kept) = (self.needs.whole, self.needs.whole);
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
    if request.previews && request.layout == Layout::Flat {
        kinds.insert("previews".to_owned(), Value::Null);
    }
    kinds
}
