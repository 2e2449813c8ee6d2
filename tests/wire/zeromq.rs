//! The `zeromq` crate reads our streams and writes ones that we read: another make, in pure Rust.

use blendtorch_tests::dataset;
use blendtorch_wire::{DType, Fields, Kind, Message, Tensor, Value};
use btb::{Publisher, PublisherOptions};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use zeromq::{PullSocket, PushSocket, Socket, SocketRecv, SocketSend, ZmqMessage};

/// A guard against hangs, with room for a slow machine.
const LONG: Duration = Duration::from_secs(60);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// An address of each protocol, in a folder that goes with the test.
fn places() -> (tempfile::TempDir, [String; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let ipc = format!("ipc://{}/socket", folder.path().display());
    (folder, ["tcp://127.0.0.1:0".to_owned(), ipc])
}

/// A minute in which nobody takes an item is a failure, not a test that hangs.
fn publish(publisher: &mut Publisher, numbers: std::ops::Range<u8>) {
    for number in numbers {
        let image = publisher.tensor_from(&[64, 64, 4], &[number; 64 * 64 * 4]);
        let fields = [
            ("image".to_owned(), image.unwrap().into()),
            ("number".to_owned(), Value::Int(number.into())),
        ];
        let deadline = Instant::now() + LONG;
        let in_time = || match Instant::now() < deadline {
            true => Ok(()),
            false => Err("nobody takes it"),
        };
        let fields = Fields::from_iter(fields);
        publisher.publish_while(fields, in_time).unwrap();
    }
}

fn publisher(address: &str) -> Publisher {
    let options = PublisherOptions {
        btid: Some(5),
        linger: Some(LONG),
        ..PublisherOptions::default()
    };
    Publisher::bind(address, options).unwrap()
}

/// The header of a message, read by its document: a msgpack map with these keys.
#[derive(serde::Deserialize)]
struct Header {
    format: u64,
    kind: String,
    btid: Option<i64>,
    sequence: u64,
}

async fn recv(pull: &mut PullSocket) -> ZmqMessage {
    let received = tokio::time::timeout(LONG, pull.recv()).await;
    received.expect("no message").unwrap()
}

#[test]
fn its_pull_reads_our_stream_to_the_end() {
    let (_folder, places) = places();
    for place in places {
        let mut publisher = publisher(&place);
        let address = publisher.address();
        std::thread::scope(|scope| {
            let publishing = scope.spawn(move || {
                publish(&mut publisher, 0..50);
                publisher.close()
            });
            runtime().block_on(async {
                let mut pull = PullSocket::new();
                pull.connect(&address).await.unwrap();
                for number in 0..50_u8 {
                    let message = recv(&mut pull).await;
                    let frames: Vec<_> = message.iter().collect();
                    // As the document lays it out: a header, and a payload frame for each tensor.
                    let header: Header = rmp_serde::from_slice(frames[0]).unwrap();
                    assert_eq!((header.format, header.kind.as_str()), (1, "data"));
                    assert_eq!((header.btid, header.sequence), (Some(5), number.into()));
                    assert_eq!(frames.len(), 2);
                    assert!(
                        frames[1].len() == 64 * 64 * 4 && frames[1].iter().all(|b| *b == number)
                    );
                }
                let end: Header =
                    rmp_serde::from_slice(recv(&mut pull).await.get(0).unwrap()).unwrap();
                assert_eq!((end.kind.as_str(), end.sequence), ("end", 50));
                // To leave is what the document asks of a consumer that got an end.
                pull.close().await;
            });
            assert!(publishing.join().unwrap(), "{address}");
        });
    }
}

/// Each message goes to exactly one of the two.
#[test]
fn its_pull_and_our_dataset_share_a_stream() {
    let mut publisher = publisher("tcp://127.0.0.1:0");
    let address = publisher.address();
    let mut ours = dataset(std::slice::from_ref(&address));
    std::thread::scope(|scope| {
        let (met, meets) = std::sync::mpsc::channel();
        let theirs = scope.spawn({
            let (address, met) = (address.clone(), met.clone());
            move || {
                runtime().block_on(async {
                    let mut pull = PullSocket::new();
                    pull.connect(&address).await.unwrap();
                    let mut numbers = Vec::new();
                    loop {
                        let message = recv(&mut pull).await;
                        let message = message.into_vec();
                        let header: Header = rmp_serde::from_slice(&message[0]).unwrap();
                        if header.kind == "end" {
                            pull.close().await;
                            return numbers;
                        }
                        if numbers.is_empty() {
                            met.send(()).unwrap();
                        }
                        numbers.push(header.sequence);
                    }
                })
            }
        });
        let publishing = scope.spawn(move || {
            // Until they have something and we have forty, and then some more.
            let (mut number, mut both) = (0, 0);
            let deadline = Instant::now() + LONG;
            while both < 2 {
                assert!(Instant::now() < deadline, "one of them gets nothing");
                publish(&mut publisher, number..number + 1);
                number = (number + 1) % 200;
                both += meets.try_iter().count();
            }
            publish(&mut publisher, 0..100);
            assert!(publisher.close());
            publisher.stats().messages
        });
        let mut numbers = Vec::new();
        for item in &mut ours {
            numbers.push(item.unwrap().header.sequence);
            if numbers.len() == 40 {
                met.send(()).unwrap();
            }
        }
        let theirs = theirs.join().unwrap();
        assert!(!theirs.is_empty() && numbers.len() >= 40);
        numbers.extend(theirs);
        numbers.sort_unstable();
        let sent = publishing.join().unwrap();
        assert!(numbers.into_iter().eq(0..sent));
    });
}

/// Several of its PUSH sockets, each a publisher, feed one dataset.
#[test]
fn its_push_feeds_our_dataset() {
    let (_folder, places) = places();
    let runtime = runtime();
    let mut pushes = Vec::new();
    let mut addresses = Vec::new();
    for place in &places {
        let mut push = PushSocket::new();
        let bound = runtime.block_on(push.bind(place)).unwrap();
        addresses.push(match place.starts_with("ipc") {
            true => place.clone(),
            false => bound.to_string(),
        });
        pushes.push(push);
    }
    let mut dataset = dataset(&addresses);
    for (btid, mut push) in (0..).zip(pushes) {
        runtime.spawn(async move {
            for number in 0..=30_u64 {
                let mut message = match number {
                    30 => Message::end(100 + btid, number),
                    _ => Message::data(100 + btid, number),
                };
                message.header.btid = Some(btid.cast_signed());
                if message.header.kind == Kind::Data {
                    let bytes = vec![u8::try_from(number).unwrap(); 1 << 16];
                    let image = Tensor::new(DType::U8, &[1 << 16], bytes.into()).unwrap();
                    message.fields.insert("image".into(), image.into());
                }
                let mut frames = message.encode().unwrap().into_iter();
                let mut message = ZmqMessage::from(frames.next().unwrap());
                frames.for_each(|frame| message.push_back(frame));
                // Without a peer yet, its PUSH refuses: it does not wait as ours does.
                while let Err(error) = push.send(message.clone()).await {
                    assert!(error.to_string().contains("Not connected"), "{error}");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            // Dropped at once it would lose what it has accepted: it knows no linger.
            std::future::pending::<()>().await;
        });
    }
    let mut counts = BTreeMap::new();
    for item in &mut dataset {
        let item = item.unwrap();
        let image = item.fields["image"].as_tensor().unwrap();
        let number = u8::try_from(item.header.sequence).unwrap();
        assert!(image.bytes().len() == 1 << 16 && image.bytes().iter().all(|b| *b == number));
        *counts.entry(item.header.btid).or_insert(0) += 1;
    }
    assert_eq!(counts, BTreeMap::from([(Some(0), 30), (Some(1), 30)]));
    let stats = dataset.stats();
    assert_eq!((stats.missing, stats.duplicated, stats.ended), (0, 0, 2));
    runtime.shutdown_background();
}
