//! What a simulated instance says: who it is, how it is, and what a worker answers to the verbs of a
//! render.
//!
//! Owns the contents, as like those of real ones as is needed for their length to be right.

use blendtorch_channels::control::{About, InstanceReport, Mode, PublisherCount, State, now_ns};
use blendtorch_render::VERBS;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a tiny file holds.
const FILE: [u8; 64] = [7; 64];

/// An instance.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) index: usize,
    pub(crate) life: u64,
    began_ns: u64,
    pub(crate) frames: u64,
    /// Where its unfinished files go.
    pub(crate) folder: Option<PathBuf>,
}

impl Instance {
    pub(crate) fn new(index: usize, life: u64) -> Self {
        Self {
            index,
            life,
            began_ns: now_ns(),
            frames: 0,
            folder: None,
        }
    }

    fn pid(&self) -> u32 {
        100_000 + u32::try_from(self.index).unwrap_or_default()
    }

    pub(crate) fn addresses(&self) -> [String; 2] {
        let port = |socket: usize| 11_000 + (self.index * 2 + socket) % 50_000;
        [0, 1].map(|socket| format!("tcp://127.0.0.1:{}", port(socket)))
    }

    pub(crate) fn command(&self) -> String {
        let [data, ctrl] = self.addresses();
        format!(
            "/home/user/.cache/blendtorch/bpy-4.5.15/bin/python -P -m blendtorch.bpy_main --background \
             --python /home/user/project/scene.blend.py -- -btid {} -btseed {} -btsockets DATA={data} \
             CTRL={ctrl}",
            self.index,
            4000 + self.index
        )
    }

    pub(crate) fn about(&self) -> About {
        let verbs = VERBS.map(str::to_owned).to_vec();
        let session = PathBuf::from("/tmp/blender_aB3xYz");
        About {
            protocol: 1,
            pid: self.pid(),
            life: self.life,
            blendtorch: env!("CARGO_PKG_VERSION").into(),
            blender: "4.5.15".into(),
            python: "3.11.13".into(),
            runtime: "bpy".into(),
            engine: Some("CYCLES".into()),
            gpu: None,
            folders: vec![session.clone()],
            session_folder: Some(session),
            services: BTreeMap::from([("render".to_owned(), verbs)]),
            parameters: BTreeMap::new(),
        }
    }

    /// As a host's fleet puts it together once a second.
    pub(crate) fn report(&self) -> InstanceReport {
        InstanceReport {
            index: self.index,
            addresses: self.addresses().to_vec(),
            mode: Mode::Running,
            pid: self.pid(),
            life: self.life,
            began_ns: self.began_ns,
            returns_after_failure: true,
            attached: true,
            state: State::Rendering,
            state_for: 0.312_345_678,
            frames: self.frames,
            since_progress: 0.512_345_678,
            slowest_frame: 1.712_345_678,
            latest_frame: 0.987_654_321,
            episode: Some(self.frames / 100),
            sample: Some(self.frames % 100),
            messages: self.frames,
            messages_in_all: self.frames,
            memory: Some(412_345_678),
            publishers: vec![PublisherCount {
                publisher: 0x1234_5678_9abc_def0 + self.index as u64,
                offered: self.frames,
                accepted: self.frames,
                mark: 0x0fed_cba9_8765_4321,
                closed: false,
            }],
            ..InstanceReport::default()
        }
    }
}

/// The answer to a verb that takes no time; none of `run`.
pub(crate) fn answer(verb: &str, arguments: &Value, instance: &mut Instance) -> Option<Value> {
    let value = match verb {
        "open" => json!({
            "scene": "Scene", "view_layer": "ViewLayer", "frame_start": 1, "frame_end": 250,
            "frame_step": 1, "fps": 24.0, "engine": "CYCLES", "camera": "Camera",
            "resolution": [320, 240], "sequential": [], "version": "4.5.15", "libraries": [],
            "warnings": [],
        }),
        "apply" => {
            let steps = arguments["steps"].as_array().map_or(0, Vec::len);
            json!(vec![json!([1, 250, 1]); steps])
        }
        "prepare" => {
            let folder = PathBuf::from(arguments["folder"].as_str().unwrap_or_default());
            if let Err(error) = std::fs::create_dir_all(&folder) {
                let text = format!("{}: {error}", folder.display());
                return Some(json!({"error": {"type": "RuntimeError", "text": text}}));
            }
            instance.folder = Some(folder);
            json!({
                "instances": [], "materials": [], "engine": "CYCLES", "sequential": [],
                "warnings": [],
            })
        }
        "run" => return None,
        _ => Value::Null,
    };
    Some(json!({"ok": value}))
}

/// Writes a frame's files; what is said of it then.
pub(crate) fn written(
    folder: &Path,
    frame: i64,
    seconds: f64,
    passes: u8,
) -> std::io::Result<Value> {
    let mut files = Vec::new();
    let all = [("frames", "png"), ("depths", "exr")];
    for (pass, extension) in all.into_iter().take(usize::from(passes)) {
        let file = format!("{frame:06}.{pass}.{extension}");
        std::fs::write(folder.join(&file), FILE)?;
        files.push(json!({
            "pass": pass, "file": file, "bytes": FILE.len(), "crc": 0x1234_5678, "seconds": 0.012,
        }));
    }
    let row = |i: usize| {
        (0..4)
            .map(|j| 0.123_456_789 * (i * 4 + j) as f64)
            .collect::<Vec<_>>()
    };
    Ok(json!({
        "event": "written", "frame": frame, "folder": folder, "files": files,
        "about": {
            "camera": {"fl_x": 888.888_9, "fl_y": 888.888_9, "cx": 160.0, "cy": 120.0, "w": 320, "h": 240},
            "pose": (0..4).map(row).collect::<Vec<_>>(),
            "frame": frame, "ids": 0,
            "seconds": {"evaluate": 0.01, "render": seconds, "read": 0.01},
        },
    }))
}

pub(crate) fn began(folder: &Path, frame: i64) -> Value {
    json!({"event": "began", "frame": frame, "folder": folder})
}
