//! `transforms.json` and `ids.json`: where each frame was seen from, and what the ids mean.
//!
//! Owns the two files, which are written anew from the ledger. The first follows nerfstudio's documented
//! data convention: cameras look along −z, y is up, matrices are camera to world
//! (<https://docs.nerf.studio/quickstart/data_conventions.html>).

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::RenderError;
use crate::layout::one_of;
use crate::ledger::{Ledger, beside};
use crate::write::{Layout, Pass};

/// The file of the cameras.
pub(crate) const CAMERAS: &str = "transforms.json";
/// Keys that nerfstudio reads of a camera without distortion, beside those of the camera.
const PINHOLE: [&str; 6] = ["k1", "k2", "k3", "k4", "p1", "p2"];

/// Of the time that a program has, writing the files may take so much.
const SHARE: u32 = 20;

/// What takes no longer is written each time.
const SOON: Duration = Duration::from_millis(30);

/// When the files of each folder were written: a program that renders a frame at a time must not write
/// all cameras after each.
#[derive(Debug, Default)]
pub(crate) struct Cameras(Mutex<HashMap<PathBuf, Kept>>);

#[derive(Debug)]
struct Kept {
    at: Instant,
    took: Duration,
    /// They are to be written again.
    due: Option<Layout>,
}

impl Cameras {
    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes both files of a folder, now or, where they were written a moment ago, later.
    pub(crate) fn write(&self, ledger: &Ledger, layout: Layout) -> Result<(), RenderError> {
        if let Some(kept) = self.lock().get_mut(ledger.out())
            && kept.took > SOON
            && kept.at.elapsed() < kept.took * SHARE
        {
            kept.due = Some(layout);
            return Ok(());
        }
        let began = Instant::now();
        write(ledger, layout)?;
        let kept = Kept {
            at: Instant::now(),
            took: began.elapsed(),
            due: None,
        };
        self.lock().insert(ledger.out().to_owned(), kept);
        Ok(())
    }

    /// Writes what was put off.
    pub(crate) fn write_all(&self) {
        for (out, kept) in self.lock().drain() {
            if let (Some(layout), Ok(ledger)) = (kept.due, Ledger::read(&out)) {
                // Who wants to hear of it renders again.
                let _ = write(&ledger, layout);
            }
        }
    }
}

/// Writes both.
pub(crate) fn write(ledger: &Ledger, layout: Layout) -> Result<(), RenderError> {
    let out = ledger.out();
    let mut files: HashMap<i64, Vec<(String, String)>> = HashMap::new();
    for (frame, kind, path) in ledger.files()? {
        files.entry(frame).or_default().push((kind, path));
    }
    let mut shots = ledger.shots()?;
    // Of one whose files are to be made again nothing can be read.
    shots.retain(|(frame, ..)| files.contains_key(frame));
    if !shots.is_empty() {
        let text = transforms(&shots, &files, layout);
        put(out, CAMERAS, &text)?;
    }
    let ids = ledger.ids()?;
    if !ids.instances.is_empty() || !ids.materials.is_empty() {
        put(out, "ids.json", &ids.for_people())?;
    }
    Ok(())
}

fn transforms(
    shots: &[(i64, Value, Value)],
    files: &HashMap<i64, Vec<(String, String)>>,
    layout: Layout,
) -> Value {
    // What all frames share is said once, as most readers expect.
    let first = &shots[0].1;
    let mut all = Map::new();
    if let Value::Object(camera) = first {
        let shared = |(key, value): (&String, &Value)| {
            let same = shots.iter().all(|shot| shot.1.get(key) == Some(value));
            same.then(|| (key.clone(), value.clone()))
        };
        all.extend(camera.iter().filter_map(shared));
    }
    if all.get("type").is_some_and(|kind| kind == "PERSP") {
        all.insert("camera_model".into(), json!("OPENCV"));
        all.extend(PINHOLE.map(|key| (key.to_owned(), json!(0.0))));
    }
    if layout == Layout::A2 {
        let focal = ["fl_x", "fl_y", "cx", "cy"].map(|key| all.get(key).cloned());
        if let [Some(fx), Some(fy), Some(cx), Some(cy)] = focal {
            let matrix = json!([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]);
            all.insert("intrinsics".into(), matrix);
        }
        all.entry("c").or_insert(json!(3));
    }
    let frames: Value = shots
        .iter()
        .map(|(frame, camera, matrix)| {
            let mut one = Map::new();
            for (kind, path) in files.get(frame).into_iter().flatten() {
                if let Some(key) = key_of(kind) {
                    one.insert(key, json!(path));
                }
            }
            one.insert("transform_matrix".into(), matrix.clone());
            if layout == Layout::Flat {
                one.insert("frame".into(), json!(frame));
            }
            // Cameras of other kinds are told apart by their frames.
            let perspective = camera.get("type").is_some_and(|kind| kind == "PERSP");
            if perspective && !all.contains_key("camera_model") {
                one.insert("camera_model".into(), json!("OPENCV"));
                one.extend(PINHOLE.map(|key| (key.to_owned(), json!(0.0))));
            }
            if let Value::Object(camera) = camera {
                let own = camera.iter().filter(|(key, _)| !all.contains_key(*key));
                one.extend(own.map(|(key, value)| (key.clone(), value.clone())));
            }
            Value::Object(one)
        })
        .collect();
    all.insert("frames".into(), frames);
    Value::Object(all)
}

/// The cameras that the file has: intrinsics and matrix, by frame. None of what cannot be read.
pub(crate) fn read(out: &Path, layout: Layout) -> HashMap<i64, (Value, Value)> {
    let text = std::fs::read_to_string(out.join(CAMERAS)).unwrap_or_default();
    let Ok(Value::Object(mut all)) = serde_json::from_str(&text) else {
        return HashMap::new();
    };
    let frames = all.shift_remove("frames").unwrap_or_default();
    if layout == Layout::A2 {
        all.retain(|key, _| key != "intrinsics" && key != "c");
    }
    let one = |frame: &Value| {
        let frame = frame.as_object()?;
        let paths = frame.iter().filter(|(key, _)| key.ends_with("file_path"));
        let named = || {
            paths
                .filter_map(|(_, path)| frame_of(Path::new(path.as_str()?)))
                .next()
        };
        let number = frame.get("frame").and_then(Value::as_i64).or_else(named)?;
        let matrix = frame.get("transform_matrix")?.clone();
        let mut camera = all.clone();
        camera.extend(
            frame
                .iter()
                .map(|(key, value)| (key.clone(), value.clone())),
        );
        camera.retain(|key, _| {
            let others = ["camera_model", "transform_matrix", "frame"];
            !key.ends_with("file_path") && !others.contains(&&**key) && !PINHOLE.contains(&&**key)
        });
        Some((number, (Value::Object(camera), matrix)))
    };
    frames
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(one)
        .collect()
}

/// The frame of a file, by its name: `depth_000003.exr`.
pub(crate) fn frame_of(path: &Path) -> Option<i64> {
    let stem = path.file_stem()?.to_str()?;
    let before = stem.trim_end_matches(|letter: char| letter.is_ascii_digit());
    stem[before.len()..].parse().ok()
}

/// The key of a file of a frame; none for previews.
fn key_of(kind: &str) -> Option<String> {
    match kind {
        "frames" => Some("file_path".into()),
        "layers" => Some("layer_file_path".into()),
        _ if kind.parse::<Pass>().is_ok() => Some(format!("{}_file_path", one_of(kind))),
        _ => None,
    }
}

/// Under another name first: a reader finds the file before or the one after.
fn put(out: &Path, name: &str, value: &Value) -> Result<(), RenderError> {
    // Tasks without a head may write the same at the same moment.
    let new = beside(&out.join(name));
    let put = || -> std::io::Result<()> {
        let mut file = File::create(&new)?;
        file.write_all(format!("{value:#}\n").as_bytes())?;
        file.sync_data()?;
        std::fs::rename(&new, out.join(name))
    };
    put().map_err(|error| {
        let _ = std::fs::remove_file(&new);
        RenderError::Out {
            folder: out.to_owned(),
            problem: format!(
                "{name} cannot be written: {error}; all frames that are done stay, and the same again \
                 writes it"
            ),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_frames_share_is_said_once() {
        let camera = |fl: f64| json!({"w": 64, "fl_x": fl, "type": "PERSP"});
        let shots = [
            (1, camera(5.0), json!([[1]])),
            (2, camera(6.0), json!([[2]])),
        ];
        let files = HashMap::from([(
            1,
            vec![
                ("depths".to_owned(), "depths/000001.exr".to_owned()),
                ("frames".to_owned(), "frames/000001.png".to_owned()),
                ("previews".to_owned(), "previews/000001.png".to_owned()),
            ],
        )]);
        let read = transforms(&shots, &files, Layout::Flat);
        assert_eq!(read["w"], 64);
        assert!(read.get("fl_x").is_none());
        assert_eq!(read["camera_model"], "OPENCV");
        assert_eq!(read["frames"][1]["fl_x"], 6.0);
        assert_eq!(read["frames"][0]["file_path"], "frames/000001.png");
        assert_eq!(read["frames"][0]["depth_file_path"], "depths/000001.exr");
        assert_eq!(read["frames"][0].as_object().unwrap().len(), 5);
    }

    #[test]
    fn cameras_are_read_as_they_were_written() {
        let camera = |fl: f64| json!({"w": 64, "fl_x": fl, "type": "PERSP"});
        let matrix = json!([[0.1, 0.2], [1.0 / 3.0, 5e-324]]);
        let shots = [
            (1, camera(0.1 + 0.2), matrix.clone()),
            (7, camera(6.0), matrix.clone()),
        ];
        let paths =
            |frame: i64| vec![("frames".to_owned(), format!("frames/frame_{frame:06}.png"))];
        let files = HashMap::from([(1, paths(1)), (7, paths(7))]);
        for layout in [Layout::Flat, Layout::A2] {
            let folder = tempfile::tempdir().unwrap();
            put(folder.path(), CAMERAS, &transforms(&shots, &files, layout)).unwrap();
            let read = read(folder.path(), layout);
            assert_eq!(read.len(), 2);
            for (frame, camera, matrix) in &shots {
                assert_eq!(read[frame], (camera.clone(), matrix.clone()));
            }
        }
    }
}
