//! Every consumer hears the end of a stream: one, several, one that came late.

use crate::support::{LONG, WAYS, Way, dataset, identity, publish, publisher, publisher_at};
use btt::{DatasetOptions, Error, Receipts, RemoteIterableDataset};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Two publishers end when each of so many consumers has had something of them, and 50 items later.
fn all_hear_the_end(way: Way, consumers: usize) {
    let mut publishers: Vec<_> = (0..2).map(|btid| publisher(btid, way)).collect();
    let addresses: Vec<_> = publishers.iter().map(btb::Publisher::address).collect();
    let had: Vec<_> = (0..2).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    std::thread::scope(|scope| {
        let sent: Vec<_> = publishers
            .iter_mut()
            .zip(&had)
            .map(|(publisher, had)| {
                scope.spawn(move || {
                    let (mut number, mut more) = (0, 50);
                    let deadline = Instant::now() + LONG;
                    while more > 0 {
                        assert!(Instant::now() < deadline, "somebody gets nothing");
                        publish(publisher, number);
                        number += 1;
                        more -= i32::from(had.load(Ordering::SeqCst) == consumers);
                    }
                    assert!(publisher.close(), "somebody has not heard the end");
                    number
                })
            })
            .collect();
        let consume = || {
            let mut dataset = dataset(&addresses);
            let mut items = Vec::new();
            let mut met = [false; 2];
            for item in &mut dataset {
                let (btid, number) = identity(&item.unwrap());
                let from = usize::try_from(btid).unwrap();
                if !std::mem::replace(&mut met[from], true) {
                    had[from].fetch_add(1, Ordering::SeqCst);
                }
                items.push((btid, number));
            }
            let stats = dataset.stats();
            assert_eq!(stats.ended, 2, "{way:?} {stats:?}");
            (items, stats.missing, dataset.receipts())
        };
        let consumed: Vec<_> = (0..consumers).map(|_| scope.spawn(consume)).collect();
        let (mut items, mut missing, mut receipts) = (Vec::new(), 0, Vec::new());
        for consumed in consumed {
            let (some, misses, receipt) = consumed.join().unwrap();
            // One publisher and one consumer keep order.
            for btid in 0..2 {
                assert!(some.iter().filter(|(from, _)| *from == btid).is_sorted());
            }
            items.extend(some);
            missing += misses;
            receipts.push(receipt);
        }
        // What is missing at one consumer, another has. One that came last may miss nothing.
        assert_eq!(missing > 0, consumers > 1, "{way:?}");
        let sent = sent.into_iter().map(|sent| sent.join().unwrap());
        let wanted: Vec<_> = (0..)
            .zip(sent)
            .flat_map(|(btid, sent)| (0..sent).map(move |number| (btid, number)))
            .collect();
        items.sort_unstable();
        assert_eq!(items, wanted, "{way:?}");
        let total = Receipts::total(receipts);
        assert_eq!(total.received, wanted.len() as u64);
        assert_eq!((total.duplicated, total.lost), (0, Some(0)), "{way:?}");
    });
}

#[test]
fn one_consumer_hears_the_end() {
    for way in WAYS {
        all_hear_the_end(way, 1);
    }
}

#[test]
fn three_consumers_hear_the_end() {
    for way in WAYS {
        all_hear_the_end(way, 3);
    }
}

/// The first consumer keeps the publisher waiting until the second has come.
#[test]
fn a_consumer_that_came_late_hears_the_end() {
    for way in WAYS {
        let mut publisher = publisher(0, way);
        let addresses = [publisher.address()];
        let mut first = dataset(&addresses);
        std::thread::scope(|scope| {
            let closing = scope.spawn(move || {
                // More than the queues hold, so that it has to wait for the first.
                for number in 0..100 {
                    publish(&mut publisher, number);
                }
                publisher.close()
            });
            assert!(first.next().is_some_and(|item| item.is_ok()));
            let (came, comes) = std::sync::mpsc::channel();
            let addresses = &addresses;
            let late = scope.spawn(move || {
                let mut late = dataset(addresses);
                // An item, or the end at once if all of them wait for the first.
                let one = late.next().map(Result::unwrap);
                came.send(()).unwrap();
                let rest = (&mut late).map(Result::unwrap).count();
                (usize::from(one.is_some()) + rest, late.receipts())
            });
            comes.recv().unwrap();
            let rest = (&mut first).map(Result::unwrap).count();
            let (count, receipts) = late.join().unwrap();
            assert!(closing.join().unwrap(), "{way:?}");
            assert_eq!(1 + rest + count, 100, "{way:?}");
            let total = Receipts::total([first.receipts(), receipts]);
            assert_eq!((total.received, total.lost), (100, Some(0)), "{way:?}");
        });
    }
}

#[test]
fn who_comes_after_the_publisher_has_gone_is_told_that_nobody_listens() {
    for way in WAYS {
        // Not a port: another test may be given it when the publisher has gone.
        let folder = tempfile::tempdir().unwrap();
        let address = format!("ipc://{}/socket", folder.path().display());
        let mut publisher = publisher_at(&address, 0, way);
        let publishing = std::thread::spawn(move || {
            publish(&mut publisher, 0);
            publisher.close()
        });
        assert_eq!(dataset(std::slice::from_ref(&address)).count(), 1);
        assert!(publishing.join().unwrap());
        let options = DatasetOptions {
            timeout: Duration::from_millis(200),
            ..DatasetOptions::default()
        };
        let mut late = RemoteIterableDataset::connect(&[address], options).unwrap();
        let error = late.next_timeout(LONG).unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }));
        assert!(error.to_string().contains("never connected"), "{error}");
    }
}
