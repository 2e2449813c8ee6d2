//! The duplex channel, with real sockets.

use blendtorch_channels::{Duplex, DuplexOptions, Error};
use blendtorch_wire::{Fields, Tensor, Value};
use std::time::{Duration, Instant};

/// A guard against hangs, with room for a slow machine.
const LONG: Duration = Duration::from_secs(60);

fn pair() -> (Duplex, Duplex) {
    pair_at("tcp://127.0.0.1:0")
}

fn pair_at(address: &str) -> (Duplex, Duplex) {
    let options = |btid| DuplexOptions {
        btid,
        ..DuplexOptions::default()
    };
    let producer = Duplex::bind(address, options(Some(3))).unwrap();
    let consumer = Duplex::connect(&producer.address(), options(None)).unwrap();
    (producer, consumer)
}

fn fields(number: i64) -> Fields {
    Fields::from_iter([("number".to_owned(), number.into())])
}

#[test]
fn conformance_18_order_is_kept_both_ways() {
    let (producer, consumer) = pair();
    let ways = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| {
            let sent: Vec<_> = (0..200)
                .map(|i| producer.send(fields(i)).unwrap())
                .collect();
            let got: Vec<_> = (0..200)
                .map(|_| producer.recv(LONG).unwrap().unwrap())
                .collect();
            (sent, got)
        });
        let (mut sent, mut got) = (Vec::new(), Vec::new());
        for i in 0..200 {
            sent.push(consumer.send(fields(i)).unwrap());
            got.push(consumer.recv(LONG).unwrap().unwrap());
        }
        (theirs.join().unwrap(), (sent, got))
    });
    let ((sent_there, got_there), (sent_here, got_here)) = ways;
    for (sent, got, btid) in [
        (sent_there, got_here, Some(3)),
        (sent_here, got_there, None),
    ] {
        for (i, (sent, got)) in sent.iter().zip(&got).enumerate() {
            assert_eq!(got.fields, fields(i as i64));
            assert_eq!((got.btid, got.btmid), (btid, Some(*sent)));
        }
        let mut unique = sent;
        unique.dedup();
        assert_eq!(unique.len(), 200);
    }
}

#[test]
fn conformance_18_a_time_out_returns_none() {
    let (producer, consumer) = pair();
    assert_eq!(producer.recv(Duration::from_millis(20)).unwrap(), None);
    consumer.send(fields(1)).unwrap();
    assert!(producer.recv(LONG).unwrap().is_some());
    assert_eq!(producer.recv(Duration::ZERO).unwrap(), None);
}

#[test]
fn conformance_18_it_reconnects_when_the_peer_restarts() {
    // A loopback address of its own: nobody else is given the port in between.
    let (mut producer, mut consumer) = pair_at("tcp://127.18.0.1:0");
    let address = producer.address();
    producer.send(fields(1)).unwrap();
    assert_eq!(consumer.recv(LONG).unwrap().unwrap().fields, fields(1));

    for life in 2..5 {
        drop(producer);
        producer = Duplex::bind(&address, DuplexOptions::default()).unwrap();
        producer.send(fields(life)).unwrap();
        assert_eq!(consumer.recv(LONG).unwrap().unwrap().fields, fields(life));
        consumer.send(fields(-life)).unwrap();
        assert_eq!(producer.recv(LONG).unwrap().unwrap().fields, fields(-life));

        drop(consumer);
        consumer = Duplex::connect(&address, DuplexOptions::default()).unwrap();
        consumer.send(fields(10 * life)).unwrap();
        let got = producer.recv(LONG).unwrap().unwrap();
        assert_eq!(got.fields, fields(10 * life));
    }
}

#[test]
fn who_is_there_is_known_after_each_change() {
    let becomes = |duplex: &Duplex, there: bool| {
        let start = Instant::now();
        while duplex.is_connected().unwrap() != there {
            assert!(start.elapsed() < LONG, "it never became {there}");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(duplex.is_connected().unwrap(), there, "asked again");
    };
    let producer = Duplex::bind("tcp://127.0.0.1:0", DuplexOptions::default()).unwrap();
    assert!(!producer.is_connected().unwrap());
    for _ in 0..3 {
        let address = producer.address();
        let consumer = Duplex::connect(&address, DuplexOptions::default()).unwrap();
        becomes(&producer, true);
        becomes(&consumer, true);
        drop(consumer);
        becomes(&producer, false);
    }
}

#[test]
fn a_send_that_nobody_takes_is_an_error_after_the_time_out() {
    let options = DuplexOptions {
        timeout: Duration::from_millis(200),
        ..DuplexOptions::default()
    };
    let producer = Duplex::bind("tcp://127.0.0.1:0", options).unwrap();
    let start = Instant::now();
    let error = (0..50)
        .find_map(|i| producer.send(fields(i)).err())
        .unwrap();
    assert!(error.is_timeout(), "{error}");
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert!(error.to_string().contains(&producer.address()), "{error}");
}

#[test]
fn large_tensors_travel() {
    let (producer, consumer) = pair();
    let image = Tensor::from_vec(&[512, 512, 4], vec![7_u8; 512 * 512 * 4]).unwrap();
    let sent = Fields::from_iter([("image".to_owned(), Value::Tensor(image))]);
    consumer.send(sent.clone()).unwrap();
    assert_eq!(producer.recv(LONG).unwrap().unwrap().fields, sent);
}

#[test]
fn fields_that_no_reader_takes_are_refused() {
    let (producer, _consumer) = pair();
    let mut deep = Value::Null;
    for _ in 0..100 {
        deep = Value::List(vec![deep]);
    }
    let error = producer.send(Fields::from_iter([("deep".to_owned(), deep)]));
    assert!(matches!(error, Err(Error::Encode(_))), "{error:?}");
}

#[test]
fn one_thread_sends_while_another_waits() {
    let (producer, consumer) = pair();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| consumer.recv(LONG).unwrap());
        let sent = consumer.send(fields(1)).unwrap();
        assert_eq!(producer.recv(LONG).unwrap().unwrap().btmid, Some(sent));
        producer.send(fields(2)).unwrap();
        assert_eq!(waiting.join().unwrap().unwrap().fields, fields(2));
    });
}

#[test]
fn an_answer_may_carry_the_number_of_its_question() {
    let (producer, consumer) = pair();
    let sent = consumer.send(fields(1)).unwrap();
    let question = producer.recv(LONG).unwrap().unwrap();
    let number = Value::from(question.btmid.unwrap());
    producer
        .send(Fields::from_iter([("btmid".to_owned(), number)]))
        .unwrap();
    let answer = consumer.recv(LONG).unwrap().unwrap();
    assert_eq!((answer.btmid, answer.fields), (Some(sent), Fields::new()));
}
