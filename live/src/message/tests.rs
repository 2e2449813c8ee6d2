//! Messages are read as they were written, and no byte of one ends who reads it.

use blendtorch_wire::{Bytes, End, Fields, Limits, Message};
use proptest::prelude::*;

use super::{Answer, Told, answer, answer_fields, end_fields, hello_fields, snapshot_fields, told};
use crate::{Ended, Hello, Snapshot};

fn hello() -> Hello {
    let cells = [[0.0, 0.0, 300.0], [50.0, 0.0, 310.0]];
    let hello = Hello::new(r#"{"legend": false}"#).population("exc", &cells);
    let mut hello = hello.unwrap().device("fibers", 2).unwrap();
    hello.session = 7;
    hello
}

fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::new(3, 1.5, 2.5);
    snapshot.spikes.insert("exc".into(), vec![1, 0, 1]);
    snapshot.values.insert("exc".into(), vec![0.5, -1.0]);
    snapshot.devices.insert("fibers".into(), vec![4.0, 0.0]);
    snapshot
}

fn ended() -> Ended {
    let end = End::failed("no more");
    Ended { end, snapshots: 4 }
}

/// All kinds of messages.
fn messages() -> [Fields; 5] {
    let seen = Answer::Seen {
        applied: 3,
        drawn: 2,
        pictures: 1,
    };
    [
        hello_fields(&hello()).unwrap(),
        snapshot_fields(&hello(), snapshot()).unwrap(),
        end_fields(7, &ended()),
        answer_fields(7, &seen),
        answer_fields(7, &Answer::Refused("no".into())),
    ]
}

fn encoded(fields: Fields) -> Vec<Bytes> {
    let mut message = Message::data(1, 2);
    message.fields = fields;
    message.encode().unwrap()
}

#[test]
fn what_is_written_is_read() {
    let [network, step, end, seen, refused] = messages();
    assert!(matches!(told(&network), Ok(Told::Hello(read)) if read == hello()));
    assert!(matches!(told(&step), Ok(Told::Step(7))));
    let (read, faults) = Told::snapshot(&step, &hello()).unwrap();
    assert_eq!((read, faults.spikes, faults.arrays), (snapshot(), 0, 0));
    assert!(matches!(told(&end), Ok(Told::End(7, read)) if read == ended()));
    assert!(matches!(
        answer(&seen, 7),
        Ok(Some(Answer::Seen { applied: 3, .. }))
    ));
    assert!(matches!(answer(&refused, 7), Ok(Some(Answer::Refused(_)))));
    assert!(
        matches!(answer(&refused, 8), Ok(None)),
        "it is about another session"
    );
}

proptest! {
    #[test]
    fn no_byte_ends_who_reads_it(
        which in 0..5usize,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut frames: Vec<Vec<u8>> =
            encoded(messages()[which].clone()).iter().map(|one| one.to_vec()).collect();
        let mut all: usize = frames.iter().map(Vec::len).sum();
        for (place, byte) in flips {
            let mut at = place.index(all);
            for frame in &mut frames {
                match frame.get_mut(at) {
                    Some(one) => {
                        *one = byte;
                        break;
                    }
                    None => at -= frame.len(),
                }
            }
        }
        if let Some(cut) = cut {
            let first = &mut frames[0];
            first.truncate(cut.index(first.len()));
            all = first.len();
        }
        let frames: Vec<Bytes> = frames.into_iter().map(Bytes::from).collect();
        if let Ok(message) = Message::decode(&frames, &Limits::default()) {
            prop_assert!(all > 0);
            let _ = told(&message.fields);
            let _ = answer(&message.fields, 7);
            if let Ok((read, _)) = Told::snapshot(&message.fields, &hello()) {
                // What is left of it fits the network.
                prop_assert!(read.spikes.values().flatten().all(|cell| *cell < 2));
                prop_assert!(read.values.values().all(|values| values.len() == 2));
                prop_assert!(read.start_ms <= read.stop_ms);
            }
        }
    }
}
