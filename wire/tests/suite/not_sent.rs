//! What no reader would take is refused where it is sent.

use blendtorch_wire::{Bytes, DType, EncodeError, Limits, Message, Tensor, Value};

#[test]
fn what_no_reader_would_take_is_not_sent() {
    let mut deep = Value::Null;
    for _ in 0..40 {
        deep = Value::List(vec![deep]);
    }
    let error = Message::data(1, 2).with("tree", deep).encode().unwrap_err();
    assert!(matches!(error, EncodeError::TooDeep { .. }), "{error}");
    let small = Tensor::from_vec(&[1], vec![0u8]).unwrap();
    let many = Value::List(vec![Value::Tensor(small); 300]);
    let error = Message::data(1, 2).with("many", many).encode().unwrap_err();
    assert!(
        matches!(error, EncodeError::TooManyTensors { .. }),
        "{error}"
    );
}

#[test]
fn as_many_values_are_sent_as_are_read() {
    let max = Limits::default().max_values;
    // The list is one, the tuple and the array in it are two, and so is an entry of the dict.
    let with_nulls = |nulls| {
        let tuple = Value::Tuple(vec![Value::Null; nulls]);
        let dict = Value::Map(vec![(Value::Int(1), tuple)]);
        Message::data(1, 2).with("list", Value::List(vec![dict]))
    };
    let frames = with_nulls(max - 5).encode().unwrap();
    assert!(Message::decode(&frames, &Limits::default()).is_ok());
    let error = with_nulls(max - 4).encode().unwrap_err();
    let expected = max + 1;
    assert!(
        matches!(error, EncodeError::TooManyValues { actual, .. } if actual == expected),
        "{error}"
    );
}

#[test]
fn more_bytes_than_are_read_are_not_sent() {
    let tensor = Tensor::from_vec(&[8 << 20], vec![0u8; 8 << 20]).unwrap();
    // They share their memory: a gigabyte is said, not used.
    let many = Value::List(vec![Value::Tensor(tensor); 128]);
    let error = Message::data(1, 2).with("many", many).encode().unwrap_err();
    assert!(matches!(error, EncodeError::TooLarge { .. }), "{error}");
}

/// Regression: only the reader refused a rank over its limit, and the stream went on with a hole.
#[test]
fn a_rank_that_no_reader_takes_is_not_sent() {
    let of_rank = |rank: usize| {
        let tensor = Tensor::new(DType::U8, &vec![1; rank], Bytes::from_static(&[7])).unwrap();
        let mut message = Message::data(1, 0);
        let nested = Value::List(vec![Value::Int(1), tensor.into()]);
        message.fields.insert("deep".into(), nested);
        message.encode()
    };
    let frames = of_rank(32).unwrap();
    assert!(Message::decode(&frames, &Limits::default()).is_ok());
    assert_eq!(
        of_rank(33).unwrap_err().to_string(),
        "deep: a tensor of rank 33, more than the limit of 32: reshape it"
    );
}

#[test]
fn keys_that_no_reader_takes_are_not_sent() {
    let array = Value::from(Tensor::from_vec(&[1], vec![1_u8]).unwrap());
    for key in [
        array.clone(),
        Value::Tuple(vec![array]),
        Value::List(vec![]),
    ] {
        let dict = Value::Map(vec![(key, Value::Null)]);
        let nested = Value::List(vec![Value::Map(vec![("a".into(), dict)])]);
        let error = Message::data(1, 2)
            .with("tree", nested)
            .encode()
            .unwrap_err();
        assert!(
            matches!(&error, EncodeError::Key { field, .. } if field == "tree"),
            "{error}"
        );
    }
}
