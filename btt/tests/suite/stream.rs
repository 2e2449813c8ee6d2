//! Publishers and datasets over real sockets.

use crate::support::{ANY_PORT, LONG};
use btb::{Publisher, PublisherOptions};
use btt::{
    DataLoader, DatasetOptions, Error, Fields, Item, LoaderOptions, RemoteIterableDataset, Stats,
    Value,
};
use std::time::{Duration, Instant};

fn publisher(btid: i64) -> Publisher {
    let options = PublisherOptions {
        btid: Some(btid),
        linger: Some(LONG),
        ..PublisherOptions::default()
    };
    Publisher::bind(ANY_PORT, options).unwrap()
}

fn options() -> DatasetOptions {
    DatasetOptions {
        timeout: LONG,
        ..DatasetOptions::default()
    }
}

fn dataset(publishers: &[&Publisher]) -> RemoteIterableDataset {
    let addresses: Vec<_> = publishers.iter().map(|p| p.address()).collect();
    RemoteIterableDataset::connect(&addresses, options()).unwrap()
}

/// Fields whose every byte tells their number.
fn fields(publisher: &Publisher, number: u8) -> Fields {
    let image = publisher
        .tensor_from(&[64, 64, 4], &[number; 64 * 64 * 4])
        .unwrap();
    let xy = publisher
        .tensor_from(&[2], &[f32::from(number); 2])
        .unwrap();
    Fields::from_iter([
        ("image".to_owned(), image.into()),
        ("xy".to_owned(), xy.into()),
        ("frameid".to_owned(), Value::Int(number.into())),
    ])
}

fn send(publisher: &mut Publisher, number: u8) {
    let fields = fields(publisher, number);
    crate::support::send(publisher, fields);
}

fn publish(mut publisher: Publisher, count: u8) {
    for number in 0..count {
        send(&mut publisher, number);
    }
    assert!(publisher.close());
}

/// Publishes until nobody takes anything for half a second, or 2000 items; how many went. The first
/// waits for its consumer.
fn flood(publisher: &mut Publisher) -> u64 {
    send(publisher, 0);
    for sent in 1..2000 {
        let mut patience = 5;
        let fields = fields(publisher, 0);
        let outcome = publisher.publish_while(fields, || {
            patience -= 1;
            if patience == 0 { Err(()) } else { Ok(()) }
        });
        if outcome.is_err() {
            return sent;
        }
    }
    2000
}

fn check(item: &Item) -> u8 {
    let number = u8::try_from(item.fields["frameid"].as_i64().unwrap()).unwrap();
    let image = item.fields["image"].as_tensor().unwrap();
    assert_eq!(image.shape(), [64, 64, 4]);
    assert!(image.bytes().iter().all(|&byte| byte == number));
    number
}

#[test]
fn an_iteration_ends_when_every_publisher_has_ended() {
    // A connection that takes seconds to come about does without shared memory: once may be so.
    let in_shared_memory = |_| {
        let stats = iterated_to_the_end();
        stats.shm_bytes > stats.bytes / 2
    };
    assert!((0..5).any(in_shared_memory));
}

fn iterated_to_the_end() -> Stats {
    let publishers = [publisher(0), publisher(1)];
    let mut dataset = dataset(&[&publishers[0], &publishers[1]]);
    std::thread::scope(|scope| {
        for publisher in publishers {
            scope.spawn(move || publish(publisher, 100));
        }
        let mut next = [0, 0];
        for item in &mut dataset {
            let item = item.unwrap();
            let btid = usize::try_from(item.header.btid.unwrap()).unwrap();
            assert_eq!(check(&item), next[btid], "instance {btid}");
            next[btid] += 1;
        }
        assert_eq!(next, [100, 100]);
    });
    let stats = dataset.stats();
    assert_eq!((stats.received, stats.ended), (200, 2));
    assert_eq!(
        (stats.missing, stats.duplicated, stats.reordered),
        (0, 0, 0)
    );
    stats
}

#[test]
fn kept_items_do_not_stall_the_stream() {
    let publisher = publisher(0);
    let mut dataset = dataset(&[&publisher]);
    let kept: Vec<Item> = std::thread::scope(|scope| {
        scope.spawn(move || publish(publisher, 200));
        (&mut dataset).map(Result::unwrap).collect()
    });
    assert_eq!(kept.len(), 200);
    for (number, item) in (0..).zip(&kept) {
        assert_eq!(check(item), number);
    }
}

#[test]
fn batches_are_whole_and_prefetch_is_bounded_in_bytes() {
    let publisher = publisher(0);
    let dataset = dataset(&[&publisher]);
    let batch_bytes = 4 * (64 * 64 * 4 + 2 * 4 + 8);
    let loader_options = LoaderOptions {
        batch_size: 4,
        prefetch_bytes: 2 * batch_bytes,
        ..LoaderOptions::default()
    };
    let mut loader = DataLoader::new(dataset, loader_options).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || publish(publisher, 102));
        let mut number = 0;
        let mut sizes = Vec::new();
        for batch in &mut loader {
            let batch = batch.unwrap();
            let image = batch.tensor("image").unwrap();
            assert_eq!(image.shape, [batch.len(), 64, 64, 4]);
            for row in image.as_slice::<u8>().unwrap().chunks(64 * 64 * 4) {
                assert!(row.iter().all(|&byte| byte == number));
                number += 1;
            }
            sizes.push(batch.len());
        }
        assert_eq!(number, 102);
        assert_eq!((sizes[0], *sizes.last().unwrap()), (4, 2));
    });
    let stats = loader.stats();
    assert_eq!(stats.discarded, 0);
    assert!(stats.assembling > Duration::ZERO);
}

#[test]
fn the_loader_holds_its_publisher_back() {
    let mut publisher = publisher(0);
    let dataset = dataset(&[&publisher]);
    let loader_options = LoaderOptions {
        batch_size: 2,
        prefetch_bytes: 1,
        ..LoaderOptions::default()
    };
    let mut loader = DataLoader::new(dataset, loader_options).unwrap();
    let sent = flood(&mut publisher);
    assert!(sent < 2000, "nothing holds the publisher back");
    loader.close().unwrap();
    let stats = loader.stats();
    assert_eq!(
        stats.discarded, stats.received,
        "every received item is accounted for"
    );
    assert!(stats.received <= sent);
}

#[test]
fn conformance_14_max_items_ends_the_iteration_and_counts_what_was_thrown_away() {
    let mut publisher = publisher(0);
    let address = publisher.address();
    let max_items = Some(3);
    let options = DatasetOptions {
        max_items,
        ..options()
    };
    let mut dataset = RemoteIterableDataset::connect(&[address], options).unwrap();
    // Connections come about while somebody waits for items: with the first one it is there.
    let publishing = std::thread::spawn(move || {
        send(&mut publisher, 0);
        publisher
    });
    check(&dataset.next().unwrap().unwrap());
    let mut publisher = publishing.join().unwrap();
    // All queues are full before the next is taken: more than three have been received.
    let sent = 1 + flood(&mut publisher);
    assert!(sent > 4, "{sent}");
    assert_eq!((&mut dataset).map(Result::unwrap).count(), 2);
    assert!(dataset.is_finished());
    // Kept for the next epoch, until there is none.
    assert_eq!(
        (dataset.stats().received, dataset.stats().discarded),
        (3, 0)
    );
    dataset.finish();
    let stats = dataset.stats();
    assert!(stats.discarded > 0, "{stats:?}");
    assert_eq!(stats.received, 3 + stats.discarded);
    assert!(stats.received <= sent);
}

#[test]
fn silence_says_of_each_address_what_it_is_and_since_when() {
    // Not the port of one that has closed: another test may be given that.
    let folder = tempfile::tempdir().unwrap();
    let nobody = format!("ipc://{}/nobody", folder.path().display());
    let mute = publisher(1);
    let mut once = publisher(2);
    let options = DatasetOptions {
        timeout: Duration::from_millis(300),
        first_item_timeout: Duration::from_millis(600),
        ..DatasetOptions::default()
    };
    let addresses = [nobody.clone(), mute.address(), once.address()];
    let mut dataset = RemoteIterableDataset::connect(&addresses, options).unwrap();
    let publishing = std::thread::spawn(move || {
        send(&mut once, 1);
        once
    });
    // Time-outs of a machine that is slow to connect come before, and are not meant here.
    let deadline = Instant::now() + LONG;
    let mut came = false;
    let error = loop {
        assert!(Instant::now() < deadline, "both are there, one has sent");
        match dataset.next().unwrap() {
            Ok(item) => {
                check(&item);
                came = true;
            }
            Err(Error::Timeout { silent, .. }) if !came || silent[1].path.is_none() => {}
            Err(error) => break error,
        }
    };
    let _once = publishing.join().unwrap();
    let Error::Timeout { waited, silent, .. } = &error else {
        panic!("{error}");
    };
    assert!(
        *waited >= Duration::from_millis(300) && silent[1].since >= Duration::from_millis(600),
        "a connected publisher gets longer for its first item: {error}"
    );
    let said = silent.iter().map(ToString::to_string);
    let seconds = |said: String| said.replace(|c: char| c.is_ascii_digit() || c == '.', "");
    let says = [
        (&nobody, "never connected: nobody has listened there for  s"),
        (&addresses[1], "is connected since  s and has sent nothing"),
        (
            &addresses[2],
            "is connected since  s and silent since  s, after  item",
        ),
    ];
    for (said, (address, says)) in said.zip(says) {
        assert!(said.starts_with(address.as_str()), "{said}");
        assert!(seconds(said.clone()).ends_with(says), "{said}");
        assert!(error.to_string().contains(&said), "{error}");
    }
    drop(dataset); // else the publishers would linger for it
}

#[test]
fn a_message_of_another_make_is_an_error_that_names_its_sender() {
    use blendtorch_transport::{Bytes, Outgoing, Sender, SenderOptions};
    let address = ANY_PORT.parse().unwrap();
    let sender = Sender::bind(&address, &SenderOptions::default()).unwrap();
    let address = sender.address().to_string();
    let mut dataset = RemoteIterableDataset::connect(&[&address], options()).unwrap();
    let pickle = Outgoing::new(vec![Bytes::from_static(b"\x80\x04}\x94.")]);
    let mut good = btt::wire::Message::data(1, 0).with("frameid", 3);
    good.header.btid = Some(6);
    let mut frames = good.encode().unwrap();
    let good = Outgoing::new(frames.clone());
    frames.push(Bytes::from_static(b"x")); // of no tensor
    let half = Outgoing::new(frames);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(sender.send_timeout(&pickle, LONG).unwrap());
            assert!(sender.send_timeout(&half, LONG).unwrap());
            assert!(sender.send_timeout(&good, LONG).unwrap());
        });
        for (named, known) in [
            (format!("{address} sent"), None),
            (format!("{address} (instance 6) sent"), Some(6)),
        ] {
            let error = dataset.next().unwrap().unwrap_err();
            assert!(error.to_string().contains(&named), "{error}");
            assert!(matches!(error, Error::Malformed { btid, .. } if btid == known));
        }
        let item = dataset.next().unwrap().unwrap();
        assert_eq!(item.fields["frameid"], Value::Int(3));
    });
    assert_eq!(dataset.stats().malformed, 2);
}
