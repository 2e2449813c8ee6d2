//! Epochs of `max_items`: the next one goes on where the last one ended, and nothing is thrown away
//! between them.

use crate::support::{ANY_PORT, LONG, WAYS, Way, identity, publish, publisher};
use btb::{End, Publisher, PublisherOptions};
use btt::{
    DataLoader, DatasetOptions, Error, Fields, LoaderOptions, Recorder, RecorderOptions, Recording,
    RemoteIterableDataset, Source, Stats, Value,
};
use futures_util::StreamExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A patient dataset with epochs of so many items.
fn dataset(addresses: &[String], max_items: usize) -> RemoteIterableDataset {
    let options = DatasetOptions {
        timeout: LONG,
        max_items: Some(max_items),
        ..DatasetOptions::default()
    };
    RemoteIterableDataset::connect(addresses, options).unwrap()
}

/// Does `work` with the addresses of publishers that each send so many items, which is more than
/// queues hold, and then end like this. What nobody takes after the work they keep.
fn beside<T>(
    way: Way,
    publishers: i64,
    items: i64,
    end: &End,
    work: impl FnOnce(&[String]) -> T,
) -> T {
    let publishers: Vec<_> = (0..publishers).map(|btid| publisher(btid, way)).collect();
    let addresses: Vec<_> = publishers.iter().map(Publisher::address).collect();
    let (done, begin) = (AtomicBool::new(false), Instant::now());
    let somebody_takes = || match done.load(Ordering::SeqCst) || begin.elapsed() > LONG {
        true => Err(()),
        false => Ok(()),
    };
    std::thread::scope(|scope| {
        for mut publisher in publishers {
            scope.spawn(move || {
                let mut numbers = 0..items;
                let all_went = numbers.all(|number| {
                    let fields = [("number".to_owned(), Value::Int(number))];
                    let fields = Fields::from_iter(fields);
                    publisher.publish_while(fields, somebody_takes).is_ok()
                });
                if all_went {
                    publisher.close_as(end.clone());
                }
            });
        }
        let worked = catch_unwind(AssertUnwindSafe(|| work(&addresses)));
        done.store(true, Ordering::SeqCst);
        worked.unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// All items came, in the order of each publisher, and were delivered.
fn assert_whole(taken: &[(i64, i64)], publishers: i64, items: i64, stats: &Stats) {
    for btid in 0..publishers {
        let its = taken.iter().filter(|(from, _)| *from == btid);
        assert!(its.map(|(_, number)| *number).eq(0..items), "of {btid}");
    }
    let total = u64::try_from(publishers * items).unwrap();
    assert_eq!((stats.received, stats.discarded), (total, 0));
    assert_eq!(
        (stats.missing, stats.duplicated, stats.reordered),
        (0, 0, 0)
    );
    assert_eq!(
        (stats.ended, stats.unfinished),
        (publishers.unsigned_abs(), 0)
    );
}

/// Regression: two queues of rendered images were thrown away between two epochs.
#[test]
fn epochs_go_on_where_the_last_one_ended_and_throw_nothing_away() {
    for way in WAYS {
        beside(way, 2, 50, &End::finished(), |addresses| {
            let mut dataset = dataset(addresses, 20);
            let mut taken = Vec::new();
            for epoch in 1..=5 {
                taken.extend((&mut dataset).map(|item| identity(&item.unwrap())));
                assert_eq!(taken.len(), 20 * epoch);
                assert!(dataset.is_finished() && dataset.next().is_none());
                assert_eq!(dataset.stats().received, 20 * epoch as u64);
                assert!(dataset.next_epoch() && !dataset.is_finished());
            }
            // What is left are the publishers' ends.
            assert!(dataset.next().is_none() && dataset.is_finished());
            assert!(!dataset.next_epoch() && dataset.next().is_none());
            assert_whole(&taken, 2, 50, &dataset.stats());
        });
    }
}

#[test]
fn a_loader_goes_on_too_and_its_batches_are_of_one_epoch() {
    for (drop_last, wanted) in [(false, &[8, 8, 4][..]), (true, &[8, 8][..])] {
        beside(Way::Shm, 2, 40, &End::finished(), |addresses| {
            let options = LoaderOptions {
                drop_last,
                ..LoaderOptions::default()
            };
            let mut loader = DataLoader::new(dataset(addresses, 20), options).unwrap();
            let mut taken = Vec::new();
            for _ in 0..4 {
                let batches: Vec<_> = (&mut loader).map(Result::unwrap).collect();
                let sizes: Vec<_> = batches.iter().map(btt::Batch::len).collect();
                assert_eq!(sizes, wanted);
                for batch in batches {
                    let numbers = batch.tensor("number").unwrap();
                    let numbers = numbers.as_slice::<i64>().unwrap().to_vec();
                    let btids = batch.headers.iter().map(|header| header.btid.unwrap());
                    taken.extend(btids.zip(numbers));
                }
                assert!(loader.is_finished() && loader.next_epoch().unwrap());
            }
            assert!(loader.next().is_none() && !loader.next_epoch().unwrap());
            let stats = loader.stats();
            match drop_last {
                false => assert_whole(&taken, 2, 40, &stats),
                true => assert_eq!(
                    (stats.received, stats.discarded, stats.missing),
                    (80, 16, 0)
                ),
            }
        });
    }
}

#[test]
fn streams_for_tasks_go_on_too() {
    beside(Way::Inline, 1, 40, &End::finished(), |addresses| {
        let mut items = dataset(addresses, 10).into_stream().unwrap();
        let mut taken = Vec::new();
        for _ in 0..2 {
            let epoch = futures_executor::block_on((&mut items).collect::<Vec<_>>());
            assert_eq!(epoch.len(), 10);
            taken.extend(epoch.iter().map(|item| identity(item.as_ref().unwrap())));
            assert!(items.next_epoch().unwrap());
        }
        assert!(taken.iter().map(|(_, number)| *number).eq(0..20));
        assert_eq!(items.stats().discarded, 0);
    });
    beside(Way::Inline, 1, 40, &End::finished(), |addresses| {
        let loader = DataLoader::new(dataset(addresses, 20), LoaderOptions::default()).unwrap();
        let mut batches = loader.into_stream();
        for _ in 0..2 {
            let epoch = futures_executor::block_on((&mut batches).collect::<Vec<_>>());
            let sizes: Vec<_> = epoch
                .into_iter()
                .map(|batch| batch.unwrap().len())
                .collect();
            assert_eq!(sizes, [8, 8, 4]);
            assert!(batches.next_epoch().unwrap());
        }
        let end = futures_executor::block_on(batches.next());
        assert!(end.is_none() && !batches.next_epoch().unwrap());
        assert_eq!(
            (batches.stats().received, batches.stats().discarded),
            (40, 0)
        );
    });
}

#[test]
fn an_epoch_may_have_another_length_and_its_own_recording() {
    let folder = tempfile::tempdir().unwrap();
    let path = |epoch| folder.path().join(format!("run_{epoch:02}.mcap"));
    beside(Way::Shm, 1, 12, &End::finished(), |addresses| {
        let mut dataset = dataset(addresses, 3);
        for (epoch, items) in [(0, 3), (1, 5), (2, 4)] {
            dataset.set_max_items(Some(items));
            dataset.record(Recorder::create(path(epoch), RecorderOptions::default()).unwrap());
            assert_eq!((&mut dataset).map(Result::unwrap).count(), items);
            // Complete behind its last item.
            let recording = Recording::open(path(epoch)).unwrap();
            assert_eq!((recording.len(), recording.damage()), (items, None));
            assert!(dataset.next_epoch());
        }
        assert!(dataset.next().is_none());
        assert_eq!(dataset.stats().discarded, 0);
    });
    // So may a loader's, of which the thread has the dataset meanwhile.
    beside(Way::Shm, 1, 9, &End::finished(), |addresses| {
        let mut loader = DataLoader::new(dataset(addresses, 4), LoaderOptions::default()).unwrap();
        assert_eq!(
            (&mut loader)
                .map(|batch| batch.unwrap().len())
                .sum::<usize>(),
            4
        );
        let Some(Source::Remote(dataset)) = loader.source() else {
            panic!("the thread has handed it back");
        };
        dataset.set_max_items(Some(5));
        assert!(loader.next_epoch().unwrap());
        assert_eq!(
            (&mut loader)
                .map(|batch| batch.unwrap().len())
                .sum::<usize>(),
            5
        );
    });
}

/// What was on its way to the loop is counted; what was on its way to the loader is not lost.
#[test]
fn an_epoch_of_a_loader_may_be_broken_off() {
    beside(Way::Shm, 1, 200, &End::finished(), |addresses| {
        let mut loader =
            DataLoader::new(dataset(addresses, 100), LoaderOptions::default()).unwrap();
        let first = loader.next().unwrap().unwrap().len();
        assert!(loader.next_epoch().unwrap());
        let rest: usize = (&mut loader).map(|batch| batch.unwrap().len()).sum();
        assert_eq!((first, rest), (8, 100));
        let stats = loader.stats();
        assert_eq!(stats.received, 108 + stats.discarded);
        assert_eq!((stats.missing, stats.duplicated), (0, 0));
        loader.close().unwrap();
        assert!(!loader.next_epoch().unwrap() && loader.source().is_none());
    });
}

#[test]
fn publishers_that_end_between_two_epochs_are_heard_in_the_next_one() {
    let end = End::failed("ValueError: late");
    beside(Way::Inline, 2, 10, &end, |addresses| {
        let mut dataset = dataset(addresses, 15);
        assert_eq!((&mut dataset).map(Result::unwrap).count(), 15);
        assert!(dataset.next_epoch());
        // What they had sent, then what became of them, once.
        let mut rest: Vec<_> = (&mut dataset).take(6).collect();
        let error = rest.pop().unwrap().unwrap_err();
        assert!(
            matches!(&error, Error::Failed { failed } if failed.len() == 2),
            "{error}"
        );
        assert!(rest.len() == 5 && rest.iter().all(Result::is_ok));
        assert!(dataset.next().is_none() && !dataset.next_epoch());
        assert!(dataset.next().is_none());
        let stats = dataset.stats();
        assert_eq!((stats.received, stats.discarded, stats.missing), (20, 0, 0));
        assert_eq!((stats.ended, stats.unfinished), (2, 0));
    });
}

#[test]
fn what_is_kept_for_an_epoch_that_never_comes_is_counted() {
    let stats = beside(Way::Shm, 1, 8, &End::finished(), |addresses| {
        let mut dataset = dataset(addresses, 3);
        let stats = dataset.stats_handle();
        assert_eq!((&mut dataset).map(Result::unwrap).count(), 3);
        assert_eq!(stats.get().discarded, 0);
        drop(dataset);
        stats
    });
    let stats = stats.get();
    assert_eq!(stats.received, 3 + stats.discarded, "{stats:?}");
}

/// Regression: a publisher whose end lay in the queue when the consumer left was one that had gone
/// without a word.
#[test]
fn an_end_that_waits_when_the_iteration_is_finished_is_heard() {
    let is_heard = |_| {
        let mut publisher = Publisher::bind(ANY_PORT, PublisherOptions::default()).unwrap();
        let mut dataset = dataset(&[publisher.address()], 1);
        let publishing = std::thread::spawn(move || {
            (0..3).for_each(|number| publish(&mut publisher, number));
            publisher.close()
        });
        assert_eq!((&mut dataset).map(Result::unwrap).count(), 1);
        // By then all has been written, and the consumer had a second to leave. How soon it is read on
        // a busy machine nobody knows.
        publishing.join().unwrap();
        dataset.finish();
        let stats = dataset.stats();
        assert_eq!(stats.received, 1 + stats.discarded);
        (stats.discarded, stats.ended, stats.unfinished) == (2, 1, 0)
    };
    assert!((0..5).any(is_heard));
}
