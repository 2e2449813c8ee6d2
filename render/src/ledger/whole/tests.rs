//! A file that is cut anywhere, emptied, goes on or is of another kind is not whole; one that was
//! written is.

use std::path::Path;
use std::sync::mpsc::channel;

use super::check;
use crate::write::{Array, Arrays, Event, Spec, Writer};

/// Files of every kind and codec, by their ending.
fn files() -> Vec<(String, Vec<u8>)> {
    let codecs = ["NONE", "RLE", "ZIPS", "ZIP", "PIZ", "PXR24", "B44", "B44A"];
    let one = |format: &str, more: &str| format!(r#"{{"format": "{format}"{more}}}"#);
    let mut all: Vec<_> = codecs
        .iter()
        .map(|codec| {
            (
                one("exr", &format!(r#", "codec": "{codec}", "pass": "depths""#)),
                "exr",
            )
        })
        .collect();
    all.push((one("npy", r#", "pass": "depths""#), "npy"));
    all.push((one("png", r#", "pass": "frames""#), "png"));
    all.push((one("jpeg", r#", "pass": "frames""#), "jpg"));
    let written = |(file, ending): (String, &str)| {
        let folder = tempfile::tempdir().unwrap();
        let spec = Spec::from_json(&format!(r#"{{"files": [{file}]}}"#)).unwrap();
        (ending.to_owned(), write(spec, folder.path()))
    };
    all.into_iter().map(written).collect()
}

fn write(spec: Spec, folder: &Path) -> Vec<u8> {
    let (height, width) = (150, 20); // Several blocks of every codec.
    let depths: Vec<_> = (0..height * width)
        .map(|n| (n % 71) as f32 * 0.37)
        .collect();
    let colors: Vec<_> = (0..height * width * 3)
        .map(|n| (n * 7 % 256) as u8)
        .collect();
    let arrays = Arrays::from([
        (
            "depth".into(),
            Box::new(Array::new(&[height, width], depths)) as _,
        ),
        (
            "display".into(),
            Box::new(Array::new(&[height, width, 3], colors)) as _,
        ),
    ]);
    let (tell, told) = channel();
    let writer = Writer::open(spec, folder, move |event| tell.send(event).unwrap()).unwrap();
    writer.write(3, arrays, "{}").unwrap();
    writer.close();
    match told.recv().unwrap() {
        Event::Written { files, .. } => std::fs::read(folder.join(&files[0].file)).unwrap(),
        Event::Failed { text, .. } => panic!("{text}"),
    }
}

#[test]
fn what_was_written_is_whole_and_no_part_of_it_is() {
    for (ending, bytes) in files() {
        assert_eq!(check(&ending, &bytes), Ok(()), "{ending}");
        for length in 0..bytes.len() {
            assert!(
                check(&ending, &bytes[..length]).is_err(),
                "{ending}, {length} bytes"
            );
        }
        let longer = [&bytes[..], b"more"].concat();
        assert!(check(&ending, &longer).is_err(), "{ending} that goes on");
    }
}

/// As a file system leaves it whose machine lost its power.
#[test]
fn a_file_whose_last_part_is_zero_is_not_whole() {
    for (ending, mut bytes) in files().into_iter().filter(|(ending, _)| ending != "npy") {
        let middle = bytes.len() / 3;
        bytes[middle..].fill(0);
        assert!(check(&ending, &bytes).is_err(), "{ending}");
    }
}

#[test]
fn a_foreign_file_is_not_whole() {
    for (ending, _) in files() {
        for foreign in [
            &b"text"[..],
            b"\x89PNG\r\n\x1a\n",
            &[0xff, 0xd8, 0xff, 0xd9],
        ] {
            assert!(check(&ending, foreign).is_err(), "{ending}");
        }
    }
    assert!(check("tiff", b"II*\0").is_err());
}

#[test]
fn other_bits_in_a_picture_are_found() {
    let (_, mut bytes) = files()
        .into_iter()
        .find(|(ending, _)| ending == "png")
        .unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    assert_eq!(check("png", &bytes), Err("is damaged"));
}
