//! Samples written in place by a publisher, as a dataset receives them.

use crate::support::{ANY_PORT, LONG, WAYS, Way, dataset, publisher};
use btb::{Publisher, PublisherOptions};
use btt::wire::DType;
use btt::{Fields, Item};

const LEN: usize = 300_000;

/// Sends samples whose bytes are their number, and ends.
fn publish(mut publisher: Publisher, samples: u8) -> Publisher {
    for number in 0..samples {
        let mut draft = publisher.begin().unwrap();
        let image = draft.tensor("image", DType::U8, &[LEN / 100, 100]).unwrap();
        image.bytes_mut().fill(number);
        draft.set("number", i64::from(number));
        publisher.publish_draft(draft).unwrap();
    }
    assert!(publisher.close());
    publisher
}

fn is_whole(item: &Item) -> bool {
    let number = item.fields["number"].as_i64().unwrap();
    let image = item.fields["image"].as_tensor().unwrap();
    image.shape() == [LEN / 100, 100] && image.bytes().iter().all(|&b| i64::from(b) == number)
}

#[test]
fn drafts_arrive_whole_and_in_order() {
    for way in WAYS {
        let publisher = publisher(1, way);
        let mut items = dataset(&[publisher.address()]);
        let producer = std::thread::spawn(move || publish(publisher, 100));
        for number in 0..100_i64 {
            let item = items.next().unwrap().unwrap();
            assert_eq!(item.fields["number"].as_i64(), Some(number), "{way:?}");
            assert!(is_whole(&item), "{way:?}: {number}");
        }
        assert!(items.next().is_none());
        let stats = producer.join().unwrap().stats();
        match way {
            Way::Shm => assert_eq!(stats.shared + stats.heap, 100),
            Way::Inline => assert_eq!((stats.shared, stats.heap), (0, 100)),
        }
    }
}

/// Items own their memory: the slots go back while the items are kept.
#[test]
fn a_user_who_keeps_every_item_keeps_nothing_of_the_publisher() {
    let publisher = publisher(1, Way::Shm);
    let items = dataset(&[publisher.address()]);
    let producer = std::thread::spawn(move || publish(publisher, 200));
    let kept: Vec<Item> = items.map(Result::unwrap).collect();
    assert!(kept.len() == 200 && kept.iter().all(is_whole));
    let stats = producer.join().unwrap().stats();
    // A slot that stays away is one in eight; all that were sent are two hundred.
    assert!(stats.shared > 100, "{stats:?}");
}

/// Three frames do not fit in what the publisher may take: they go on the heap, which is said once.
#[test]
fn frames_that_are_too_large_for_the_pool_arrive_and_are_told_of_once() {
    let options = PublisherOptions {
        shm_bytes: 2 * LEN,
        linger: Some(LONG),
        ..PublisherOptions::default()
    };
    let mut publisher = Publisher::bind(ANY_PORT, options).unwrap();
    assert_eq!(publisher.memory_warning(), None);
    let items = dataset(&[publisher.address()]);
    let producer = std::thread::spawn(move || {
        let image = publisher.tensor(DType::U8, &[LEN / 100, 100], |bytes| bytes.fill(0));
        let fields = [
            ("image".to_owned(), image.unwrap().into()),
            ("number".to_owned(), 0.into()),
        ];
        publisher.publish(Fields::from_iter(fields)).unwrap();
        let said = publisher.memory_warning().unwrap();
        assert!(said.contains("600000 bytes of shared memory"), "{said}");
        let publisher = publish(publisher, 20);
        assert_eq!(publisher.memory_warning(), None);
        publisher.stats()
    });
    let items: Vec<Item> = items.map(Result::unwrap).collect();
    assert!(items.len() == 21 && items.iter().all(is_whole));
    let stats = producer.join().unwrap();
    assert_eq!((stats.shared, stats.heap), (0, 21));
}
