use std::os::unix::fs::FileExt;

use super::*;
use crate::hdf5::{Attribute, Writer};
use crate::testing::{golden, golden_files};

/// Reads all that a file has; how many values there were.
fn read_all(file: &File, group: &str, deep: usize) -> Result<usize, CircuitError> {
    let mut values = 0;
    if deep > 8 {
        return Ok(0);
    }
    file.attribute(group, "magic")?;
    for name in file.datasets(group)? {
        let data = file.require(&format!("{group}/{name}"))?;
        data.attribute("units")?;
        data.attribute("node_population")?;
        values += match data.kind() {
            Kind::Words => data.words()?.len(),
            Kind::Floats => data.read::<f64>()?.len(),
            Kind::Ints | Kind::Enumeration | Kind::Other => data.read::<i64>()?.len(),
        };
    }
    for name in file.groups(group)? {
        values += read_all(file, &format!("{group}/{name}"), deep + 1)?;
    }
    Ok(values)
}

#[test]
fn every_golden_file_is_read() {
    let files = golden_files();
    assert!(files.len() > 60, "{}", files.len());
    for path in files {
        let file = File::open(&path).unwrap();
        assert_eq!(
            file.attribute("/", "magic").unwrap().unwrap().int(),
            Some(0x0A7A)
        );
        let values = read_all(&file, "", 0).unwrap_or_else(|error| panic!("{error}"));
        assert!(
            values > 0 || path.ends_with("expected/spikes.h5"),
            "{}",
            path.display()
        );
    }
}

/// The numbers are h5py's.
#[test]
fn values_and_attributes_are_those_of_h5py() {
    let file = File::open(&golden("b_ei_exp/network/cortex_cortex_edges.h5")).unwrap();
    let root = "/edges/cortex_to_cortex";
    let sum = |name: &str| {
        file.require(&format!("{root}/{name}"))
            .unwrap()
            .read::<u64>()
            .unwrap()
            .iter()
            .sum::<u64>()
    };
    assert_eq!(sum("source_node_id"), 2_311_518);
    assert_eq!(sum("target_node_id"), 2_081_002);
    assert_eq!(sum("edge_type_id"), 1_478_186);
    let delay = file.require(&format!("{root}/0/delay")).unwrap();
    assert_eq!(
        delay.read_rows::<f64>(1000..1004).unwrap(),
        [1.0, 1.4, 0.9, 2.6]
    );
    let source = file
        .require("edges/cortex_to_cortex/source_node_id")
        .unwrap();
    assert_eq!(
        source.attribute("node_population").unwrap().unwrap().word(),
        Some("cortex")
    );
    assert_eq!(source.attribute("units").unwrap(), None);
    assert_eq!(file.dataset("/edges/none/0").unwrap().map(|_| ()), None);
    assert_eq!(file.groups("/nodes").unwrap(), Vec::<String>::new());
}

#[test]
fn rows_are_those_of_the_whole_wherever_they_begin() {
    let file = File::open(&golden("b_ei_exp/network/cortex_cortex_edges.h5")).unwrap();
    let data = file
        .require("/edges/cortex_to_cortex/0/syn_weight")
        .unwrap();
    let whole: Vec<f64> = data.read().unwrap();
    for rows in [0..1, 917..919, 0..14686, 14685..14686, 5000..9999, 7..7] {
        let part: Vec<f64> = data.read_rows(rows.clone()).unwrap();
        assert_eq!(part, whole[rows.start as usize..rows.end as usize]);
    }
    let error = data.read_rows::<f64>(14000..14687).unwrap_err().to_string();
    assert!(
        error.contains("/0/syn_weight: has 14686 rows; rows 14000 to 14687 are needed"),
        "{error}"
    );
}

#[test]
fn a_value_that_does_not_fit_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut writer = Writer::create(&path).unwrap();
    let mut root = crate::hdf5::Group::new();
    let ids = writer.column(&[1_i64, -2]).unwrap();
    root.dataset(
        "ids",
        ids.with("sorting", Attribute::enumeration(&["none", "by_id"], 1)),
    );
    let words = writer.strings(&["a", "", "ü"]).unwrap();
    root.dataset("words", words);
    writer.finish(&root).unwrap();
    let file = File::open(&path).unwrap();
    let ids = file.require("ids").unwrap();
    assert_eq!(ids.read::<i8>().unwrap(), [1, -2]);
    assert_eq!(ids.read::<f64>().unwrap(), [1.0, -2.0]);
    let error = ids.read::<u64>().unwrap_err().to_string();
    assert!(
        error.ends_with("a.h5: ids: the value -2 does not fit; u64 is needed"),
        "{error}"
    );
    let sorting = ids.attribute("sorting").unwrap().unwrap();
    assert_eq!((sorting.word(), sorting.int()), (Some("by_id"), Some(1)));
    let words = file.require("words").unwrap();
    assert_eq!(words.words().unwrap(), ["a", "", "ü"]);
    assert!(
        words
            .read::<f64>()
            .unwrap_err()
            .to_string()
            .contains("holds no numbers")
    );
    assert!(
        ids.words()
            .unwrap_err()
            .to_string()
            .contains("holds no strings")
    );
}

#[test]
fn what_is_no_hdf5_file_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("a.h5");
    std::fs::write(&text, "node_id,t\n1,2\n").unwrap();
    assert!(
        File::open(&text)
            .unwrap_err()
            .to_string()
            .ends_with("a.h5: is no HDF5 file")
    );
    assert!(
        File::open(folder.path())
            .unwrap_err()
            .to_string()
            .contains("is a folder")
    );
    let missing = File::open(&folder.path().join("none.h5")).unwrap_err();
    assert!(matches!(missing, CircuitError::Io { .. }), "{missing}");
}

/// The headers of this file have no checksum; each column says that it has 14686 values. Here it says
/// 2^50: refused before any memory is asked for.
#[test]
fn sizes_that_a_file_cannot_hold_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut bytes = std::fs::read(golden("b_ei_exp/network/cortex_cortex_edges.h5")).unwrap();
    let (size, large) = (14_686_u64.to_le_bytes(), (1_u64 << 50).to_le_bytes());
    let places: Vec<usize> = (0..bytes.len() - 8)
        .filter(|at| bytes[*at..*at + 8] == size)
        .collect();
    assert!(places.len() >= 7, "{places:?}");
    for at in places {
        bytes[at..at + 8].copy_from_slice(&large);
    }
    std::fs::write(&path, &bytes).unwrap();
    let file = File::open(&path).unwrap();
    let error = file
        .require("/edges/cortex_to_cortex/source_node_id")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("more bytes than a file of 293504 bytes can hold"),
        "{error}"
    );
}

/// The highest byte of a chunk's size in the index (u32, in a B-tree of version 1) says 4 GiB in a file
/// of 20 kB: `hdf5-pure` alone reserves them.
#[test]
fn a_chunk_that_ends_after_the_file_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut bytes = std::fs::read(golden("a_ring_alpha/expected/spikes.h5")).unwrap();
    bytes[8059] = 0xff;
    std::fs::write(&path, &bytes).unwrap();
    let file = File::open(&path).unwrap();
    let errors = ["node_ids", "timestamps"].map(|name| {
        let data = file.require(&format!("/spikes/ring/{name}")).unwrap();
        data.read::<f64>()
            .map_or_else(|error| error.to_string(), |_| String::new())
    });
    assert!(
        errors.concat().contains("that ends after the file's 20269"),
        "{errors:?}"
    );
}

/// Cuts and flips, thousands of them: an error or values, never a panic, and never for long.
#[test]
fn cut_and_flipped_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    // Overwritten in place: a file that is emptied and written anew is flushed to the disk.
    let file = std::fs::File::create(&path).unwrap();
    let mut random = 88_172_645_463_325_252_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    let mut refused = 0;
    let small: Vec<_> = golden_files()
        .into_iter()
        .filter(|path| std::fs::metadata(path).unwrap().len() < 40_000)
        .collect();
    let rounds = 3000 / small.len() + 1;
    for golden in small {
        let whole = std::fs::read(&golden).unwrap();
        for round in 0..rounds {
            let mut bytes = whole.clone();
            match round % 4 {
                0 => bytes.truncate(next(whole.len())),
                // What describes the data is at the beginning.
                1 => bytes[next(whole.len().min(6000))] = 0xff,
                _ => {
                    for _ in 0..4 {
                        let at =
                            next(
                                whole
                                    .len()
                                    .min(if round % 4 == 2 { 6000 } else { usize::MAX }),
                            );
                        bytes[at] ^= 1 << next(8);
                    }
                }
            }
            file.write_all_at(&bytes, 0).unwrap();
            file.set_len(bytes.len() as u64).unwrap();
            refused += usize::from(
                File::open(&path)
                    .and_then(|file| read_all(&file, "", 0))
                    .is_err(),
            );
        }
    }
    assert!(refused > 500, "{refused}");
}
