//! Messages with a field of every kind, and recordings of them.

use super::LONG;
use btt::wire::{Bytes, Message};
use btt::{DType, Fields, Item, Recorder, RecorderOptions, Scalar, Tensor, Value};
use std::path::Path;

/// A field of every kind; its images tell their number.
pub(crate) fn fields(number: u8) -> Fields {
    let image = Tensor::from_vec(&[8, 16, 4], vec![number; 8 * 16 * 4]).unwrap();
    let nested = Tensor::from_vec(&[3], vec![f64::from(number); 3]).unwrap();
    let half = Scalar::new(DType::F16, &[0, 0x3C]).unwrap();
    Fields::from_iter([
        ("image".to_owned(), image.into()),
        (
            "empty".to_owned(),
            Tensor::from_vec::<f32>(&[0, 3], vec![]).unwrap().into(),
        ),
        ("number".to_owned(), Value::Int(number.into())),
        // In a list: alone it is no int64, and so no number of a batch.
        ("large".to_owned(), Value::List(vec![Value::UInt(u64::MAX)])),
        ("reward".to_owned(), Value::Float(0.5)),
        ("done".to_owned(), Value::Bool(true)),
        ("half".to_owned(), half.into()),
        ("nothing".to_owned(), Value::Null),
        ("name".to_owned(), "Würfel".into()),
        (
            "raw".to_owned(),
            Value::Bytes(Bytes::from_static(b"\0\xFF")),
        ),
        (
            "pair".to_owned(),
            Value::Tuple(vec![1.into(), nested.into()]),
        ),
        (
            "list".to_owned(),
            Value::List(vec![Value::Map(vec![(1.into(), "one".into())])]),
        ),
    ])
}

pub(crate) fn messages(count: u8) -> Vec<Message> {
    let message = |number| {
        let mut message = Message::data(7, number);
        message.header.btid = Some(-3);
        message.header.episode = Some(number / 4);
        message.header.sample = Some(number % 4);
        message.header.time_ns = 1_700_000_000_000_000_000 + number;
        message.fields = fields(u8::try_from(number).unwrap());
        message
    };
    (0..u64::from(count)).map(message).collect()
}

pub(crate) fn as_item(message: &Message) -> Item {
    Item {
        header: message.header.clone(),
        fields: message.fields.clone(),
    }
}

pub(crate) fn record(path: &Path, messages: &[Message], options: RecorderOptions) {
    let mut recorder = Recorder::create(path, options).unwrap();
    for message in messages {
        assert!(recorder.append_message(message).unwrap());
    }
    assert_eq!(recorder.finish().unwrap().messages, messages.len() as u64);
}

/// Options with which chunks hold a message, some messages, or all.
pub(crate) fn chunkings() -> [RecorderOptions; 3] {
    [1, 4000, 1 << 20].map(|chunk_bytes| RecorderOptions {
        chunk_bytes,
        flush_interval: LONG,
        ..RecorderOptions::default()
    })
}
