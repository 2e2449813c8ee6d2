//! Messages that lie: each test says which lie the bytes tell.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use blendtorch_wire::{Bytes, DType, DecodeError, EncodeError, Limits, Message, Tensor, Value};

fn decode(header: &[u8], payload: &[&[u8]]) -> Result<Message, DecodeError> {
    let mut frames = vec![Bytes::copy_from_slice(header)];
    frames.extend(payload.iter().map(|frame| Bytes::copy_from_slice(frame)));
    Message::decode(&frames, &Limits::default())
}

/// A valid header map whose field `x` is the given msgpack value.
fn header_with(x: &[u8]) -> Vec<u8> {
    let mut header = vec![0x85]; // a map of 5 entries
    header.extend(b"\xa6format\x01"); // "format": 1
    header.extend(b"\xa4kind\xa4data"); // "kind": "data"
    header.extend(b"\xa9publisher\x07"); // "publisher": 7
    header.extend(b"\xa8sequence\x00"); // "sequence": 0
    header.extend(b"\xa6fields\x81\xa1x"); // "fields": {"x": …
    header.extend(x);
    header
}

/// A tensor extension (ext 8, type 1) whose content is the given msgpack.
fn tensor_ext(content: &[u8]) -> Vec<u8> {
    let mut ext = vec![0xc7, u8::try_from(content.len()).unwrap(), 1];
    ext.extend(content);
    header_with(&ext)
}

#[test]
fn the_helper_makes_valid_messages() {
    // ["uint8", [2], frame 1] over two bytes
    let header = tensor_ext(b"\x93\xa5uint8\x91\x02\x01");
    let message = decode(&header, &[b"ab"]).unwrap();
    assert_eq!(message.fields["x"].as_tensor().unwrap().shape(), [2]);
}

#[test]
fn no_frames() {
    assert!(matches!(
        Message::decode(&[], &Limits::default()),
        Err(DecodeError::Empty)
    ));
}

#[test]
fn a_pickle() {
    // protocol 4 of an empty dict: what the original sent
    let error = decode(b"\x80\x04}\x94.", &[]).unwrap_err();
    assert!(matches!(error, DecodeError::Header(_)), "{error}");
}

#[test]
fn another_version() {
    let mut header = header_with(b"\x01");
    header[8] = 2; // the value of "format"
    let error = decode(&header, &[]).unwrap_err();
    assert!(matches!(error, DecodeError::Version(2)), "{error}");
    assert!(error.to_string().contains("same blendtorch on both sides"));
}

#[test]
fn an_end_that_is_no_text() {
    // a map of 6 entries, of which the last is "end": 7, or "reason": [], or text that is no UTF-8
    for end in [&b"\xa3end\x07"[..], b"\xa6reason\x90", b"\xa3end\xa1\xff"] {
        let mut header = header_with(b"\x01");
        header[0] = 0x86;
        header.extend(end);
        let error = decode(&header, &[]).unwrap_err();
        assert!(matches!(error, DecodeError::Header(_)), "{error}");
    }
}

#[test]
fn a_list_of_four_billion_elements() {
    // array 32 with 0xffffffff elements, of which none follows
    let error = decode(&header_with(b"\xdd\xff\xff\xff\xff"), &[]).unwrap_err();
    assert!(matches!(error, DecodeError::Header(_)), "{error}");
}

#[test]
fn a_string_of_four_gigabytes() {
    // str 32 that announces 0xffffffff bytes and has three
    let error = decode(&header_with(b"\xdb\xff\xff\xff\xffabc"), &[]).unwrap_err();
    assert!(matches!(error, DecodeError::Header(_)), "{error}");
}

#[test]
fn an_extension_longer_than_the_header() {
    // ext 32, 0xffffffff bytes, type 1
    let error = decode(&header_with(b"\xc9\xff\xff\xff\xff\x01"), &[]).unwrap_err();
    assert!(matches!(error, DecodeError::Header(_)), "{error}");
}

#[test]
fn a_shape_whose_product_overflows() {
    // ["uint8", [2^63, 2], frame 1]
    let header = tensor_ext(b"\x93\xa5uint8\x92\xcf\x80\x00\x00\x00\x00\x00\x00\x00\x02\x01");
    let error = decode(&header, &[b""]).unwrap_err();
    assert!(
        matches!(error, DecodeError::Tensor { frame: 1, .. }),
        "{error}"
    );
}

#[test]
fn a_shape_larger_than_its_frame() {
    // ["uint8", [3], frame 1] over two bytes
    let error = decode(&tensor_ext(b"\x93\xa5uint8\x91\x03\x01"), &[b"ab"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tensor in frame 1: a uint8 tensor of shape [3] has 3 bytes, not 2"
    );
}

#[test]
fn a_negative_dimension() {
    // ["uint8", [-1], frame 1]
    let error = decode(&tensor_ext(b"\x93\xa5uint8\x91\xff\x01"), &[b""]).unwrap_err();
    assert!(matches!(error, DecodeError::Header(_)), "{error}");
}

#[test]
fn a_tensor_in_the_header_frame_or_beyond_the_last() {
    for frame in [0u8, 2, 127] {
        let mut content = b"\x93\xa5uint8\x91\x02".to_vec();
        content.push(frame);
        let error = decode(&tensor_ext(&content), &[b"ab"]).unwrap_err();
        assert!(error.to_string().contains("which is not there"), "{error}");
    }
}

#[test]
fn two_tensors_in_one_frame() {
    // a list of two tensors, both in frame 1: memory that a copy would double
    let one = b"\xc7\x0a\x01\x93\xa5uint8\x91\x02\x01";
    let header = header_with(&[b"\x92".as_slice(), one, one].concat());
    let error = decode(&header, &[b"ab"]).unwrap_err();
    assert!(
        error.to_string().contains("two tensors in frame 1"),
        "{error}"
    );
}

#[test]
fn a_frame_without_a_tensor() {
    let error = decode(&header_with(b"\x01"), &[b"ab"]).unwrap_err();
    assert!(matches!(error, DecodeError::UnclaimedFrame(1)), "{error}");
}

#[test]
fn a_dtype_that_holds_objects() {
    // ["object", [1], frame 1]: pointers, to numpy
    let error = decode(&tensor_ext(b"\x93\xa6object\x91\x01\x01"), &[b"abcdefgh"]).unwrap_err();
    assert!(
        error.to_string().contains("unknown dtype 'object'"),
        "{error}"
    );
}

#[test]
fn an_unknown_extension() {
    // fixext 1 of type 42
    let error = decode(&header_with(b"\xd4\x2a\x00"), &[]).unwrap_err();
    assert!(
        error.to_string().contains("unknown extension type 42"),
        "{error}"
    );
}

#[test]
fn lists_in_lists_without_end() {
    // 200,000 arrays of one element, each the next one's element
    let error = decode(&header_with(&vec![0x91; 200_000]), &[]).unwrap_err();
    assert!(matches!(error, DecodeError::Header(_)), "{error}");
}

#[test]
fn tuples_in_tuples_without_end() {
    // extensions within extensions escape msgpack's own depth guard; ours counts them too
    let mut value = vec![0xc0];
    for _ in 0..40 {
        let mut content = vec![0x91]; // an array of one
        content.extend(&value);
        value = vec![0xc8]; // ext 16
        value.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        value.push(2); // a tuple
        value.extend(content);
    }
    let error = decode(&header_with(&value), &[]).unwrap_err();
    assert!(error.to_string().contains("nest too deeply"), "{error}");
}

#[test]
fn a_million_nils() {
    // one byte each on the wire, 56 in memory
    let mut value = b"\xdd\x00\x10\x00\x00".to_vec();
    value.resize(5 + (1 << 20), 0xc0);
    let error = decode(&header_with(&value), &[]).unwrap_err();
    assert!(error.to_string().contains("too many values"), "{error}");
}

#[test]
fn the_same_field_twice() {
    let mut header = header_with(b"\x01");
    let at = header.len() - 4; // the fields' map marker
    header[at] = 0x82;
    header.extend(b"\xa1x\x02");
    let error = decode(&header, &[]).unwrap_err();
    assert!(error.to_string().contains("'x' stands twice"), "{error}");
}

#[test]
fn bytes_after_the_header() {
    let mut header = header_with(b"\x01");
    header.push(0);
    let error = decode(&header, &[]).unwrap_err();
    assert!(error.to_string().contains("bytes follow"), "{error}");
}

#[test]
fn a_header_cut_at_any_byte() {
    let image = Tensor::from_vec(&[2, 2], vec![1u8, 2, 3, 4]).unwrap();
    let message = Message::data(1, 2).with("image", image).with("n", 70_000);
    let frames = message.encode().unwrap();
    for cut in 0..frames[0].len() {
        let frames = [frames[0].slice(..cut), frames[1].clone()];
        assert!(
            Message::decode(&frames, &Limits::default()).is_err(),
            "{cut}"
        );
    }
}

#[test]
fn over_the_limits() {
    let frames = Message::data(1, 2)
        .with("s", "x".repeat(100))
        .encode()
        .unwrap();
    let limits = Limits {
        max_header_bytes: 100,
        ..Limits::default()
    };
    let error = Message::decode(&frames, &limits).unwrap_err();
    assert!(matches!(error, DecodeError::TooLarge { .. }), "{error}");
}

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
    let frames = of_rank(64).unwrap();
    assert!(Message::decode(&frames, &Limits::default()).is_ok());
    assert_eq!(
        of_rank(65).unwrap_err().to_string(),
        "deep: a tensor of rank 65, more than the limit of 64: reshape it"
    );
}
