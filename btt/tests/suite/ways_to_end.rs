//! An end says how it came about; who goes without one is never counted whole.

use crate::support::{ANY_PORT, LONG, WAYS, Way, dataset, publish, publisher, publisher_at};
use blendtorch_transport::{Outgoing, Sender, SenderOptions};
use btb::{End, Publisher, PublisherOptions};
use btt::wire::Message;
use btt::{Error, How, PublisherStats, Receipts, RemoteIterableDataset};
use std::time::Duration;

/// What a consumer knows of a publisher that publishes one item and ends so.
fn told(mut publisher: Publisher, end: impl FnOnce(Publisher) + Send) -> PublisherStats {
    let mut dataset = dataset(&[publisher.address().replace("0.0.0.0", "127.0.0.1")]);
    let mut raised = false;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            publish(&mut publisher, 0);
            end(publisher);
        });
        let results: Vec<_> = (&mut dataset).collect();
        assert!(results[0].is_ok(), "{results:?}");
        // One that failed says so behind its last item.
        let failed = |result: &Result<_, _>| matches!(result, Err(Error::Failed { .. }));
        assert!(
            results.len() <= 2 && results[1..].iter().all(failed),
            "{results:?}"
        );
        raised = results.len() == 2;
    });
    let stats = dataset.stats();
    assert_eq!((stats.ended, stats.unfinished, stats.missing), (1, 0, 0));
    let total = Receipts::total([dataset.receipts()]);
    assert_eq!((total.unfinished, total.lost), (0, Some(0)));
    let told = stats.publishers[0].clone();
    let end = told.end.as_ref();
    assert_eq!(end.is_some_and(|end| end.how() == &How::Failed), raised);
    let word = end.map(|end| end.how().to_string());
    assert_eq!(total.publishers[0].end, word);
    told
}

#[test]
fn a_consumer_is_told_how_a_publisher_came_to_its_end() {
    for way in WAYS {
        let of = |end: fn(Publisher)| told(publisher(0, way), end).end.unwrap();
        assert_eq!(of(drop), End::finished());
        assert_eq!(
            of(|mut one| {
                one.close();
            }),
            End::finished()
        );
        assert_eq!(
            of(|mut one| {
                one.close_as(End::interrupted());
            }),
            End::interrupted()
        );
        assert_eq!(of(|mut one| one.set_failed("a\nb")), End::failed("a\nb"));
    }
}

#[test]
fn a_publisher_whose_thread_panics_has_failed() {
    let told = told(publisher(0, Way::Inline), |one| {
        let thread = std::thread::spawn(move || {
            let _one = one;
            std::panic::resume_unwind(Box::new("no message is printed"));
        });
        thread.join().unwrap_err();
    });
    assert_eq!(told.end.unwrap().how(), &How::Failed);
}

#[test]
fn a_reason_stays_on_this_machine() {
    let path = "File \"/home/somebody/scene.py\"";
    let end = |address: &str| {
        let told = told(publisher_at(address, 0, Way::Inline), |mut one| {
            one.set_failed(path);
        });
        assert_eq!(told.end.as_ref().unwrap().how(), &How::Failed);
        told.end.unwrap().reason().map(str::to_owned)
    };
    assert_eq!(end(ANY_PORT).as_deref(), Some(path));
    assert_eq!(end("tcp://0.0.0.0:0"), None);
}

/// Sends one sample and goes as a process goes that is killed: without a word.
fn is_killed(address: &str, publisher: u64, dataset: &mut RemoteIterableDataset) {
    let options = SenderOptions::default();
    let mut sender = Sender::bind(&address.parse().unwrap(), &options).unwrap();
    let sample = Message::data(publisher, 0).encode().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(sender.send_timeout(&Outgoing::new(sample), LONG).unwrap()));
        let item = dataset.next_timeout(LONG).unwrap().unwrap();
        assert_eq!(item.header.publisher, publisher);
    });
    let end = Message::end(publisher, 1).encode().unwrap();
    sender.close(&Outgoing::new(end), Duration::ZERO);
}

#[test]
fn a_publisher_that_was_killed_is_unfinished_also_when_another_one_ends_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("ipc://{}/socket", folder.path().display());
    let mut dataset = dataset(std::slice::from_ref(&address));
    is_killed(&address, 77, &mut dataset);
    // Until its connection is seen to be gone.
    while dataset.stats().unfinished == 0 {
        assert!(
            dataset
                .next_timeout(Duration::from_millis(10))
                .unwrap()
                .is_none()
        );
    }
    let mut next = publisher_at(&address, 0, Way::Inline);
    let id = next.id();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            publish(&mut next, 0);
            next.close()
        });
        assert_eq!((&mut dataset).map(Result::unwrap).count(), 1);
    });
    let stats = dataset.stats();
    assert_eq!((stats.received, stats.ended, stats.unfinished), (2, 1, 1));
    let each: Vec<_> = stats
        .publishers
        .iter()
        .map(|one| (one.publisher, one.unfinished, one.ended))
        .collect();
    assert_eq!(each, [(77, true, false), (id, false, true)]);
    assert_eq!(stats.publishers[0].address, Some(address.parse().unwrap()));
    // Nothing is known to be lost, and that is not all.
    let total = Receipts::total([dataset.receipts()]);
    assert_eq!((total.lost, total.unfinished), (Some(0), 1));
}

/// The contract's default: a consumer that pauses longer than a close used to last, a second, loses
/// nothing.
#[test]
fn a_publisher_without_a_linger_time_waits_for_who_takes_its_time() {
    for way in WAYS {
        let options = PublisherOptions {
            shm_bytes: match way {
                Way::Shm => PublisherOptions::default().shm_bytes,
                Way::Inline => 0,
            },
            patience: LONG,
            ..PublisherOptions::default()
        };
        let mut publisher = Publisher::bind(ANY_PORT, options).unwrap();
        let mut dataset = dataset(&[publisher.address()]);
        let producer = std::thread::spawn(move || {
            (0..300).for_each(|number| publish(&mut publisher, number));
            publisher.close();
            (publisher.stats().undelivered, publisher.take_loss())
        });
        let mut got = 0;
        for item in &mut dataset {
            item.unwrap();
            got += 1;
            if got == 290 {
                std::thread::sleep(Duration::from_millis(1300));
            }
        }
        assert_eq!(got, 300, "{way:?}");
        assert_eq!(producer.join().unwrap(), (0, None), "{way:?}");
    }
}

#[test]
fn what_a_publisher_gave_up_is_said_once() {
    let options = PublisherOptions {
        linger: Some(Duration::from_millis(1)),
        ..PublisherOptions::default()
    };
    let mut publisher = Publisher::bind(ANY_PORT, options).unwrap();
    let address = publisher.address();
    let mut dataset = dataset(std::slice::from_ref(&address));
    let published = std::thread::scope(|scope| {
        let filling = scope.spawn(|| {
            let mut number = 0;
            loop {
                let image = publisher.tensor_from(&[1 << 20], &vec![7_u8; 1 << 20]);
                let fields = [("image".to_owned(), image.unwrap().into())];
                // Asked for the second time, it has found no room for a tenth of a second.
                let mut waited = 0;
                let in_vain = || {
                    waited += i32::from(number > 0);
                    (waited < 2).then_some(()).ok_or("full")
                };
                if publisher
                    .publish_while(fields.into_iter().collect(), in_vain)
                    .is_err()
                {
                    return number;
                }
                number += 1;
            }
        });
        dataset.next_timeout(LONG).unwrap().unwrap();
        filling.join().unwrap()
    });
    assert!(!publisher.close());
    let lost = publisher.stats().undelivered;
    assert!(lost > 0);
    let said = publisher.take_loss().unwrap();
    assert!(said.contains(&address), "{said}");
    let counts = format!("{lost} of {published} samples were given up, while a consumer (");
    assert!(said.contains(&counts), "{said}");
    assert_eq!(publisher.take_loss(), None);
}
