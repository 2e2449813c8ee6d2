//! A relay between a publisher and its consumers throws known messages away, repeats some and swaps
//! others; the counters say exactly so.

use crate::support::{LONG, WAYS, Way, dataset, identity, publish, publisher};
use blendtorch_transport::{Outgoing, Receiver, ReceiverOptions, Sender, SenderOptions};
use btt::wire::{Bytes, Kind, Limits, Message};
use btt::{Receipts, RemoteIterableDataset, Stats};
use std::time::Instant;

const SENT: u64 = 300;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Pass,
    Lose,
    Repeat,
    /// Goes after its successor.
    Late,
}

/// The first, the last and some in between are lost; others come twice or late.
fn fate(sequence: u64) -> Fate {
    match sequence {
        0 | 1 | 299 => Fate::Lose,
        50..60 | 120 | 122 => Fate::Lose,
        70 | 71 | 200 => Fate::Repeat,
        90 | 140 => Fate::Late,
        _ => Fate::Pass,
    }
}

fn count(fate_wanted: Fate) -> u64 {
    (0..SENT).filter(|&s| fate(s) == fate_wanted).count() as u64
}

/// Passes on what comes from `address`, once so many consumers are there.
fn relay(address: &str, mut sender: Sender, consumers: usize) {
    let deadline = Instant::now() + LONG;
    while sender.consumers().unwrap() < consumers {
        assert!(Instant::now() < deadline, "no consumer came");
        std::thread::yield_now();
    }
    let from = address.parse().unwrap();
    let mut receiver = Receiver::connect(&[from], &ReceiverOptions::default()).unwrap();
    let send = |frames: &[Bytes]| {
        let frames = frames.iter().map(|frame| Bytes::copy_from_slice(frame));
        assert!(
            sender
                .send_timeout(&Outgoing::new(frames.collect()), LONG)
                .unwrap()
        );
    };
    let mut held: Option<Vec<Bytes>> = None;
    loop {
        let frames = receiver
            .recv_timeout(LONG)
            .unwrap()
            .expect("no message")
            .frames;
        let header = Message::decode(&frames, &Limits::default()).unwrap().header;
        if header.kind == Kind::End {
            sender.close(&Outgoing::new(frames), LONG);
            return;
        }
        match fate(header.sequence) {
            Fate::Lose => continue,
            Fate::Late => {
                held = Some(frames.iter().map(|f| Bytes::copy_from_slice(f)).collect());
                continue;
            }
            Fate::Pass => send(&frames),
            Fate::Repeat => (0..2).for_each(|_| send(&frames)),
        }
        if let Some(late) = held.take() {
            send(&late);
        }
    }
}

/// Takes all, and looks that nothing was delivered twice.
fn consume(mut dataset: RemoteIterableDataset) -> (Stats, Receipts) {
    let mut numbers: Vec<_> = (&mut dataset)
        .map(|item| identity(&item.unwrap()).1)
        .collect();
    let stats = dataset.stats();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len() as u64, stats.received, "delivered twice");
    (stats, dataset.receipts())
}

/// What each consumer has counted, and all together, each over a relay.
fn through_the_relay(way: Way, consumers: usize) -> (Vec<Stats>, btt::Totals) {
    let mut publisher = publisher(3, way);
    let address = publisher.address();
    let options = SenderOptions {
        shm_bytes: match way {
            Way::Shm => 64 << 20,
            Way::Inline => 0,
        },
        ..SenderOptions::default()
    };
    let sender = Sender::bind(&crate::support::ANY_PORT.parse().unwrap(), &options).unwrap();
    let addresses = [sender.address().to_string()];
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..SENT {
                publish(&mut publisher, number.cast_signed());
            }
            assert!(publisher.close());
        });
        scope.spawn(move || relay(&address, sender, consumers));
        let threads: Vec<_> = (0..consumers)
            .map(|_| dataset(&addresses))
            .map(|dataset| scope.spawn(|| consume(dataset)))
            .collect();
        let done = threads.into_iter().map(|thread| thread.join().unwrap());
        let (stats, receipts): (Vec<_>, Vec<_>) = done.unzip();
        // As they would travel from other processes and machines.
        let travelled = receipts.iter().map(|receipts| {
            let text = serde_json::to_string(receipts).unwrap();
            serde_json::from_str(&text).unwrap()
        });
        (stats, Receipts::total(travelled))
    })
}

#[test]
fn conformance_14_one_consumer_counts_exactly_what_a_relay_has_done() {
    for way in WAYS {
        let (stats, total) = through_the_relay(way, 1);
        let stats = &stats[0];
        assert_eq!(stats.received, SENT - count(Fate::Lose), "{way:?}");
        assert_eq!(stats.duplicated, count(Fate::Repeat), "{way:?}");
        assert_eq!(stats.reordered, count(Fate::Late), "{way:?}");
        // It cannot know of the two that were lost before the first it saw; who adds up can.
        assert_eq!(stats.missing, count(Fate::Lose) - 2, "{way:?}");
        assert_eq!(total.lost, Some(count(Fate::Lose)), "{way:?}");
        assert_eq!(total.received, stats.received);
        assert_eq!(total.duplicated, stats.duplicated);
        assert_eq!(total.publishers[0].sent, Some(SENT));
        assert_eq!((stats.discarded, stats.malformed), (0, 0));
    }
}

#[test]
fn three_consumers_together_count_exactly_what_a_relay_has_thrown_away() {
    for way in WAYS {
        let (stats, total) = through_the_relay(way, 3);
        // Each misses what the others have, and cannot say that it is lost.
        let missing: u64 = stats.iter().map(|stats| stats.missing).sum();
        assert!(missing > 2 * SENT / 2, "{way:?}");
        assert!(stats.iter().all(|stats| stats.received > 0), "{way:?}");
        assert_eq!(total.received, SENT - count(Fate::Lose), "{way:?}");
        assert_eq!(total.lost, Some(count(Fate::Lose)), "{way:?}");
        // A repeated one may have gone to another consumer, which could not know.
        assert_eq!(total.duplicated, count(Fate::Repeat), "{way:?}");
        assert_eq!(total.publishers[0].btid, Some(3));
    }
}
