//! What is recorded replays equal: from a stream, by random access, shuffled, in batches.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use btt::wire::{Bytes, Message};
use btt::{
    DType, DataLoader, Fields, Item, LoaderOptions, RecordError, RecordedDataset, Recorder,
    RecorderOptions, Recording, Scalar, Tensor, Value, recording_path,
};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;
use support::{LONG, WAYS, dataset, publisher};

/// A field of every kind; its images tell their number.
fn fields(number: u8) -> Fields {
    let image = Tensor::from_vec(&[8, 16, 4], vec![number; 8 * 16 * 4]).unwrap();
    let nested = Tensor::from_vec(&[3], vec![f64::from(number); 3]).unwrap();
    let half = Scalar::new(DType::F16, &[0, 0x3C]).unwrap();
    Fields::from_iter([
        ("image".to_owned(), image.into()),
        (
            "empty".to_owned(),
            Tensor::from_vec::<f32>(&[0, 3], vec![]).unwrap().into(),
        ),
        ("number".to_owned(), Value::Int(number.into())),
        ("large".to_owned(), Value::UInt(u64::MAX)),
        ("reward".to_owned(), Value::Float(0.5)),
        ("done".to_owned(), Value::Bool(true)),
        ("half".to_owned(), half.into()),
        ("nothing".to_owned(), Value::Null),
        ("name".to_owned(), "Würfel".into()),
        (
            "raw".to_owned(),
            Value::Bytes(Bytes::from_static(b"\0\xFF")),
        ),
        (
            "pair".to_owned(),
            Value::Tuple(vec![1.into(), nested.into()]),
        ),
        (
            "list".to_owned(),
            Value::List(vec![Value::Map(vec![(1.into(), "one".into())])]),
        ),
    ])
}

fn messages(count: u8) -> Vec<Message> {
    let message = |number| {
        let mut message = Message::data(7, number);
        message.header.btid = Some(-3);
        message.header.episode = Some(number / 4);
        message.header.sample = Some(number % 4);
        message.header.time_ns = 1_700_000_000_000_000_000 + number;
        message.fields = fields(u8::try_from(number).unwrap());
        message
    };
    (0..u64::from(count)).map(message).collect()
}

fn as_item(message: &Message) -> Item {
    Item {
        header: message.header.clone(),
        fields: message.fields.clone(),
    }
}

fn record(path: &std::path::Path, messages: &[Message], options: RecorderOptions) {
    let mut recorder = Recorder::create(path, options).unwrap();
    for message in messages {
        assert!(recorder.append_message(message).unwrap());
    }
    assert_eq!(recorder.finish().unwrap().messages, messages.len() as u64);
}

/// Options with which chunks hold a message, some messages, or all.
fn chunkings() -> [RecorderOptions; 3] {
    [1, 4000, 1 << 20].map(|chunk_bytes| RecorderOptions {
        chunk_bytes,
        flush_interval: LONG,
        ..RecorderOptions::default()
    })
}

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
                    publisher.publish(fields(number)).unwrap();
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

/// The process that the next test kills.
#[test]
#[ignore = "a part of conformance_17_what_was_flushed_is_readable_after_sigkill"]
fn child_that_records_and_waits() {
    let Some(path) = std::env::var_os("BTT_TEST_RECORD_TO") else {
        return;
    };
    let options = RecorderOptions {
        flush_interval: LONG,
        ..RecorderOptions::default()
    };
    let mut recorder = Recorder::create(path, options).unwrap();
    let messages = messages(9);
    for message in &messages[..6] {
        recorder.append_message(message).unwrap();
    }
    recorder.flush().unwrap();
    for message in &messages[6..] {
        recorder.append_message(message).unwrap(); // these wait
    }
    println!("\nrecorded");
    std::thread::sleep(LONG);
}

#[test]
fn conformance_17_what_was_flushed_is_readable_after_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run_00.mcap");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "child_that_records_and_waits",
            "--ignored",
            "--nocapture",
        ])
        .env("BTT_TEST_RECORD_TO", &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let recorded = lines.any(|line| line.unwrap() == "recorded");
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    assert!(recorded);

    let recording = Recording::open(&path).unwrap();
    let replayed: Vec<_> = recording.iter().map(Result::unwrap).collect();
    assert_eq!(
        replayed,
        messages(6).iter().map(as_item).collect::<Vec<_>>()
    );
    let damage = recording.damage().expect("it is not finished");
    assert_eq!(damage.offset, std::fs::metadata(&path).unwrap().len());
    assert_eq!(damage.items, 6);
    assert!(damage.to_string().contains("killed"), "{damage}");
}

#[test]
fn what_waits_is_written_with_the_first_message_that_comes_late() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run_00.mcap");
    let options = RecorderOptions {
        flush_interval: Duration::ZERO,
        ..RecorderOptions::default()
    };
    let mut recorder = Recorder::create(&path, options).unwrap();
    for (number, message) in messages(3).iter().enumerate() {
        recorder.append_message(message).unwrap();
        assert_eq!(Recording::open(&path).unwrap().len(), number + 1);
    }
    let options = RecorderOptions {
        flush_interval: LONG,
        flush_messages: 2,
        ..options
    };
    let mut recorder = Recorder::create(&path, options).unwrap();
    let lengths = messages(4).into_iter().map(|message| {
        recorder.append_message(&message).unwrap();
        Recording::open(&path).unwrap().len()
    });
    assert_eq!(lengths.collect::<Vec<_>>(), [0, 2, 2, 4]);
}

#[test]
fn a_stream_that_is_left_early_leaves_a_whole_recording() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run_00.mcap");
    let mut publisher = publisher(0, support::Way::Inline);
    let mut dataset = dataset(&[publisher.address()]);
    dataset.record(Recorder::create(&path, RecorderOptions::default()).unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..10 {
                if publisher.publish(fields(number)).is_err() {
                    break;
                }
            }
            publisher.close();
        });
        for _ in 0..4 {
            dataset.next().unwrap().unwrap();
        }
        drop(dataset);
    });
    let recording = Recording::open(&path).unwrap();
    assert_eq!((recording.len(), recording.damage()), (4, None));
    recording.verify().unwrap();
}

#[test]
fn the_last_item_that_was_asked_for_completes_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run_00.mcap");
    let mut publisher = publisher(0, support::Way::Inline);
    let options = btt::DatasetOptions {
        timeout: LONG,
        max_items: Some(3),
        ..btt::DatasetOptions::default()
    };
    let addresses = [publisher.address()];
    let mut dataset = btt::RemoteIterableDataset::connect(&addresses, options).unwrap();
    dataset.record(Recorder::create(&path, RecorderOptions::default()).unwrap());
    for number in 0..3 {
        publisher.publish(fields(number)).unwrap();
        dataset.next().unwrap().unwrap();
    }
    let recording = Recording::open(&path).unwrap();
    assert_eq!((recording.len(), recording.damage()), (3, None));
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    let mut recorder = Recorder::create("/dev/full", RecorderOptions::default());
    // The header may or may not be buffered by the system: the first flush tells at the latest.
    let error = match &mut recorder {
        Err(error) => error.to_string(),
        Ok(recorder) => {
            recorder.append_message(&messages(1)[0]).unwrap();
            recorder.flush().unwrap_err().to_string()
        }
    };
    assert!(error.contains("/dev/full"), "{error}");
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
