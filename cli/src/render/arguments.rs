//! The command line of `blendtorch render`.
//!
//! Owns the options, which are the keys of `render.json` with dashes; what is on the command line goes
//! before what is in the file.

use std::path::PathBuf;

use blendtorch_launcher::SlurmArguments;
use blendtorch_render::{
    Format, Frames, Jobs, Layout, Part, Pass, PassList, RenderDescription, RenderError, Resolution,
};
use clap::{Args, ValueEnum};

use super::network;
use crate::help::RENDER_HELP;

#[derive(Debug, Args)]
#[command(after_help = RENDER_HELP)]
pub(crate) struct RenderArguments {
    /// The .blend file, a render.json that names one, or a network.json: a network of neurons, its
    /// results, and how they are shown; or the network itself, as net.hdf5 of the BSB or a SONATA
    /// configuration
    #[arg(value_name = "SCENE.blend | render.json | network.json | NETWORK")]
    scene: PathBuf,
    /// What the network did: files of spikes, with commas or one by one; without it those that a SONATA
    /// configuration names
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    results: Vec<PathBuf>,
    /// The folder of the files and of the ledger; it is made
    #[arg(short, long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// How many Blenders: a number, or auto for what cores, free memory and GPUs have room for
    #[arg(short, long, value_name = "N|auto")]
    jobs: Option<Jobs>,
    /// First, last (it too) and step, as 1:250:2; parts left out are the scene's
    #[arg(short, long, value_name = "FRAMES", allow_hyphen_values = true)]
    frames: Option<Frames>,
    /// What is written of each frame, with commas: frames, composites, depths, normals, flows,
    /// segmentations, materials, diffuse, specular, points, emission, cryptomatte; or all
    #[arg(short, long, value_name = "PASSES", value_delimiter = ',', value_parser = passes)]
    passes: Vec<PassNames>,
    /// How passes are written: exr, npy; pictures stay png unless it is said for them in render.json
    #[arg(long, value_name = "FORMAT")]
    format: Option<FormatName>,
    /// cycles, eevee or workbench; plot draws networks of neurons in milliseconds
    #[arg(short, long, value_name = "ENGINE")]
    engine: Option<String>,
    /// Samples a pixel
    #[arg(short, long, value_name = "N")]
    samples: Option<u32>,
    /// Width x height
    #[arg(short, long, value_name = "WxH")]
    resolution: Option<Resolution>,
    /// A camera of the scene, by its name
    #[arg(short, long, value_name = "NAME")]
    camera: Option<String>,
    /// Stretch time: 2 gives twice as many frames
    #[arg(short, long, value_name = "FACTOR")]
    keyframes: Option<f64>,
    /// What Cycles renders on: cpu, cuda, optix, hip, oneapi, metal
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Have Cycles denoise, or not
    #[arg(long, value_name = "BOOL")]
    denoise: Option<bool>,
    /// Motion blur on or off; ground truth needs it off
    #[arg(long, value_name = "BOOL")]
    motion_blur: Option<bool>,
    /// A contact sheet of the passes of each frame
    #[arg(long)]
    previews: bool,
    /// The names of the files: flat (depths/000003.exr), or a2 as VisionSim 0.1.0a2
    #[arg(long, value_name = "LAYOUT")]
    layout: Option<LayoutName>,
    /// All OpenEXR passes of a frame in one file, as layers
    #[arg(long)]
    multilayer: bool,
    /// For scenes whose state depends on the frame before: contiguous parts, each from the first frame
    #[arg(long)]
    sequential: bool,
    /// Let scripts and drivers of the file run
    #[arg(long)]
    autoexec: bool,
    /// A JSON file of ids that you choose: {"instances": {"name": 1}, "categories": {}, "materials": {}}
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// Which Blender: bpy, or a path; as in launch.json
    #[arg(long, value_name = "BLENDER")]
    blender: Option<PathBuf>,
    /// Append what each Blender prints to a file there
    #[arg(long, value_name = "FOLDER")]
    log_dir: Option<PathBuf>,
    /// End a Blender whose frame takes longer
    #[arg(long, value_name = "SECONDS")]
    frame_timeout: Option<f64>,
    /// Start a Blender anew after so many frames
    #[arg(long, value_name = "N")]
    max_frames_per_worker: Option<u64>,
    /// Without a head: render part K of N by what lies in the folder, beside others that do the same;
    /// without K/N the part of this element of a Slurm job array
    #[arg(
        long, value_name = "K/N", num_args = 0..=1, default_missing_value = "slurm",
        value_parser = tasks, conflicts_with_all = ["dry_run", "anew"]
    )]
    pub(super) array: Option<Tasks>,
    /// Then make a video of the frames, as `blendtorch sequence` does; with --slurm --array as a job that
    /// follows the tasks
    #[arg(long, value_name = "VIDEO", conflicts_with = "dry_run")]
    pub(super) video: Option<PathBuf>,
    /// A folder of each Blender's own host: files are made there, and moved when they are whole; as
    /// '$TMPDIR', whose value is the Blender's
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<String>,
    /// In place of rendering, write a .blend in which what a network did is keyframes: any Blender plays
    /// them, without blendtorch
    #[arg(
        long, value_name = "FILE.blend",
        conflicts_with_all = ["array", "video", "dry_run", "slurm", "passes"]
    )]
    pub(super) bake: Option<PathBuf>,
    /// Evaluate every frame, and neither render nor write
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Go on with what the folder has of this job; that is so without it too
    #[arg(long)]
    resume: bool,
    /// Render frames again that are done
    #[arg(long, conflicts_with = "resume")]
    pub(super) anew: bool,
    /// No progress bar
    #[arg(short, long)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) slurm: SlurmArguments,
}

/// Some passes.
#[derive(Debug, Clone)]
struct PassNames(Vec<Pass>);

fn passes(text: &str) -> Result<PassNames, String> {
    match text.trim() {
        "all" => Ok(PassNames(blendtorch_render::PASSES.to_vec())),
        one => one.parse().map(|pass| PassNames(vec![pass])),
    }
}

/// Tasks without a head.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tasks {
    /// The part of this element of a job array; with --slurm all of them.
    OfSlurm,
    /// This one.
    Part(Part),
}

fn tasks(text: &str) -> Result<Tasks, String> {
    match text {
        "slurm" => Ok(Tasks::OfSlurm),
        text => text.parse().map(Tasks::Part),
    }
}

impl Tasks {
    /// The part that this program renders.
    pub(super) fn part(self) -> Result<Part, String> {
        match self {
            Self::OfSlurm => Part::of_slurm(&|name| std::env::var(name).ok()),
            Self::Part(part) => Ok(part),
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatName {
    Exr,
    Npy,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LayoutName {
    Flat,
    A2,
}

impl RenderArguments {
    /// What is rendered: the file, with what the command line says.
    pub(super) fn description(&self) -> Result<RenderDescription, RenderError> {
        let is_json = self.scene.extension().is_some_and(|name| name == "json");
        let network =
            network::described(&self.scene, &self.results, self.out.as_deref(), self.anew)?;
        let mut all = match is_json && network.is_none() {
            true => RenderDescription::from_file(&self.scene)?,
            false => RenderDescription {
                scene: Some(network.unwrap_or_else(|| self.scene.clone())),
                ..RenderDescription::default()
            },
        };
        fn over<T: Clone>(to: &mut Option<T>, said: &Option<T>) {
            if said.is_some() {
                to.clone_from(said);
            }
        }
        over(&mut all.out, &self.out);
        over(&mut all.engine, &self.engine);
        over(&mut all.samples, &self.samples);
        over(&mut all.resolution, &self.resolution);
        over(&mut all.camera, &self.camera);
        over(&mut all.keyframes, &self.keyframes);
        over(&mut all.device, &self.device);
        over(&mut all.denoise, &self.denoise);
        over(&mut all.motion_blur, &self.motion_blur);
        over(&mut all.blender, &self.blender);
        over(&mut all.log_dir, &self.log_dir);
        over(&mut all.scratch, &self.scratch);
        over(&mut all.frame_timeout, &self.frame_timeout);
        over(&mut all.max_frames_per_worker, &self.max_frames_per_worker);
        if let Some(frames) = &self.frames {
            all.frames = frames.clone();
        }
        if let Some(jobs) = self.jobs {
            all.jobs = jobs;
        }
        if !self.passes.is_empty() {
            let names = self.passes.iter().flat_map(|some| some.0.clone());
            let mut names: Vec<_> = names.collect();
            let mut seen = std::collections::HashSet::new();
            names.retain(|pass| seen.insert(*pass));
            all.passes = PassList::Names(names);
        }
        if let Some(format) = self.format {
            all.format = Some(match format {
                FormatName::Exr => Format::Exr,
                FormatName::Npy => Format::Npy,
            });
        }
        if let Some(layout) = self.layout {
            all.layout = match layout {
                LayoutName::Flat => Layout::Flat,
                LayoutName::A2 => Layout::A2,
            };
        }
        all.previews |= self.previews;
        all.multilayer |= self.multilayer;
        all.sequential |= self.sequential;
        all.autoexec |= self.autoexec;
        if let Some(path) = &self.ids {
            let wrong = |problem: String| RenderError::Job {
                file: Some(path.clone()),
                key: None,
                problem,
            };
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| wrong(format!("cannot be read: {error}")))?;
            all.ids = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        }
        Ok(all)
    }
}
