//! How recordings end: completed, left early, killed, on a full disk.

use crate::support::recordings::{as_item, fields, messages};
use crate::support::{LONG, dataset, publisher, send};
use btt::{Recorder, RecorderOptions, Recording};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Gives the process that the next test kills its recording.
const RECORD_TO: &str = "BTT_TEST_RECORD_TO";

/// What that process does; as a test it does nothing.
#[test]
fn role() {
    let Some(path) = std::env::var_os(RECORD_TO) else {
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
            "record_ends::role",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(RECORD_TO, &path)
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
    let mut publisher = publisher(0, crate::support::Way::Inline);
    let mut dataset = dataset(&[publisher.address()]);
    dataset.record(Recorder::create(&path, RecorderOptions::default()).unwrap());
    let left = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let deadline = Instant::now() + LONG;
            // Nobody takes what comes after the dataset has left.
            let somebody_takes = || match left.load(Ordering::SeqCst) || Instant::now() > deadline {
                true => Err(()),
                false => Ok(()),
            };
            for number in 0..10 {
                let outcome = publisher.publish_while(fields(number), somebody_takes);
                if outcome.is_err() {
                    break;
                }
            }
            publisher.close();
        });
        for _ in 0..4 {
            dataset.next().unwrap().unwrap();
        }
        drop(dataset);
        left.store(true, Ordering::SeqCst);
    });
    let recording = Recording::open(&path).unwrap();
    assert_eq!((recording.len(), recording.damage()), (4, None));
    recording.verify().unwrap();
}

#[test]
fn the_last_item_that_was_asked_for_completes_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run_00.mcap");
    let mut publisher = publisher(0, crate::support::Way::Inline);
    let options = btt::DatasetOptions {
        timeout: LONG,
        max_items: Some(3),
        ..btt::DatasetOptions::default()
    };
    let addresses = [publisher.address()];
    let mut dataset = btt::RemoteIterableDataset::connect(&addresses, options).unwrap();
    dataset.record(Recorder::create(&path, RecorderOptions::default()).unwrap());
    // In a thread: a connection that does not come about at once is tried again by who waits.
    std::thread::scope(|scope| {
        scope.spawn(|| (0..3).for_each(|number| send(&mut publisher, fields(number))));
        for _ in 0..3 {
            dataset.next().unwrap().unwrap();
        }
    });
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
