//! A publisher that fails is the last thing an iteration tells; an instance that is dead is not waited
//! for, and one that runs is.

use crate::support::{LONG, Way, dataset, identity, publish, publisher, publisher_at};
use btb::{End, Publisher};
use btt::{
    DataLoader, DatasetOptions, Error, FailedInstance, Life, Liveness, LoaderOptions,
    RemoteIterableDataset,
};
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Publishes so many items and ends in this way, in a thread.
fn publishes(mut publisher: Publisher, items: i64, end: End) -> std::thread::JoinHandle<bool> {
    std::thread::spawn(move || {
        (0..items).for_each(|number| publish(&mut publisher, number));
        publisher.close_as(end)
    })
}

/// One that fails after 3 items and one that finishes after 30: their addresses, and what waits.
fn failing() -> (Vec<String>, Vec<std::thread::JoinHandle<bool>>) {
    let publishers: Vec<_> = (0..2).map(|btid| publisher(btid, Way::Shm)).collect();
    let addresses = publishers.iter().map(Publisher::address).collect();
    let ends = [
        (3, End::failed("line 1\nValueError: round")),
        (30, End::finished()),
    ];
    let each = publishers.into_iter().zip(ends);
    let threads = each.map(|(publisher, (items, end))| publishes(publisher, items, end));
    (addresses, threads.collect())
}

fn the_failed(error: Error) -> Vec<FailedInstance> {
    match error {
        Error::Failed { failed } => failed,
        other => panic!("{other}"),
    }
}

fn check(failed: &[FailedInstance], address: &str) {
    let [one] = failed else {
        panic!("one has failed, not {failed:?}");
    };
    assert_eq!((one.btid, one.items), (Some(0), 3));
    assert_eq!(one.address.to_string(), address);
    assert_eq!(one.reason.as_deref(), Some("line 1\nValueError: round"));
}

/// Regression: a script that raised ended like one that had finished.
#[test]
fn a_failure_comes_behind_the_last_item_of_all() {
    let (addresses, threads) = failing();
    let mut dataset = dataset(&addresses);
    let mut items = Vec::new();
    let error = loop {
        match dataset.next().expect("an error comes before the end") {
            Ok(item) => items.push(identity(&item)),
            Err(error) => break error,
        }
    };
    check(&the_failed(error), &addresses[0]);
    assert_eq!(items.iter().filter(|(btid, _)| *btid == 0).count(), 3);
    assert_eq!(items.iter().filter(|(btid, _)| *btid == 1).count(), 30);
    assert!(dataset.next().is_none() && dataset.is_finished());
    assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
}

#[test]
fn a_failure_comes_behind_the_last_batch_whole_or_not() {
    for drop_last in [false, true] {
        let (addresses, threads) = failing();
        let options = LoaderOptions {
            drop_last,
            ..LoaderOptions::default()
        };
        let mut loader = DataLoader::new(dataset(&addresses), options).unwrap();
        let mut sizes = Vec::new();
        let error = loop {
            match loader.next().expect("an error comes before the end") {
                Ok(batch) => sizes.push(batch.len()),
                Err(error) => break error,
            }
        };
        check(&the_failed(error), &addresses[0]);
        let wanted: &[usize] = if drop_last { &[8; 4] } else { &[8, 8, 8, 8, 1] };
        assert_eq!(sizes, wanted);
        assert!(loader.next().is_none());
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    }
}

#[test]
fn a_failure_is_the_last_of_a_stream_for_tasks() {
    let (addresses, threads) = failing();
    let stream = dataset(&addresses).into_stream().unwrap();
    let mut items: Vec<_> = futures_executor::block_on(stream.collect());
    let error = items.pop().unwrap().unwrap_err();
    check(&the_failed(error), &addresses[0]);
    assert_eq!(items.into_iter().filter(Result::is_ok).count(), 33);
    assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
}

#[test]
fn who_finished_or_was_interrupted_has_not_failed() {
    for end in [End::finished(), End::interrupted()] {
        let publisher = publisher(0, Way::Shm);
        let addresses = [publisher.address()];
        let thread = publishes(publisher, 2, end);
        assert_eq!(dataset(&addresses).map(Result::unwrap).count(), 2);
        assert!(thread.join().unwrap());
    }
}

/// Waits for ever, but for what is said of life.
fn patient(address: &str, of: impl Fn() -> Life + Send + Sync + 'static) -> RemoteIterableDataset {
    let options = DatasetOptions {
        timeout: Duration::MAX,
        liveness: Some(Liveness::new(move |_| of())),
        ..DatasetOptions::default()
    };
    RemoteIterableDataset::connect(&[address], options).unwrap()
}

#[test]
fn an_instance_that_has_ended_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("ipc://{}/socket", folder.path().display());
    let words = || Life::Ended("instance 0 was ended by signal 11".to_owned());
    let mut dataset = patient(&address, words);
    let failed = the_failed(dataset.next().unwrap().unwrap_err());
    assert_eq!((failed[0].btid, failed[0].items), (None, 0));
    assert_eq!(
        failed[0].reason.as_deref(),
        Some("instance 0 was ended by signal 11")
    );
    assert!(dataset.next().is_none());
}

#[test]
fn who_is_connected_is_not_left_whatever_is_said() {
    let mut publisher = publisher(5, Way::Inline);
    let dead = Arc::new(AtomicBool::new(false));
    let life = {
        let dead = Arc::clone(&dead);
        move || match dead.load(Ordering::SeqCst) {
            true => Life::Ended("killed".to_owned()),
            false => Life::Runs,
        }
    };
    let mut dataset = patient(&publisher.address(), life);
    let (goes_on, wait) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        publish(&mut publisher, 0);
        wait.recv().unwrap();
        publish(&mut publisher, 1);
        publisher.close()
    });
    assert_eq!(identity(&dataset.next().unwrap().unwrap()), (5, 0));
    dead.store(true, Ordering::SeqCst);
    assert!(matches!(
        dataset.next_timeout(Duration::from_secs(1)),
        Ok(None)
    ));
    goes_on.send(()).unwrap();
    assert_eq!(identity(&dataset.next().unwrap().unwrap()), (5, 1));
    assert!(dataset.next().is_none() && thread.join().unwrap());
}

#[test]
fn an_instance_that_runs_and_has_no_publisher_yet_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("ipc://{}/socket", folder.path().display());
    let options = |liveness| DatasetOptions {
        timeout: Duration::from_millis(100),
        first_item_timeout: LONG,
        liveness,
        ..DatasetOptions::default()
    };
    let runs = Liveness::new(|_| Life::Runs);
    let connect =
        |liveness| RemoteIterableDataset::connect(&[&address], options(liveness)).unwrap();
    let mut unknown = connect(None);
    assert!(matches!(
        unknown.next().unwrap(),
        Err(Error::Timeout { .. })
    ));
    drop(unknown);
    let mut dataset = connect(Some(runs));
    let begin = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(700));
            let mut publisher = publisher_at(&address, 0, Way::Inline);
            publish(&mut publisher, 0);
            publisher.close()
        });
        assert_eq!(identity(&dataset.next().unwrap().unwrap()), (0, 0));
        assert!(begin.elapsed() >= Duration::from_millis(700));
        assert!(dataset.next().is_none());
    });
}

/// Regression: a wait without an end was an overflow.
#[test]
fn a_wait_may_be_as_long_as_times_are() {
    let publisher = publisher(0, Way::Inline);
    let addresses = [publisher.address()];
    let mut dataset = patient(&addresses[0], || Life::Unknown);
    let thread = publishes(publisher, 1, End::finished());
    assert!(dataset.next_timeout(Duration::MAX).unwrap().is_some());
    assert!(dataset.next_timeout(Duration::MAX).unwrap().is_none());
    assert!(dataset.is_finished() && thread.join().unwrap());
}
