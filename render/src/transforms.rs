//! `transforms.json` and `ids.json`: where each frame was seen from, and what the ids mean.
//!
//! Owns the two files, which are written anew from the ledger. The first follows nerfstudio's documented
//! data convention: cameras look along −z, y is up, matrices are camera to world
//! (<https://docs.nerf.studio/quickstart/data_conventions.html>).

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::RenderError;
use crate::layout::Layout;
use crate::ledger::Ledger;

/// Keys that nerfstudio reads of a camera without distortion, beside those of the camera.
const PINHOLE: [&str; 6] = ["k1", "k2", "k3", "k4", "p1", "p2"];

/// Writes both.
pub(crate) fn write(ledger: &Ledger, layout: Layout) -> Result<(), RenderError> {
    let out = ledger.out();
    let shots = ledger.shots()?;
    if !shots.is_empty() {
        let mut files: HashMap<i64, Vec<(String, String)>> = HashMap::new();
        for (frame, kind, path) in ledger.files()? {
            files.entry(frame).or_default().push((kind, path));
        }
        let text = transforms(&shots, &files, layout);
        put(out, "transforms.json", &text)?;
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
    if first.get("type").is_none_or(|kind| kind == "PERSP") {
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

/// The key of a file of a frame; none for previews.
fn key_of(kind: &str) -> Option<String> {
    match kind {
        "frames" => Some("file_path".into()),
        "depths" | "normals" | "flows" | "segmentations" | "materials" | "composites"
        | "points" | "layers" => Some(format!("{}_file_path", &kind[..kind.len() - 1])),
        "diffuse" | "specular" | "emission" | "cryptomatte" => Some(format!("{kind}_file_path")),
        _ => None,
    }
}

/// Under another name first: a reader finds the file before or the one after.
fn put(out: &Path, name: &str, value: &Value) -> Result<(), RenderError> {
    let new = out.join(format!("{name}.new"));
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
}
