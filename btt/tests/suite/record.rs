//! What is recorded replays equal: from a stream, by random access, shuffled, in batches.

use crate::support::recordings::{as_item, chunkings, fields, messages, record};
use crate::support::{WAYS, dataset, publisher, send};
use btt::{
    DataLoader, Item, LoaderOptions, RecordError, RecordedDataset, Recorder, RecorderOptions,
    Recording, recording_path,
};
use std::collections::BTreeSet;

#[test]
fn conformance_17_what_is_received_replays_equal_with_its_identity() {
    for way in WAYS {
        let folder = tempfile::tempdir().unwrap();
        let path = recording_path(folder.path().join("run"), 0);
        let mut publisher = publisher(5, way);
        let mut dataset = dataset(&[publisher.address()]);
        dataset.record(Recorder::create(&path, RecorderOptions::default()).unwrap());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..20 {
                    publisher.set_place(Some(3), Some(number));
                    let number = u8::try_from(number).unwrap();
                    send(&mut publisher, fields(number));
                }
                publisher.close();
            });
            let received: Vec<Item> = dataset.by_ref().map(Result::unwrap).collect();
            assert_eq!(received.len(), 20);
            let recording = Recording::open(&path).unwrap();
            assert_eq!((recording.len(), recording.damage()), (20, None), "{way:?}");
            let replayed: Vec<Item> = recording.iter().map(Result::unwrap).collect();
            assert_eq!(replayed, received, "{way:?}");
            assert_eq!(replayed[19].header.btid, Some(5));
            assert_eq!(replayed[19].header.episode, Some(3));
            assert_eq!(replayed[19].header.sample, Some(19));
            recording.verify().unwrap();
        });
    }
}

#[test]
fn conformance_17_replays_by_random_access_and_with_len() {
    let messages = messages(50);
    for options in chunkings() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run_00.mcap");
        record(&path, &messages, options);
        let recording = Recording::open(&path).unwrap();
        assert_eq!(recording.len(), 50);
        for round in 0..2 {
            for index in (0..50).map(|i| (i * 37 + round) % 50) {
                let expected = as_item(&messages[index]);
                assert_eq!(recording.get(index).unwrap(), expected);
                assert_eq!(recording.get_shared(index).unwrap(), expected);
            }
        }
        assert_eq!(recording.iter().len(), 50);
        assert!(matches!(
            recording.get(50),
            Err(RecordError::OutOfRange {
                index: 50,
                len: 50,
                ..
            })
        ));
    }
}

#[test]
fn threads_read_one_recording_at_once() {
    let messages = messages(40);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run_00.mcap");
    record(&path, &messages, chunkings()[1]);
    let recording = Recording::open(&path).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (recording, messages) = (&recording, &messages);
            scope.spawn(move || {
                for index in (0..40).map(|i| (i * 7 + thread * 10) % 40) {
                    assert_eq!(recording.get(index).unwrap(), as_item(&messages[index]));
                }
            });
        }
    });
}

#[test]
fn conformance_17_replays_shuffled_over_many_files() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("run");
    let messages = messages(60);
    for (worker, part) in messages.chunks(25).enumerate() {
        record(&recording_path(&prefix, worker), part, chunkings()[worker]);
    }
    let expected: Vec<_> = messages.iter().map(as_item).collect();
    let open = || RecordedDataset::open_prefix(&prefix).unwrap();
    let all: Vec<Item> = open().map(Result::unwrap).collect();
    assert_eq!(all, expected);
    assert_eq!((open().len(), open().damages().count()), (60, 0));
    assert_eq!(open().get(59).unwrap(), expected[59]);
    assert!(matches!(
        open().get(60),
        Err(RecordError::OutOfRange { .. })
    ));

    let order = |seed| -> Vec<u64> {
        let items = open().shuffled(seed).map(Result::unwrap);
        items.map(|item| item.header.sequence).collect()
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
    assert_ne!(order(1), (0..60).collect::<Vec<_>>());
    let once: BTreeSet<u64> = order(1).into_iter().collect();
    assert_eq!(once, (0..60).collect());
}

#[test]
fn a_loader_batches_recordings_as_it_does_streams() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("run");
    for (worker, part) in messages(20).chunks(10).enumerate() {
        record(&recording_path(&prefix, worker), part, chunkings()[1]);
    }
    let dataset = RecordedDataset::open_prefix(&prefix).unwrap();
    let mut loader = DataLoader::new(dataset, LoaderOptions::default()).unwrap();
    let batches: Vec<_> = loader.by_ref().map(Result::unwrap).collect();
    assert_eq!(
        batches.iter().map(btt::Batch::len).collect::<Vec<_>>(),
        [8, 8, 4]
    );
    let numbers: Vec<u8> = batches
        .iter()
        .flat_map(|batch| {
            let image = batch.tensor("image").unwrap();
            assert_eq!(image.shape[1..], [8, 16, 4]);
            let bytes = image.as_slice::<u8>().unwrap();
            bytes
                .chunks(8 * 16 * 4)
                .map(|image| image[0])
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(numbers, (0..20).collect::<Vec<_>>());
    assert_eq!(loader.stats().received, 20);
}

#[test]
fn conformance_17_excess_over_the_capacity_is_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run_00.mcap");
    for chunking in chunkings() {
        let options = RecorderOptions {
            max_messages: 7,
            ..chunking
        };
        let messages = messages(10);
        let mut recorder = Recorder::create(&path, options).unwrap();
        let kept = messages
            .iter()
            .map(|message| recorder.append_message(message).unwrap());
        assert_eq!(kept.filter(|kept| *kept).count(), 7);
        let recorded = recorder.finish().unwrap();
        assert_eq!((recorded.messages, recorded.dropped), (7, 3));
        let recording = Recording::open(&path).unwrap();
        let replayed: Vec<_> = recording.iter().map(Result::unwrap).collect();
        let expected: Vec<_> = messages[..7].iter().map(as_item).collect();
        assert_eq!(replayed, expected);
    }
}

#[test]
fn what_is_no_recording_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run_00.mcap");
    let foreign = {
        let mut bytes = b"\x89MCAP0\r\n\x01".to_vec();
        bytes.extend_from_slice(&16_u64.to_le_bytes());
        for text in ["ros2", "rosb"] {
            bytes.extend_from_slice(&4_u32.to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    };
    for (content, says) in [
        (&b""[..], "it is empty"),
        (b"PK\x03\x04 something else", "magic"),
        (b"\x89MC", "ends at byte 3"),
        (&foreign, "profile 'ros2'"),
    ] {
        std::fs::write(&path, content).unwrap();
        let error = Recording::open(&path).unwrap_err().to_string();
        assert!(
            error.contains(says) && error.contains("run_00.mcap"),
            "{error}"
        );
    }
    let error = Recording::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("folder"), "{error}");
    let error = Recording::open(folder.path().join("none"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("cannot open the recording"), "{error}");
    let error = RecordedDataset::open_prefix(folder.path().join("none")).unwrap_err();
    assert!(matches!(error, RecordError::NoFiles { .. }), "{error}");
}
