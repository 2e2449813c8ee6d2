//! `render.json`: a job and the fleet that renders it, as people write them.
//!
//! Owns the keys, their defaults and their checks, and what steps they are. It must never start or look
//! for a Blender.

use std::path::{Path, PathBuf};
use std::time::Duration;

use blendtorch_launcher::{HostsSettings, Memory, SlurmSettings};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::texts::{Jobs, Resolution};
use super::{Frames, PassOptions, RenderJob, Request, Scene, Step, UserIds};
use crate::RenderError;
use crate::write::{Color, Format, Layout, Pass};

/// What to render. The names and defaults are the keys of `render.json` and, with dashes, the options of
/// `blendtorch render`.
// Its schema is docs/render.schema.json: `blendtorch schema render` writes it, a test compares.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "render.json", extend("$id" = "render.schema.json"))]
pub struct RenderDescription {
    /// Where an editor finds the JSON schema of the file. It is not looked at.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The `.blend` file.
    pub scene: Option<PathBuf>,
    /// The folder of the files and of the ledger.
    pub out: Option<PathBuf>,
    /// Which frames: `"1:250:2"` (the last one is rendered too), a list, or the scene's own range.
    pub frames: Frames,
    /// What of each frame is written: a list of names, or an object with options for each.
    pub passes: PassList,
    /// How passes are written that do not say it themselves: `exr` or `npy`; pictures stay PNG.
    pub format: Option<Format>,
    /// `cycles`, `eevee` or `workbench`, and `plot` of networks of neurons; the scene's own where it is
    /// not said.
    pub engine: Option<String>,
    /// Samples a pixel.
    #[schemars(range(min = 1))]
    pub samples: Option<u32>,
    /// As `"640x480"`; the scene's own where it is not said.
    pub resolution: Option<Resolution>,
    /// The name of a camera of the scene; where it is not said, the scene's own.
    pub camera: Option<String>,
    /// Stretches time: 2 gives twice as many frames, each keyframe at twice its time.
    pub keyframes: Option<f64>,
    /// Whether Cycles denoises.
    pub denoise: Option<bool>,
    /// What Cycles renders on: `cpu`, `cuda`, `optix`, `hip`, `oneapi`, `metal`. Each worker gets a GPU
    /// of its own.
    pub device: Option<String>,
    /// Motion blur on or off; flows, depths, normals and ids need it off.
    pub motion_blur: Option<bool>,
    /// What else is done to the scene: names of `blendtorch.render.BlenderClient`'s methods, each with
    /// its arguments.
    pub steps: Vec<Step>,
    /// `flat` (`depths/000003.exr`) or `a2` (as VisionSim 0.1.0a2).
    pub layout: Layout,
    /// All OpenEXR passes of a frame in one file, as layers.
    pub multilayer: bool,
    /// A contact sheet of the passes of each frame.
    pub previews: bool,
    /// For scenes whose state depends on the frame before: contiguous parts, each worker goes through
    /// all frames before its own.
    pub sequential: bool,
    /// Ids that you choose, by name.
    pub ids: UserIds,
    /// Whether scripts and drivers of the file may run.
    pub autoexec: bool,
    /// How many Blenders, or `"auto"`.
    pub jobs: Jobs,
    /// Which Blender, as in `launch.json`.
    pub blender: Option<PathBuf>,
    /// A folder for a log file of each worker.
    pub log_dir: Option<PathBuf>,
    /// A worker that takes more memory is started anew.
    #[schemars(with = "Option<serde_json::Value>")]
    pub max_memory: Option<Memory>,
    /// Seconds after which a frame that is not rendered ends its worker.
    pub frame_timeout: Option<f64>,
    /// A worker is started anew after so many frames.
    #[schemars(range(min = 1))]
    pub max_frames_per_worker: Option<u64>,
    /// Other hosts, on which the Blenders run, as in `launch.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<HostsSettings>,
    /// What a job of Slurm is asked for, with `--slurm`, as in `launch.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slurm: Option<SlurmSettings>,
    /// Variables set for every worker.
    pub env: IndexMap<String, String>,
    /// A folder of each worker's own host: files are made there and moved into `out` when they are
    /// whole. `$TMPDIR` and other variables in it are the worker's.
    pub scratch: Option<String>,
}

/// The passes of a job: names, or names with options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PassList {
    /// `["frames", "depths"]`.
    Names(Vec<Pass>),
    /// `{"frames": {}, "depths": {"format": "npy"}}`.
    Options(IndexMap<Pass, PartOptions>),
}

impl Default for PassList {
    fn default() -> Self {
        Self::Names(vec![Pass::Frames])
    }
}

/// How a pass is written; what is not said is the pass's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PartOptions {
    /// The kind of file.
    pub format: Option<Format>,
    /// Bits a value.
    pub bits: Option<u8>,
    /// OpenEXR's compression.
    pub codec: Option<String>,
    /// The channels of pictures.
    pub color: Option<Color>,
}

impl RenderDescription {
    /// Reads a `render.json`. Relative paths in it are looked up beside the file.
    ///
    /// # Errors
    /// An unreadable file, broken JSON, an unknown key, a value of the wrong type; the error names file
    /// and key.
    pub fn from_file(path: &Path) -> Result<Self, RenderError> {
        let in_file = |error: RenderError| error.in_file(path);
        let text = std::fs::read_to_string(path).map_err(|error| RenderError::Job {
            file: Some(path.to_owned()),
            key: None,
            problem: format!(
                "cannot be read: {error}; give the path of a render.json or a network.json"
            ),
        })?;
        let mut read = Self::from_json(&text).map_err(in_file)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for place in [&mut read.scene, &mut read.out, &mut read.log_dir] {
            if let Some(place) = place.as_mut().filter(|place| place.is_relative()) {
                *place = folder.join(&*place);
            }
        }
        Ok(read)
    }

    /// Reads one from JSON text. Paths are left as they are.
    ///
    /// # Errors
    /// Broken JSON, an unknown key, a value of the wrong type.
    pub fn from_json(text: &str) -> Result<Self, RenderError> {
        let mut json = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let key = error.path().to_string();
            RenderError::Job {
                file: None,
                key: (key != "." && key != "?").then_some(key),
                problem: format!(
                    "{}; `blendtorch schema render` prints all keys",
                    error.inner()
                ),
            }
        })
    }

    /// The JSON schema of the file.
    #[must_use]
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }

    /// The passes with all their options.
    #[must_use]
    pub fn pass_options(&self) -> IndexMap<Pass, PassOptions> {
        let with = |pass: Pass, part: &PartOptions| {
            let mut options = pass.options();
            // Pictures stay pictures unless the pass itself says otherwise.
            if let Some(format) = self.format.filter(|_| pass != Pass::Frames) {
                options.format = format;
            }
            if let Some(format) = part.format {
                options.format = format;
                // Half floats and 16 bits are asked for; 8 bits are of pictures.
                options.bits = match format {
                    Format::Png | Format::Jpeg if pass == Pass::Frames => 8,
                    Format::Png => 16,
                    _ => 32,
                };
            }
            options.bits = part.bits.unwrap_or(options.bits);
            options.codec = part.codec.clone().unwrap_or(options.codec);
            options.color = part.color.unwrap_or(options.color);
            (pass, options)
        };
        match &self.passes {
            PassList::Names(names) => {
                let none = PartOptions::default();
                names.iter().map(|pass| with(*pass, &none)).collect()
            }
            PassList::Options(all) => all.iter().map(|(pass, part)| with(*pass, part)).collect(),
        }
    }

    /// The job.
    ///
    /// # Errors
    /// A key that is missing, or whose value cannot be.
    pub fn job(&self) -> Result<RenderJob, RenderError> {
        let scene = self.scene.clone().ok_or_else(|| {
            RenderError::job(
                "scene",
                "no scene is named; give a .blend file or a network.json",
            )
        })?;
        let out = self.out.clone().ok_or_else(|| {
            RenderError::job(
                "out",
                "no folder is named: -o FOLDER, or `out` in render.json, is where the files go",
            )
        })?;
        let passes = self.pass_options();
        if passes.is_empty() {
            return Err(RenderError::job(
                "passes",
                "no pass is named; name some, as frames",
            ));
        }
        let frame_timeout = self.frame_timeout.map(|seconds| {
            let timeout = Duration::try_from_secs_f64(seconds).ok();
            timeout.filter(|timeout| !timeout.is_zero()).ok_or_else(|| {
                RenderError::job("frame_timeout", "it must be a number of seconds above 0")
            })
        });
        self.ids.check()?;
        if let Some(scratch) = self
            .scratch
            .as_ref()
            .filter(|path| !path.starts_with(['/', '$']))
        {
            return Err(RenderError::job(
                "scratch",
                format!(
                    "{scratch:?} must begin with / or a variable, as \"$TMPDIR\": each worker's host has its own"
                ),
            ));
        }
        Ok(RenderJob {
            scene: Scene {
                file: scene,
                autoexec: self.autoexec,
                steps: self.all_steps()?,
                ..Scene::default()
            },
            request: Request {
                out,
                frames: self.frames.clone(),
                passes,
                layout: self.layout,
                multilayer: self.multilayer,
                previews: self.previews,
                sequential: self.sequential,
                ids: self.ids.clone(),
                frame_timeout: frame_timeout.transpose()?,
                max_frames_per_worker: self.max_frames_per_worker.filter(|n| *n > 0),
                scratch: self.scratch.clone(),
                ..Request::default()
            },
        })
    }

    /// The keys that are done to the scene, as steps, and those that are written as such.
    fn all_steps(&self) -> Result<Vec<Step>, RenderError> {
        let mut steps = Vec::new();
        if let Some(engine) = &self.engine {
            steps.push(Step::new("engine", json!({"name": engine})));
        }
        if let Some(camera) = &self.camera {
            steps.push(Step::new("camera", json!({"name": camera})));
        }
        if let Some(Resolution { width, height }) = self.resolution {
            let size = json!({"height": height, "width": width});
            steps.push(Step::new("set_resolution", size));
        }
        if let Some(device) = &self.device {
            let cpu = device.eq_ignore_ascii_case("cpu");
            let arguments = json!({"device_type": device.to_uppercase(), "use_cpu": cpu});
            steps.push(Step::new("cycles_settings", arguments));
        }
        if let Some(samples) = self.samples {
            if samples == 0 {
                return Err(RenderError::job("samples", "a pixel needs 1 or more"));
            }
            steps.push(Step::new("samples", json!({"count": samples})));
        }
        if let Some(on) = self.denoise {
            steps.push(Step::new("denoise", json!({"enable": on})));
        }
        if let Some(on) = self.motion_blur {
            steps.push(Step::new("use_motion_blur", json!({"enable": on})));
        }
        if let Some(scale) = self.keyframes {
            if !(scale.is_finite() && scale > 0.0) {
                return Err(RenderError::job(
                    "keyframes",
                    format!("{scale} is no factor of time; give a number above 0"),
                ));
            }
            steps.push(Step::new("move_keyframes", json!({"scale": scale})));
        }
        steps.extend(self.steps.iter().cloned());
        Ok(steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> RenderDescription {
        RenderDescription::from_json(text).unwrap()
    }

    #[test]
    fn keys_are_steps_in_an_order_that_makes_sense() {
        let described = read(
            r#"{"scene": "a.blend", "out": "o", "samples": 4, "engine": "cycles",
                "resolution": "64x48", "keyframes": 2, "frames": "1:9:2",
                "passes": {"frames": {}, "depths": {"format": "npy"}}, "jobs": 3,
                "steps": [["rotate_camera", {"angle": 1}]]}"#,
        );
        let job = described.job().unwrap();
        let names: Vec<_> = job.scene.steps.iter().map(|step| step.0.as_str()).collect();
        assert_eq!(
            names,
            [
                "engine",
                "set_resolution",
                "samples",
                "move_keyframes",
                "rotate_camera"
            ]
        );
        assert_eq!(job.scene.steps[1].1["height"], 48);
        assert_eq!(job.request.passes[&Pass::Depths].format, Format::Npy);
        assert_eq!(job.request.passes[&Pass::Frames].format, Format::Png);
        assert_eq!(described.jobs, Jobs::Number(3));
        let text = serde_json::to_string(&described).unwrap();
        assert_eq!(read(&text), described);
    }

    #[test]
    fn what_is_wrong_is_said_by_its_key() {
        for (text, said) in [
            (r#"{"scene": "a", "out": "o", "samples": 0}"#, "samples: "),
            (
                r#"{"scene": "a", "out": "o", "keyframes": -1}"#,
                "keyframes: -1",
            ),
            (r#"{"scene": "a", "out": "o", "passes": []}"#, "passes: "),
            (
                r#"{"scene": "a", "out": "o", "frame_timeout": 0}"#,
                "frame_timeout: ",
            ),
            (r#"{"out": "o"}"#, "scene: no scene"),
            (r#"{"scene": "a"}"#, "out: no folder"),
        ] {
            let error = read(text).job().unwrap_err().to_string();
            assert!(error.starts_with(said), "{text}: {error}");
        }
        for (text, said) in [
            (
                r#"{"resolution": "640"}"#,
                "resolution: '640' is no resolution",
            ),
            (
                r#"{"resolution": "65536x65536"}"#,
                "resolution: '65536x65536' is more than can be drawn",
            ),
            (r#"{"frames": "5:x"}"#, "frames: '5:x' is no frame range"),
            (r#"{"jobs": 0}"#, "jobs: '0' is no number"),
            (r#"{"passes": ["depth"]}"#, "passes: "),
            (r#"{"sample": 3}"#, "sample: unknown field"),
            ("{", "EOF"),
        ] {
            let error = RenderDescription::from_json(text).unwrap_err().to_string();
            assert!(error.starts_with(said), "{text}: {error}");
        }
    }
}
