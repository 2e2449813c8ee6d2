//! Frames for the tests, and what the writer made of them.

#![allow(dead_code, reason = "each test uses some of it")]

use blendtorch_render::write::{Array, Arrays, Event, Spec, Writer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

/// A folder that goes when it is dropped.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Camera axes that turn x to y, y to −x.
pub(crate) const ABOUT: &str = r#"{"view": [[0, 1, 0, 5], [-1, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]], "ids": 9, "kept": true,
        "manifest": {"CryptoObject": {"Cube": "0123abcd"}}}"#;

pub(crate) fn spec(files: &str) -> Spec {
    Spec::from_json(&format!(r#"{{"files": [{files}]}}"#)).expect("a specification")
}

/// Writes one frame; what is told of it.
pub(crate) fn write(spec: Spec, folder: &Path, arrays: Arrays) -> Event {
    let (tell, told) = mpsc::channel();
    let writer =
        Writer::open(spec, folder, move |event| tell.send(event).expect("told")).expect("a writer");
    writer.write(3, arrays, ABOUT).expect("a frame");
    writer.close();
    told.recv().expect("an event")
}

/// Writes one frame; where its files are, by pass.
pub(crate) fn written(spec: Spec, folder: &Path, arrays: Arrays) -> BTreeMap<String, PathBuf> {
    match write(spec, folder, arrays) {
        Event::Written { files, .. } => files
            .into_iter()
            .map(|file| {
                let path = folder.join(&file.file);
                let bytes = std::fs::read(&path).expect("the file is there");
                assert_eq!(bytes.len() as u64, file.bytes);
                assert_eq!(crc32fast::hash(&bytes), file.crc);
                (file.pass, path)
            })
            .collect(),
        Event::Failed { text, .. } => panic!("{text}"),
    }
}

/// Values that differ everywhere, of all magnitudes, some of them no numbers.
pub(crate) fn floats(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state
    };
    (0..count)
        .map(|place| match next() >> 24 {
            0 => f32::NAN,
            1 => f32::INFINITY,
            2 => f32::NEG_INFINITY,
            3 => -0.0,
            4 => 1e10,
            5..100 => 0.25,
            _ => (place % 17) as f32 + next() as f32 / 4e9,
        })
        .collect()
}

/// Ids of all sizes.
pub(crate) fn ids(count: usize, seed: u32) -> Vec<u32> {
    (0..count as u32)
        .map(|place| (place / 5).wrapping_mul(seed.wrapping_mul(0x9E37_79B1)))
        .collect()
}

/// Every array that there is, of that size.
pub(crate) fn arrays(height: usize, width: usize) -> Arrays {
    let mut arrays = Arrays::new();
    let mut add = |name: &str, channels: usize| {
        let seed = arrays.len() as u32;
        let shape = match channels {
            1 => vec![height, width],
            _ => vec![height, width, channels],
        };
        let values = floats(height * width * channels, seed);
        arrays.insert(name.into(), Box::new(Array::new(&shape, values)) as _);
    };
    for name in ["combined", "vector", "CryptoObject00", "CryptoObject01"] {
        add(name, 4);
    }
    add("depth", 1);
    for name in ["normal", "points", "emission"] {
        add(name, 3);
    }
    for pass in ["diffuse", "specular"] {
        for part in ["direct", "indirect", "color"] {
            add(&format!("{pass}_{part}"), 3);
        }
    }
    for (seed, name) in ["instance", "category", "material"].iter().enumerate() {
        let values = ids(height * width, seed as u32 + 1);
        let array = Array::new(&[height, width], values);
        arrays.insert((*name).into(), Box::new(array) as _);
    }
    let display: Vec<u8> = (0..height * width * 3)
        .map(|i| (i * 7 % 251) as u8)
        .collect();
    let display = Array::new(&[height, width, 3], display);
    arrays.insert("display".into(), Box::new(display) as _);
    arrays
}

/// The float of an array, its row counted from the top.
pub(crate) fn at(
    values: &[f32],
    size: (usize, usize),
    channels: usize,
    place: (usize, usize, usize),
) -> f32 {
    let (height, width) = size;
    let (row, column, channel) = place;
    values[((height - 1 - row) * width + column) * channels + channel]
}

/// Whether two floats are the same, with no number the same as itself.
pub(crate) fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}
