//! A job: what is rendered, of which scene, and how it is written.
//!
//! Owns the job's data and what of it must be the same for files to belong together. It must never open
//! a scene or start anything.

mod content;
mod description;
mod ending;
mod frames;
mod ids;
mod part;
mod passes;
mod texts;

use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(crate) use content::{Content, Contents};
pub use description::{PassList, RenderDescription};
pub use ending::Ending;
pub use frames::{Frames, LAST_FRAME};
pub use ids::UserIds;
pub use part::Part;
pub use passes::PassOptions;
pub use texts::{Jobs, Resolution};

use crate::RenderError;
use crate::ledger::stamp;
use crate::write::{Layout, Pass};

/// Something that is done to a scene after it was opened: the name of a method of
/// `blendtorch.render.BlenderClient` and its keyword arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step(pub String, pub Map<String, Value>);

impl Step {
    /// A step with these arguments, an object.
    #[must_use]
    pub fn new(name: &str, arguments: Value) -> Self {
        let arguments = match arguments {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        Self(name.to_owned(), arguments)
    }
}

/// A scene as it is rendered: its file, and what is done to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scene {
    /// The `.blend` file.
    pub file: PathBuf,
    /// Whether the scripts and drivers of the file may run.
    pub autoexec: bool,
    /// Further arguments of Blender's `open_mainfile`.
    pub options: Map<String, Value>,
    /// What is done to it, in this order.
    pub steps: Vec<Step>,
    /// The file's size and time when it was taken: another one is another scene.
    pub(crate) stamp: Option<(u64, i64)>,
}

/// What of a scene is rendered, and where it goes.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The folder of the files and of the ledger; it is made.
    pub out: PathBuf,
    /// Which frames.
    pub frames: Frames,
    /// What of each, and how it is written.
    pub passes: IndexMap<Pass, PassOptions>,
    /// The names of the files.
    pub layout: Layout,
    /// All OpenEXR passes of a frame in one file, as layers.
    pub multilayer: bool,
    /// A contact sheet of the passes of each frame.
    pub previews: bool,
    /// Each worker renders a contiguous part in order, and goes through all frames before it.
    pub sequential: bool,
    /// Ids that the user has chosen.
    pub ids: UserIds,
    /// Frames that are done are rendered again.
    pub anew: bool,
    /// Everything but rendering and writing.
    pub dry_run: bool,
    /// The folder may hold other settings, where they are of other frames: a program that changes the
    /// scene between frames.
    pub mixed: bool,
    /// A frame that takes longer ends its worker.
    pub frame_timeout: Option<Duration>,
    /// A worker is started anew after so many frames.
    pub max_frames_per_worker: Option<u64>,
    /// Without a head: this part of the frames, by what lies in the folder.
    pub part: Option<Part>,
    /// Where workers make files before they move them into the folder; variables in it, as `$TMPDIR`,
    /// are the workers'.
    pub scratch: Option<String>,
    /// Asks it to end after what is in work.
    pub ending: Ending,
}

/// A job: a scene and what is rendered of it.
#[derive(Debug, Clone, Default)]
pub struct RenderJob {
    /// The scene.
    pub scene: Scene,
    /// What of it.
    pub request: Request,
}

/// What must be the same for two renders to belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// By key; what differs is told by key.
    #[serde(flatten)]
    pub values: Map<String, Value>,
}

impl Settings {
    /// Those of a scene with this checksum, rendered by this Blender.
    pub(crate) fn new(
        scene: &Scene,
        content: &Content,
        libraries: &Value,
        blender: &str,
        request: &Request,
    ) -> Self {
        let mut values = Map::new();
        let name = scene.file.file_name().unwrap_or_default();
        values.insert("scene".into(), json!(name.to_string_lossy()));
        values.insert("scene_bytes".into(), json!(content.bytes));
        values.insert("scene_crc32".into(), json!(format!("{:08x}", content.crc)));
        values.insert("autoexec".into(), json!(scene.autoexec));
        if !scene.options.is_empty() {
            values.insert("options".into(), json!(scene.options));
        }
        values.insert("blender".into(), json!(blender));
        values.insert("layout".into(), json!(request.layout));
        if request.sequential {
            values.insert("sequential".into(), json!(true));
        }
        if libraries.as_object().is_some_and(|all| !all.is_empty()) {
            values.insert("libraries".into(), libraries.clone());
        }
        // What decides how fast it is, and nothing of the picture.
        let steps = scene.steps.iter().filter(|step| step.0 != "threads");
        values.insert("steps".into(), listed(&steps.collect::<Vec<_>>()));
        Self { values }
    }

    /// What differs from `other`, which was there before: a line each.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let keys = self.values.keys().chain(other.values.keys());
        let keys: indexmap::IndexSet<_> = keys.collect();
        let mut lines = Vec::new();
        for key in keys {
            let (now, before) = (self.values.get(key), other.values.get(key));
            if now == before {
                continue;
            }
            match key.as_str() {
                "steps"
                    if [now, before]
                        .iter()
                        .all(|steps| steps.is_some_and(Value::is_array)) =>
                {
                    lines.extend(steps_differ(before, now));
                }
                "scene_bytes" | "scene_crc32" => {
                    let line = "the scene file has changed since".to_owned();
                    if !lines.contains(&line) {
                        lines.push(line);
                    }
                }
                _ => lines.push(format!("{key}: {} before, {} now", told(before), told(now))),
            }
        }
        lines
    }

    pub(crate) fn text(&self) -> String {
        Value::Object(self.values.clone()).to_string()
    }
}

/// Steps as they are kept: a program that moves a camera ten thousand times must not have all of them
/// written down for each frame.
fn listed(steps: &[&Step]) -> Value {
    const MOST: usize = 64;
    if steps.len() <= MOST {
        return json!(steps);
    }
    let text = json!(steps).to_string();
    json!({"number": steps.len(), "crc32": format!("{:08x}", crc32fast::hash(text.as_bytes()))})
}

fn steps_differ(before: Option<&Value>, now: Option<&Value>) -> Vec<String> {
    let read = |value: Option<&Value>| -> Vec<Step> {
        let value = value.cloned().unwrap_or_default();
        serde_json::from_value(value).unwrap_or_default()
    };
    let (before, now) = (read(before), read(now));
    let with = |steps: &[Step], name: &str| -> Vec<String> {
        let named = steps.iter().filter(|step| step.0 == name);
        named
            .map(|step| Value::from(step.1.clone()).to_string())
            .collect()
    };
    let names: indexmap::IndexSet<_> = before.iter().chain(&now).map(|step| &step.0).collect();
    let mut lines = Vec::new();
    for name in names {
        let (was, is) = (with(&before, name), with(&now, name));
        if was != is {
            let told = |all: &[String]| match all {
                [] => "not set".to_owned(),
                all => all.join(", then "),
            };
            lines.push(format!("{name}: {} before, {} now", told(&was), told(&is)));
        }
    }
    if lines.is_empty() {
        lines.push("the same steps in another order".to_owned());
    }
    lines
}

fn told(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "not set".to_owned(),
        Some(value) => value.to_string(),
    }
}

impl Scene {
    /// A file as it is, whose scripts do not run.
    #[must_use]
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            ..Self::default()
        }
    }

    /// With an absolute path, checked to be there.
    pub(crate) fn checked(mut self) -> Result<Self, RenderError> {
        let wrong = |problem: String| RenderError::job("scene", problem);
        if self.file.as_os_str().is_empty() {
            return Err(wrong(
                "no scene is named; give a .blend file or a network.json".into(),
            ));
        }
        let absolute = std::path::absolute(&self.file)
            .map_err(|error| wrong(format!("{}: {error}", self.file.display())))?;
        if !absolute.is_file() {
            let what = if absolute.exists() {
                "is no file"
            } else {
                "is not there"
            };
            return Err(wrong(format!(
                "{} {what}; give a .blend file or a network.json",
                absolute.display()
            )));
        }
        self.stamp = stamp(&absolute).ok();
        self.file = absolute;
        Ok(self)
    }

    /// Whether the file is what it was when the scene was taken.
    pub(crate) fn check_unchanged(&self) -> Result<(), RenderError> {
        match self.stamp.is_none() || stamp(&self.file).ok() == self.stamp {
            true => Ok(()),
            false => Err(RenderError::job(
                "scene",
                format!(
                    "{} has changed since it was opened: what was rendered and what would be do not \
                     belong together; begin anew",
                    self.file.display()
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(steps: Vec<Step>, blender: &str) -> Settings {
        let scene = Scene {
            file: "/s/a.blend".into(),
            steps,
            ..Scene::default()
        };
        let content = Content { bytes: 3, crc: 7 };
        Settings::new(&scene, &content, &Value::Null, blender, &Request::default())
    }

    #[test]
    fn differences_are_told_by_what_differs() {
        let samples = |n: u32| Step::new("samples", json!({"n": n}));
        let before = settings(vec![samples(4)], "4.5.15");
        assert!(before.differences(&before.clone()).is_empty());
        let now = settings(
            vec![
                samples(8),
                Step::new("set_resolution", json!({"height": 2})),
            ],
            "5.0.1",
        );
        assert_eq!(
            now.differences(&before),
            [
                "blender: \"4.5.15\" before, \"5.0.1\" now",
                "samples: {\"n\":4} before, {\"n\":8} now",
                "set_resolution: not set before, {\"height\":2} now",
            ]
        );
    }

    #[test]
    fn another_library_or_a_sequence_is_another_job() {
        let scene = Scene {
            file: "/s/a.blend".into(),
            ..Scene::default()
        };
        let with = |libraries: Value, sequential| {
            let content = Content { bytes: 3, crc: 7 };
            let request = Request {
                sequential,
                ..Request::default()
            };
            Settings::new(&scene, &content, &libraries, "4.5.15", &request)
        };
        let before = with(json!({"room.blend": "00000001"}), false);
        let told = with(json!({"room.blend": "00000002"}), false).differences(&before);
        assert!(told[0].starts_with("libraries: "), "{told:?}");
        let told = with(json!({"room.blend": "00000001"}), true).differences(&before);
        assert_eq!(told, ["sequential: not set before, true now"]);
    }

    #[test]
    fn a_program_of_many_steps_is_told_from_another() {
        let steps = |last: usize| {
            let step = |n| Step::new("rotate_camera", json!({"angle": n}));
            (0..100).chain([last]).map(step).collect()
        };
        let (before, now) = (settings(steps(1), "4.5.15"), settings(steps(2), "4.5.15"));
        assert!(before.text().len() < 1000);
        assert!(before.differences(&settings(steps(1), "4.5.15")).is_empty());
        let told = now.differences(&before);
        assert!(
            told.len() == 1 && told[0].contains("\"number\":101"),
            "{told:?}"
        );
    }

    #[test]
    fn threads_change_no_picture() {
        let plain = settings(vec![], "4.5.15");
        let with = settings(vec![Step::new("threads", json!({"n": 2}))], "4.5.15");
        assert!(with.differences(&plain).is_empty());
    }
}
