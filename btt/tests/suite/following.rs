//! A launch info that is followed: instances that come, go, and come back elsewhere.

use crate::support::{LONG, WAYS, Way, identity, publish, publisher, publisher_at};
use btb::{End, Publisher};
use btt::{Absence, DatasetOptions, Error, Fields, Following, RemoteIterableDataset, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A launch info in a folder of its own.
struct Info {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Info {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("launch_info.json");
        Self {
            _folder: folder,
            path,
        }
    }

    /// Replaces it by one with these addresses, of so many instances.
    fn lists(&self, addresses: &[&str], instances: usize) {
        let info = serde_json::json!({
            "addresses": {"DATA": addresses, "CTRL": []},
            "commands": vec!["blender"; instances],
        });
        let beside = self.path.with_extension("new");
        fs::write(&beside, info.to_string()).unwrap();
        fs::rename(&beside, &self.path).unwrap();
    }
}

fn follow(path: &Path) -> RemoteIterableDataset {
    follow_for(path, LONG)
}

fn follow_for(path: &Path, timeout: Duration) -> RemoteIterableDataset {
    let options = DatasetOptions {
        timeout,
        ..DatasetOptions::default()
    };
    RemoteIterableDataset::follow(Following::new(path, "DATA"), options).unwrap()
}

/// A publisher that numbers its items, without end.
struct Source {
    address: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Publisher>>,
}

impl Source {
    fn new(btid: i64, way: Way) -> Self {
        Self::of(publisher(btid, way))
    }

    fn of(mut publisher: Publisher) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let address = publisher.address();
        let thread = std::thread::spawn(move || {
            for number in 0.. {
                let fields = [("number".to_owned(), Value::Int(number))];
                let go_on = || match stopped.load(Ordering::SeqCst) {
                    true => Err(()),
                    false => Ok(()),
                };
                let sent = publisher.publish_while(Fields::from_iter(fields), go_on);
                if sent.is_err() || stopped.load(Ordering::SeqCst) {
                    break;
                }
            }
            publisher
        });
        Self {
            address,
            stop,
            thread: Some(thread),
        }
    }

    fn stop(&mut self) -> Publisher {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

/// What came of each instance.
type Numbers = BTreeMap<i64, Vec<i64>>;

/// Takes items until one satisfies `enough`.
fn take(
    dataset: &mut RemoteIterableDataset,
    numbers: &mut Numbers,
    mut enough: impl FnMut(&Numbers) -> bool,
) {
    let deadline = Instant::now() + LONG;
    while !enough(numbers) {
        assert!(
            Instant::now() < deadline,
            "not enough has come: {numbers:?}"
        );
        if let Some(item) = dataset.next_timeout(Duration::from_millis(100)).unwrap() {
            let (btid, number) = identity(&item);
            numbers.entry(btid).or_default().push(number);
        }
    }
}

fn count(numbers: &Numbers, btid: i64) -> usize {
    numbers.get(&btid).map_or(0, Vec::len)
}

#[test]
fn instances_that_come_go_and_move_are_followed() {
    for way in WAYS {
        let info = Info::new();
        let mut dataset = follow(&info.path);
        let mut numbers = Numbers::new();
        assert!(dataset.next_timeout(Duration::ZERO).unwrap().is_none());

        let first = Source::new(0, way);
        info.lists(&[&first.address], 2);
        take(&mut dataset, &mut numbers, |n| count(n, 0) >= 20);
        let second = Source::new(1, way);
        info.lists(&[&first.address, &second.address], 2);
        take(&mut dataset, &mut numbers, |n| count(n, 1) >= 20);

        // The first is gone: what it goes on with is nobody's here.
        info.lists(&[&second.address], 2);
        let deadline = Instant::now() + LONG;
        loop {
            assert!(Instant::now() < deadline, "{way:?}: the first is not left");
            let before = (count(&numbers, 0), count(&numbers, 1));
            take(&mut dataset, &mut numbers, |n| {
                count(n, 1) >= before.1 + 2000
            });
            if count(&numbers, 0) == before.0 {
                break;
            }
        }
        // The second has moved.
        let moved = Source::new(2, way);
        info.lists(&[&moved.address], 2);
        take(&mut dataset, &mut numbers, |n| count(n, 2) >= 2000);
        // The first comes back to where it was.
        let before = count(&numbers, 0);
        info.lists(&[&first.address, &moved.address], 2);
        take(&mut dataset, &mut numbers, |n| count(n, 0) >= before + 20);

        let stats = dataset.stats();
        assert_eq!((stats.duplicated, stats.reordered), (0, 0), "{way:?}");
        for numbers in numbers.values() {
            assert!(numbers.is_sorted_by(|a, b| a < b), "{way:?}");
        }
        // Nobody who stayed has lost anything.
        assert_eq!(
            numbers[&1][0] + numbers[&1].len() as i64 - 1,
            *numbers[&1].last().unwrap()
        );
        let told: Vec<_> = dataset
            .addresses()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
            [
                first.address.clone(),
                second.address.clone(),
                moved.address.clone()
            ]
        );
    }
}

#[test]
fn what_an_instance_had_sent_before_it_was_gone_is_delivered() {
    for way in WAYS {
        let info = Info::new();
        let (mut goes, stays) = (publisher(0, way), Source::new(1, way));
        info.lists(&[&goes.address(), &stays.address], 2);
        let mut dataset = follow(&info.path);
        let mut numbers = Numbers::new();
        publish(&mut goes, 0);
        take(&mut dataset, &mut numbers, |n| count(n, 0) == 1);
        (1..6).for_each(|number| publish(&mut goes, number));
        info.lists(&[&stays.address], 2);
        // It is looked at meanwhile, and followed when the next item is asked for.
        std::thread::sleep(Duration::from_millis(700));
        take(&mut dataset, &mut numbers, |n| count(n, 0) == 6);
        assert_eq!(numbers[&0], [0, 1, 2, 3, 4, 5], "{way:?}");
        assert_eq!(dataset.stats().missing, 0, "{way:?}");
    }
}

#[test]
fn until_the_file_lists_somebody_the_dataset_is_patient_and_then_names_it() {
    let info = Info::new();
    let mut dataset = follow_for(&info.path, Duration::from_millis(300));
    let absent = |dataset: &mut RemoteIterableDataset| match dataset.next() {
        Some(Err(Error::Nobody { file, why, .. })) => {
            assert_eq!(file, info.path);
            why
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(absent(&mut dataset), Absence::NoFile);
    info.lists(&[], 2);
    let deadline = Instant::now() + LONG;
    while absent(&mut dataset) == Absence::NoFile {
        assert!(Instant::now() < deadline, "it is not read");
    }
    let socket = "DATA".to_owned();
    assert_eq!(absent(&mut dataset), Absence::NoAddress { socket });
    let source = Source::new(0, Way::Inline);
    info.lists(&[&source.address], 2);
    let mut numbers = Numbers::new();
    while count(&numbers, 0) < 5 {
        match dataset.next().unwrap() {
            Ok(item) => numbers.entry(0).or_default().push(identity(&item).1),
            Err(Error::Nobody { .. } | Error::Timeout { .. }) if Instant::now() < deadline => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_foreign_file_is_an_error_that_names_it_and_may_be_replaced() {
    let info = Info::new();
    fs::write(&info.path, r#"{"scene": "", "script": "cube.blend.py"}"#).unwrap();
    let mut dataset = follow(&info.path);
    let error = dataset.next().unwrap().unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::LaunchInfo(_)), "{text}");
    assert!(text.contains("launch_info.json"), "{text}");
    let source = Source::new(0, Way::Inline);
    info.lists(&[&source.address], 1);
    take(&mut dataset, &mut Numbers::new(), |n| count(n, 0) == 3);
}

#[test]
fn a_file_that_breaks_later_is_told_of_once_and_what_it_listed_goes_on() {
    let info = Info::new();
    let source = Source::new(0, Way::Inline);
    info.lists(&[&source.address], 1);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let following = Following::new(&info.path, "DATA")
        .telling(move |text| tell.lock().unwrap().push(text.to_owned()));
    let mut dataset = RemoteIterableDataset::follow(following, DatasetOptions::default()).unwrap();
    let mut numbers = Numbers::new();
    take(&mut dataset, &mut numbers, |n| count(n, 0) > 0);
    fs::write(&info.path, "no launch info").unwrap();
    take(&mut dataset, &mut numbers, |_| {
        !told.lock().unwrap().is_empty()
    });
    let until = Instant::now() + Duration::from_millis(1200);
    take(&mut dataset, &mut numbers, |_| Instant::now() > until);
    let told = told.lock().unwrap();
    assert!(
        told.len() == 1 && told[0].contains("launch_info.json"),
        "{told:?}"
    );
    assert_eq!(dataset.stats().missing, 0);
}

#[test]
fn the_iteration_ends_with_all_instances_and_not_while_some_are_to_come() {
    let info = Info::new();
    let mut first = publisher(0, Way::Shm);
    info.lists(&[&first.address()], 2);
    let mut dataset = follow_for(&info.path, Duration::from_secs(2));
    let ends = std::thread::spawn(move || {
        (0..10).for_each(|number| publish(&mut first, number));
        assert!(first.close());
    });
    let mut numbers = Numbers::new();
    take(&mut dataset, &mut numbers, |n| count(n, 0) == 10);
    let error = dataset.next().unwrap().unwrap_err();
    ends.join().unwrap();
    let why = Absence::Ended {
        listed: 1,
        instances: 2,
    };
    assert!(
        matches!(&error, Error::Nobody { why: is, .. } if *is == why),
        "{error}"
    );
    assert!(!dataset.is_finished());

    let mut second = publisher(1, Way::Shm);
    let first = dataset.addresses()[0].to_string();
    info.lists(&[&first, &second.address()], 2);
    let ends = std::thread::spawn(move || {
        (0..10).for_each(|number| publish(&mut second, number));
        assert!(second.close());
    });
    let rest: Vec<_> = dataset
        .by_ref()
        .map(|item| identity(&item.unwrap()))
        .collect();
    assert_eq!(rest, (0..10).map(|number| (1, number)).collect::<Vec<_>>());
    ends.join().unwrap();
    assert!(dataset.is_finished());
    assert_eq!(dataset.stats().ended, 2);
}

/// A head takes an instance that ended out of the file while it starts it again.
#[test]
fn an_instance_that_ended_and_is_listed_anew_is_heard_again() {
    let info = Info::new();
    let mut life = publisher(0, Way::Inline);
    let address = life.address();
    info.lists(&[&address], 1);
    let mut dataset = follow(&info.path);
    let ends = std::thread::spawn(move || {
        publish(&mut life, 0);
        assert!(life.close());
    });
    let mut numbers = Numbers::new();
    take(&mut dataset, &mut numbers, |n| count(n, 0) == 1);
    info.lists(&[], 1);
    let until = Instant::now() + Duration::from_millis(1500);
    take(&mut dataset, &mut numbers, |_| Instant::now() > until);
    ends.join().unwrap();
    assert!(!dataset.is_finished());
    let mut next = Source::of(publisher_at(&address, 0, Way::Inline));
    info.lists(&[&address], 1);
    take(&mut dataset, &mut numbers, |n| count(n, 0) >= 20);
    assert_eq!(dataset.stats().publishers.len(), 2);
    drop(dataset);
    drop(next.stop());
}

#[test]
fn an_instance_that_is_gone_without_a_word_is_unfinished_and_one_that_never_was_is_not() {
    let info = Info::new();
    let (mut gone, stays) = (Source::new(0, Way::Inline), Source::new(1, Way::Inline));
    info.lists(&[&gone.address, &stays.address, "tcp://127.0.0.1:1"], 3);
    let mut dataset = follow(&info.path);
    let mut numbers = Numbers::new();
    take(&mut dataset, &mut numbers, |n| {
        count(n, 0) > 0 && count(n, 1) > 0
    });
    std::mem::forget(gone.stop());
    info.lists(&[&stays.address], 3);
    let deadline = Instant::now() + LONG;
    while dataset.stats().unfinished == 0 {
        assert!(Instant::now() < deadline, "{:?}", dataset.stats());
        let so_far = count(&numbers, 1);
        take(&mut dataset, &mut numbers, |n| count(n, 1) > so_far);
    }
    assert_eq!(dataset.stats().unfinished, 1);
}

#[test]
fn a_failure_is_told_at_the_end_unless_the_instance_came_back_elsewhere() {
    for comes_back in [true, false] {
        let info = Info::new();
        let (mut life, mut other) = (publisher(0, Way::Inline), publisher(1, Way::Inline));
        let mut next = publisher(if comes_back { 0 } else { 2 }, Way::Inline);
        let next_address = next.address();
        info.lists(&[&life.address(), &other.address()], 3);
        let mut dataset = follow(&info.path);
        let ends = std::thread::spawn(move || {
            publish(&mut life, 0);
            assert!(life.close_as(End::failed("ValueError: round")));
            publish(&mut other, 0);
            publish(&mut next, 0);
            (other.close(), next.close())
        });
        let mut numbers = Numbers::new();
        take(&mut dataset, &mut numbers, |n| count(n, 1) == 1);
        let other = dataset.addresses()[1].to_string();
        info.lists(&[&other, &next_address], 2);
        let rest: Vec<_> = dataset.by_ref().collect();
        assert_eq!(ends.join().unwrap(), (true, true));
        match (comes_back, rest.as_slice()) {
            (true, [Ok(_)]) => {}
            (false, [Ok(_), Err(Error::Failed { failed })]) if failed[0].btid == Some(0) => {}
            other => panic!("{other:?}"),
        }
    }
}
