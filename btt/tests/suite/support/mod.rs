//! Publishers and datasets for the tests.

pub(crate) mod recordings;

use btb::{Publisher, PublisherOptions};
use btt::{DatasetOptions, Fields, Item, RemoteIterableDataset, Value};
use std::time::{Duration, Instant};

/// A guard against hangs, with room for a slow machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) const ANY_PORT: &str = "tcp://127.0.0.1:0";

/// The ways in which items travel on one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Shm,
    Inline,
}

pub(crate) const WAYS: [Way; 2] = [Way::Shm, Way::Inline];

pub(crate) fn publisher(btid: i64, way: Way) -> Publisher {
    publisher_at(ANY_PORT, btid, way)
}

pub(crate) fn publisher_at(address: &str, btid: i64, way: Way) -> Publisher {
    let options = PublisherOptions {
        btid: Some(btid),
        linger: Some(LONG),
        shm_bytes: match way {
            Way::Shm => PublisherOptions::default().shm_bytes,
            Way::Inline => 0,
        },
        ..PublisherOptions::default()
    };
    Publisher::bind(address, options).unwrap()
}

/// A patient dataset.
pub(crate) fn dataset(addresses: &[String]) -> RemoteIterableDataset {
    let options = DatasetOptions {
        timeout: LONG,
        ..DatasetOptions::default()
    };
    RemoteIterableDataset::connect(addresses, options).unwrap()
}

/// Publishes an image of 64 KiB and its number.
pub(crate) fn publish(publisher: &mut Publisher, number: i64) {
    let image = publisher.tensor_from(&[1 << 16], &vec![7_u8; 1 << 16]);
    let fields = [
        ("image".to_owned(), image.unwrap().into()),
        ("number".to_owned(), Value::Int(number)),
    ];
    send(publisher, Fields::from_iter(fields));
}

/// Publishes; a minute in which nobody takes it is a failure, not a test that hangs.
pub(crate) fn send(publisher: &mut Publisher, fields: Fields) {
    let deadline = Instant::now() + LONG;
    let in_time = || match Instant::now() < deadline {
        true => Ok(()),
        false => Err("nobody takes it"),
    };
    publisher.publish_while(fields, in_time).unwrap();
}

/// Who published an item, and its number.
pub(crate) fn identity(item: &Item) -> (i64, i64) {
    let number = item.fields["number"].as_i64().unwrap();
    (item.header.btid.unwrap(), number)
}
