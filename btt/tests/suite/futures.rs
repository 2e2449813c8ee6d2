//! Datasets and loaders as streams, in several executors.

use crate::support::{LONG, Way, dataset, identity, publish, publisher};
use btt::{DataLoader, DatasetOptions, Error, LoaderOptions, RemoteIterableDataset};
use futures_util::{StreamExt, TryStreamExt};
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Something is published while `work` runs with its address; then it ends.
fn beside<T>(items: i64, work: impl FnOnce(String) -> T) -> T {
    let mut publisher = publisher(0, Way::Shm);
    let address = publisher.address();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            (0..items).for_each(|number| publish(&mut publisher, number));
            publisher.close();
        });
        work(address)
    })
}

async fn numbers(address: String) -> Vec<i64> {
    let items = dataset(&[address]).into_stream().unwrap();
    items
        .map_ok(|item| identity(&item).1)
        .try_collect()
        .await
        .unwrap()
}

fn runs_in(block_on: impl Fn(std::pin::Pin<Box<dyn Future<Output = Vec<i64>>>>) -> Vec<i64>) {
    let taken = beside(100, |address| block_on(Box::pin(numbers(address))));
    assert!(taken.into_iter().eq(0..100));
}

#[test]
fn items_stream_in_every_executor() {
    runs_in(futures_executor::block_on);
    let single = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runs_in(|task| single.block_on(task));
    let threads = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runs_in(|task| threads.block_on(task));
}

/// On one thread: the other task runs while the stream has nothing.
#[test]
fn a_stream_that_waits_lets_other_tasks_run() {
    let mut publisher = publisher(0, Way::Inline);
    let mut items = dataset(&[publisher.address()]).into_stream().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let number = runtime.block_on(async {
        let publishes = async {
            // Not before the stream has been asked in vain.
            tokio::task::yield_now().await;
            std::thread::spawn(move || {
                publish(&mut publisher, 42);
                publisher
            })
        };
        let (item, publishing) = tokio::join!(items.next(), publishes);
        publishing.join().unwrap();
        identity(&item.unwrap().unwrap()).1
    });
    assert_eq!(number, 42);
}

#[test]
fn batches_stream_too() {
    let sizes = beside(20, |address| {
        let loader = DataLoader::new(dataset(&[address]), LoaderOptions::default()).unwrap();
        let batches = loader.into_stream();
        let sizes = batches.map(|batch| batch.unwrap().len());
        futures_executor::block_on(sizes.collect::<Vec<_>>())
    });
    assert_eq!(sizes, [8, 8, 4]);
}

#[test]
fn a_time_out_is_an_item_of_the_stream_which_goes_on() {
    let mut publisher = publisher(0, Way::Inline);
    let options = DatasetOptions {
        timeout: Duration::from_millis(200),
        first_item_timeout: Duration::from_millis(200),
        ..DatasetOptions::default()
    };
    let dataset = RemoteIterableDataset::connect(&[publisher.address()], options).unwrap();
    let mut items = dataset.into_stream().unwrap();
    futures_executor::block_on(async {
        let error = items.next().await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error}");
        let publishing = std::thread::spawn(move || {
            publish(&mut publisher, 1);
            publisher.close()
        });
        loop {
            match items.next().await {
                Some(Ok(item)) => break assert_eq!(identity(&item).1, 1),
                Some(Err(Error::Timeout { .. })) => {}
                other => panic!("{other:?}"),
            }
        }
        while let Some(item) = items.next().await {
            assert!(matches!(item, Err(Error::Timeout { .. })));
        }
        assert!(publishing.join().unwrap());
    });
}

/// The publisher is held back by a stream that nobody polls, and let go by one that is dropped.
#[test]
fn an_unpolled_stream_is_bounded_and_a_dropped_one_lets_go() {
    let mut publisher = publisher(0, Way::Inline);
    let items = dataset(&[publisher.address()]).into_stream().unwrap();
    let image = vec![7_u8; 1 << 20];
    let mut sent = 0;
    let deadline = Instant::now() + LONG;
    loop {
        let mut patience = match sent {
            0 => 600, // until it is connected
            _ => 5,   // of 100 ms each
        };
        let tensor = publisher.tensor_from(&[1 << 20], &image).unwrap();
        let fields = btt::Fields::from_iter([("image".to_owned(), tensor.into())]);
        let outcome = publisher.publish_while(fields, || {
            patience -= 1;
            if patience == 0 { Err(()) } else { Ok(()) }
        });
        if outcome.is_err() {
            break;
        }
        sent += 1;
        assert!(sent < 500 && Instant::now() < deadline, "it is not bounded");
    }
    assert!(sent > 0, "nobody has come");
    let stats = items.stats();
    assert!(stats.received <= 4 + 1 + 1, "{stats:?}");
    drop(items);
    // Another consumer is served: the first one's connection is gone.
    let mut other = dataset(&[publisher.address()]);
    let served = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let publishing = scope.spawn(|| {
            // It leaves in its own time, and takes along what it is sent until then.
            let deadline = Instant::now() + LONG;
            for number in 1.. {
                publish(&mut publisher, number);
                if served.load(Ordering::SeqCst) {
                    break;
                }
                assert!(Instant::now() < deadline, "the other gets nothing");
            }
            publisher.close()
        });
        for item in &mut other {
            // Images may come too, that the first one had not taken.
            if item.unwrap().get("number").is_some() {
                served.store(true, Ordering::SeqCst);
            }
        }
        assert!(publishing.join().unwrap() && served.load(Ordering::SeqCst));
    });
}
