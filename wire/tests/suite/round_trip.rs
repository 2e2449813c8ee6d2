//! Whatever can be published comes back equal, and its memory is shared, not copied.

use blendtorch_wire::{
    Bytes, DType, End, Fields, Header, Kind, Limits, Message, Scalar, Tensor, Value,
};

use proptest::prelude::*;

fn dtype() -> impl Strategy<Value = DType> {
    prop::sample::select(DType::ALL.to_vec())
}

fn tensor() -> impl Strategy<Value = Tensor> {
    (dtype(), prop::collection::vec(0usize..5, 0..5)).prop_flat_map(|(dtype, shape)| {
        let len = shape.iter().product::<usize>() * dtype.size();
        prop::collection::vec(any::<u8>(), len)
            .prop_map(move |data| Tensor::new(dtype, &shape, Bytes::from(data)).unwrap())
    })
}

fn scalar() -> impl Strategy<Value = Scalar> {
    (dtype(), any::<[u8; 8]>())
        .prop_map(|(dtype, raw)| Scalar::new(dtype, &raw[..dtype.size()]).unwrap())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<u64>().prop_map(Value::from),
        // NaN is not equal to itself; it has a test of its own.
        any::<f64>()
            .prop_filter("NaN", |v| !v.is_nan())
            .prop_map(Value::Float),
        ".*".prop_map(Value::Str),
        prop::collection::vec(any::<u8>(), 0..50).prop_map(|v| Value::Bytes(v.into())),
        scalar().prop_map(Value::Scalar),
        tensor().prop_map(Value::Tensor),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Tuple),
            prop::collection::vec((inner.clone(), inner), 0..4).prop_map(dict),
        ]
    })
}

/// A dict of those entries that one can have.
fn dict(entries: Vec<(Value, Value)>) -> Value {
    let mut kept = Vec::new();
    for entry in entries {
        kept.push(entry);
        let all = Value::Map(kept.clone());
        if Message::data(0, 0).with("all", all).encode().is_err() {
            kept.pop();
        }
    }
    Value::Map(kept)
}

fn end() -> impl Strategy<Value = Option<End>> {
    prop_oneof![
        Just(None),
        Just(Some(End::finished())),
        Just(Some(End::interrupted())),
        "(?s).{0,3000}".prop_map(|reason| Some(End::failed(&reason))),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let header = (
        prop::option::of(end()),
        any::<u64>(),
        any::<Option<i64>>(),
        any::<u64>(),
        any::<Option<u64>>(),
        any::<Option<u64>>(),
        any::<u64>(),
    )
        .prop_map(
            |(end, publisher, btid, sequence, episode, sample, time_ns)| Header {
                kind: match end {
                    Some(_) => Kind::End,
                    None => Kind::Data,
                },
                publisher,
                btid,
                sequence,
                episode,
                sample,
                time_ns,
                end: end.flatten(),
            },
        );
    let fields = prop::collection::vec((".{0,12}", value()), 0..6)
        .prop_map(|fields| fields.into_iter().collect::<Fields>());
    (header, fields).prop_map(|(header, fields)| Message { header, fields })
}

proptest! {
    #[test]
    fn any_message_round_trips(message in message()) {
        let frames = message.encode().unwrap();
        prop_assert_eq!(Message::decode(&frames, &Limits::default()).unwrap(), message);
    }

    #[test]
    fn hostile_bytes_are_errors_not_panics(
        header in prop::collection::vec(any::<u8>(), 0..200),
        payload in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..3),
    ) {
        let mut frames = vec![Bytes::from(header)];
        frames.extend(payload.into_iter().map(Bytes::from));
        let _ = Message::decode(&frames, &Limits::default());
    }

    #[test]
    fn a_flipped_byte_is_an_error_or_another_message(
        message in message(), at in any::<prop::sample::Index>(), flip in 1u8..,
    ) {
        let mut frames = message.encode().unwrap();
        let mut header = frames[0].to_vec();
        let at = at.index(header.len());
        header[at] ^= flip;
        frames[0] = header.into();
        let _ = Message::decode(&frames, &Limits::default());
    }
}

#[test]
fn tensor_memory_is_shared_both_ways() {
    let tensor = Tensor::from_vec(&[1000], vec![7u16; 1000]).unwrap();
    let address = tensor.bytes().as_ptr();
    let frames = Message::data(1, 2).with("t", tensor).encode().unwrap();
    assert_eq!(frames[1].as_ptr(), address);
    let message = Message::decode(&frames, &Limits::default()).unwrap();
    let Value::Tensor(tensor) = &message.fields["t"] else {
        panic!("not a tensor");
    };
    assert_eq!(tensor.bytes().as_ptr(), address);
}

#[test]
fn nan_keeps_its_bits() {
    let frames = Message::data(1, 2).with("x", f64::NAN).encode().unwrap();
    let message = Message::decode(&frames, &Limits::default()).unwrap();
    assert!(matches!(message.fields["x"], Value::Float(x) if x.is_nan()));
}

#[test]
fn fields_keep_their_order() {
    let names = ["z", "image", "a", "xy"];
    let mut message = Message::data(1, 2);
    for name in names {
        message = message.with(name, 1);
    }
    let frames = message.encode().unwrap();
    let message = Message::decode(&frames, &Limits::default()).unwrap();
    assert_eq!(message.fields.keys().collect::<Vec<_>>(), names);
}
