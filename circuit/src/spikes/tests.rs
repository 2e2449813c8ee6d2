//! What BMTK wrote is read; what is written is read again; what is wrong is said.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::hdf5::{Attribute, Group, Writer};
use crate::{Problems, TimeUnit};

fn golden(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/golden/sonata")
        .join(path)
}

fn trains(population: &str, spikes: &[(u64, f64)]) -> SpikeTrains {
    let mut trains = SpikeTrains::new(population);
    for (node, time) in spikes {
        trains.push(*node, *time);
    }
    trains
}

/// A file with one population, made by hand.
fn made(path: &Path, ids: &[i64], times: &[f64], units: Option<&str>, sorting: Option<Attribute>) {
    let mut writer = Writer::create(path).unwrap();
    let mut group = Group::new();
    if let Some(sorting) = sorting {
        group = group.with("sorting", sorting);
    }
    group.dataset("node_ids", writer.column(ids).unwrap());
    let mut dataset = writer.column(times).unwrap();
    if let Some(units) = units {
        dataset = dataset.with("units", Attribute::string(units));
    }
    group.dataset("timestamps", dataset);
    let (mut all, mut root) = (Group::new(), Group::new());
    all.group("pop", group);
    root.group("spikes", all);
    writer.finish(&root).unwrap();
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spikes.h5");
    (folder, path)
}

#[test]
fn all_golden_spikes_are_what_bmtk_said() {
    let mut cases = 0;
    for entry in std::fs::read_dir(golden("")).unwrap() {
        let expected = entry.unwrap().path().join("expected");
        let Ok(text) = std::fs::read_to_string(expected.join("spikes.json")) else {
            continue;
        };
        cases += 1;
        let mut problems = Problems::new();
        let file = SpikesFile::open(&expected.join("spikes.h5")).unwrap();
        let said: serde_json::Value = serde_json::from_str(&text).unwrap();
        for (population, wanted) in said.as_object().unwrap() {
            let found = file.population(population).unwrap();
            assert_eq!(found.units, Some(TimeUnit::Milliseconds));
            let mut spikes = file.read(found, None, &mut problems).unwrap();
            spikes.sort(Sorting::ByTime);
            let ids: Vec<u64> = serde_json::from_value(wanted["node_ids"].clone()).unwrap();
            let times: Vec<f64> = serde_json::from_value(wanted["timestamps"].clone()).unwrap();
            assert_eq!((spikes.node_ids, spikes.timestamps), (ids, times));
        }
        assert!(problems.is_empty(), "{problems}");
    }
    assert_eq!(cases, 11);
}

#[test]
fn text_and_hdf5_of_one_run_are_the_same() {
    let file = SpikesFile::open(&golden("f_bionet/expected/spikes.h5")).unwrap();
    let mut one = file.read_all(&mut Problems::new()).unwrap();
    let mut other = read_csv(&golden("f_bionet/expected/spikes.csv"), None).unwrap();
    assert_eq!((one.len(), other.len()), (1, 1));
    one[0].sort(Sorting::ById);
    other[0].sort(Sorting::ById);
    assert_eq!(one, other);
    assert_eq!(one[0].len(), 66);
}

#[test]
fn seconds_are_read_as_seconds() {
    let (_folder, path) = scratch();
    for (units, said, wanted) in [
        (Some("s"), None, 4.1),
        (Some("ms"), None, 0.0041),
        (None, None, 0.0041),
        (None, Some(TimeUnit::Seconds), 4.1),
        (Some("ms"), Some(TimeUnit::Seconds), 0.0041),
    ] {
        made(&path, &[1], &[0.0041], units, None);
        let file = SpikesFile::open(&path).unwrap();
        let spikes = file
            .read(&file.populations()[0], said, &mut Problems::new())
            .unwrap();
        assert_eq!(spikes.timestamps, [wanted], "{units:?} {said:?}");
    }
    made(&path, &[1], &[0.0041], Some("minutes"), None);
    let error = SpikesFile::open(&path).unwrap_err().to_string();
    assert!(
        error.contains("timestamps: units: \"minutes\" is no unit of time"),
        "{error}"
    );
}

#[test]
fn the_population_is_looked_at() {
    let file = SpikesFile::open(&golden("a_ring_alpha/inputs/ext_spikes.h5")).unwrap();
    assert!(file.population("ext").unwrap().len > 0);
    let error = file.population("exd").unwrap_err().to_string();
    assert!(error.contains("did you mean \"ext\"?"), "{error}");
    let error = file.population("cortex").unwrap_err().to_string();
    assert!(error.contains("only \"ext\""), "{error}");
}

#[test]
fn an_order_may_be_a_word_or_an_enumeration() {
    let (_folder, path) = scratch();
    for (attribute, wanted, warnings) in [
        (None, None, 0),
        (Some(Attribute::string("by_id")), Some(Sorting::ById), 0),
        (Some(Attribute::string("time")), Some(Sorting::ByTime), 1),
        (
            Some(Attribute::enumeration(&Sorting::NAMES, 1)),
            Some(Sorting::ById),
            0,
        ),
        (
            Some(Attribute::enumeration(&["by_time", "by_id"], 0)),
            Some(Sorting::ByTime),
            1,
        ),
        (Some(Attribute::number(0_i64)), Some(Sorting::None), 0),
    ] {
        made(&path, &[1, 2], &[3.0, 1.0], Some("ms"), attribute);
        let file = SpikesFile::open(&path).unwrap();
        let population = &file.populations()[0];
        assert_eq!(population.sorting, wanted);
        let mut problems = Problems::new();
        file.read(population, None, &mut problems).unwrap();
        assert_eq!(problems.warnings(), warnings, "{problems}");
    }
    made(&path, &[], &[], None, Some(Attribute::string("by_chance")));
    assert!(
        SpikesFile::open(&path)
            .unwrap_err()
            .to_string()
            .contains("sorting")
    );
}

#[test]
fn spikes_that_cannot_be_are_errors() {
    let (_folder, path) = scratch();
    let read = |path: &Path| {
        let file = SpikesFile::open(path)?;
        file.read_all(&mut Problems::new())
    };
    for (ids, times, wanted) in [
        (&[-1][..], &[1.0][..], "the value -1 does not fit"),
        (&[1, 2], &[1.0], "has 1 times, and there are 2 ids"),
        (&[1, 2], &[1.0, f64::NAN], "spike 1 is at NaN"),
        (&[1], &[f64::INFINITY], "spike 0 is at inf"),
    ] {
        made(&path, ids, times, None, None);
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    std::fs::write(&path, "timestamps node_ids\n1.0 2\n").unwrap();
    let error = read(&path).unwrap_err().to_string();
    assert!(
        error.contains("is no HDF5 file; it looks like text"),
        "{error}"
    );
    for (file, wanted) in [
        ("expected/v.h5", "it is a report"),
        ("network/ring_nodes.h5", "it is a file of nodes"),
        ("network/ring_ring_edges.h5", "it is a file of edges"),
        ("none.h5", "No such file"),
    ] {
        let error = read(&golden("a_ring_alpha").join(file))
            .unwrap_err()
            .to_string();
        assert!(error.contains(wanted), "{error}");
    }
    let error = read(Path::new("trains.NWB")).unwrap_err().to_string();
    assert!(error.contains("to_sonata"), "{error}");
}

#[test]
fn cut_and_flipped_files_are_errors_or_spikes() {
    let whole = std::fs::read(golden("e_iclamp_v/expected/spikes.h5")).unwrap();
    let (_folder, path) = scratch();
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let file = SpikesFile::open(&path)?;
        file.read_all(&mut Problems::new())
    };
    for end in (0..whole.len()).step_by(whole.len() / 60) {
        assert!(read(&whole[..end]).is_err(), "{end}");
    }
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        drop(read(&bytes));
    }
}

#[test]
fn text_is_read_in_all_its_forms() {
    let (_folder, path) = scratch();
    let wanted = [
        trains("a", &[(3, 1.5)]),
        trains("b c", &[(4, 2.0), (5, 0.25)]),
    ];
    for text in [
        "timestamps population node_ids\n1.5 a 3\n2.0 \"b c\" 4\n0.25 \"b c\" 5\n",
        "\u{feff}node_ids,population,timestamps\r\n3,a,1.5\r\n\r\n4,b c,2\r\n5,b c,.25\r\n",
        "population;node_id;times\na;3.0;1.5\nb c;4.0;2\nb c;5.0;.25",
        "extra timestamps\tpopulation node_ids\nx 1.5 a 3\ny 2 \"b c\"  4\nz 25e-2 \"b c\" 5\n",
        "1.5 a 3\n2.0 \"b c\" 4\n0.25 \"b c\" 5\n",
    ] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(read_csv(&path, None).unwrap(), wanted, "{text}");
    }
    std::fs::write(&path, "0.0041 3\n").unwrap();
    assert_eq!(
        read_csv(&path, Some(TimeUnit::Seconds)).unwrap(),
        [trains("", &[(3, 4.1)])]
    );
    for text in ["", "timestamps population node_ids\n"] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(read_csv(&path, None).unwrap(), []);
    }
}

#[test]
fn text_that_is_wrong_names_its_line() {
    let (_folder, path) = scratch();
    let long = format!("timestamps node_ids\n{}", "9".repeat(100_000));
    for (text, wanted) in [
        (
            "timestamps node_ids\n1 2\n1 x\n",
            "line 3: \"x\" is no node id",
        ),
        (
            "timestamps node_ids\n1 -2\n",
            "line 2: \"-2\" is no node id",
        ),
        ("timestamps node_ids\nnan 2\n", "line 2: \"nan\" is no time"),
        (
            "timestamps node_ids\n1 2 3\n",
            "line 2: has 3 columns, and 2 are needed",
        ),
        (
            "timestamp nodeids\n",
            "line 1: has no column node_ids; is \"nodeids\" meant?",
        ),
        ("a b\n", "line 1: has no column timestamps"),
        ("1 2 3 4\n", "line 1: has 4 columns and no header"),
        ("\"timestamps\n", "line 1: a quote is never closed"),
        ("timestamps,node_ids\n1,\n", "line 2: \"\" is no node id"),
        (&long, "line 2: is longer"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = read_csv(&path, None).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    std::fs::write(&path, b"1.0 2\n\xff\xfe\n").unwrap();
    assert!(
        read_csv(&path, None)
            .unwrap_err()
            .to_string()
            .contains("line 2: is no UTF-8")
    );
}

#[test]
fn filters_and_rates_take_what_they_should() {
    let mut spikes = trains("p", &[(2, 5.0), (1, 0.0), (2, 1.0), (1, 10.0)]);
    assert_eq!(spikes.of_nodes(&[2, 7]), trains("p", &[(2, 5.0), (2, 1.0)]));
    assert_eq!(spikes.within(1.0, 5.0), trains("p", &[(2, 5.0), (2, 1.0)]));
    assert_eq!(spikes.times(1), [0.0, 10.0]);
    assert_eq!(spikes.rates(&[1, 2, 3], 0.0, 10.0), [100.0, 200.0, 0.0]);
    assert_eq!(spikes.rates(&[1], 5.0, 5.0), [0.0]);
    spikes.sort(Sorting::ById);
    assert_eq!(
        spikes,
        trains("p", &[(1, 0.0), (1, 10.0), (2, 1.0), (2, 5.0)])
    );
    assert!(!spikes.is_sorted(Sorting::ByTime));
    spikes.sort(Sorting::ByTime);
    assert_eq!(spikes.node_ids, [1, 2, 2, 1]);
}

#[test]
fn populations_that_do_not_spike_are_there() {
    let (_folder, path) = scratch();
    for compressed in [false, true] {
        let create = if compressed {
            SpikesWriter::create_compressed
        } else {
            SpikesWriter::create
        };
        let writer = create(&path, &["a", "b"], Sorting::ById).unwrap();
        writer.finish().unwrap();
        let file = SpikesFile::open(&path).unwrap();
        assert_eq!(file.populations().len(), 2);
        assert_eq!(
            file.read_all(&mut Problems::new()).unwrap(),
            [trains("a", &[]), trains("b", &[])]
        );
        let none = create(&path, &[], Sorting::None).unwrap();
        none.finish().unwrap();
        assert_eq!(SpikesFile::open(&path).unwrap().populations(), []);
    }
    assert!(SpikesWriter::create(&path, &["a", "a"], Sorting::None).is_err());
    let mut writer = SpikesWriter::create(&path, &["a"], Sorting::None).unwrap();
    assert!(writer.add(1, &[1], &[1.0]).is_err() && writer.add(0, &[1], &[]).is_err());
    drop(writer);
    assert!(SpikesFile::open(&path).is_err(), "not finished");
    assert!(SpikesWriter::create(Path::new("/none/at/all"), &[], Sorting::None).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read_again(
        spikes in prop::collection::vec((0..3_usize, any::<u64>(), -1e9..1e9_f64), 0..100),
        which in 0..3_usize,
    ) {
        let sorting = [Sorting::None, Sorting::ById, Sorting::ByTime][which];
        let names = ["a", "b c", "Ü"];
        let mut wanted = names.map(SpikeTrains::new);
        for (population, node, time) in &spikes {
            wanted[*population].push(*node, *time);
        }
        for one in &mut wanted {
            one.sort(sorting);
        }
        let (_folder, path) = scratch();
        for compressed in [false, true] {
            let create = if compressed { SpikesWriter::create_compressed } else { SpikesWriter::create };
            let mut writer = create(&path, &names, sorting).unwrap();
            for (population, node, time) in &spikes {
                writer.add(*population, &[*node], &[*time]).unwrap();
            }
            writer.finish().unwrap();
            let mut problems = Problems::new();
            let file = SpikesFile::open(&path).unwrap();
            prop_assert!(file.populations().iter().all(|one| one.sorting == Some(sorting)));
            prop_assert_eq!(&file.read_all(&mut problems).unwrap()[..], &wanted[..]);
            prop_assert!(problems.is_empty());
        }
        let mut writer = SpikesCsvWriter::create(&path, &names, sorting).unwrap();
        for (population, node, time) in &spikes {
            writer.add(*population, &[*node], &[*time]).unwrap();
        }
        writer.finish().unwrap();
        let found = read_csv(&path, None).unwrap();
        for one in wanted.iter().filter(|one| !one.is_empty()) {
            prop_assert!(found.contains(one));
        }
    }

    #[test]
    fn any_text_is_spikes_or_an_error(text in "[0-9a-z., ;\"\n-]{0,80}") {
        let (_folder, path) = scratch();
        std::fs::write(&path, text).unwrap();
        drop(read_csv(&path, None));
    }
}
