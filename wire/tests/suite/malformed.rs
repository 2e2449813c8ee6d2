//! Messages that lie: each test says which lie the bytes tell.

use blendtorch_wire::{Bytes, DecodeError, Limits, Message, Tensor};

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

/// The error of a field's value, of which the rest of the header says nothing.
fn wrong_value(x: &[u8], payload: &[&[u8]]) -> String {
    match decode(&header_with(x), payload).unwrap_err() {
        DecodeError::Value { field, reason } => {
            assert_eq!(field, "x");
            reason
        }
        error => panic!("{error}"),
    }
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
fn a_list_of_more_elements_than_follow() {
    // array 16 with 3 elements, of which two follow
    wrong_value(b"\xdc\x00\x03\x01\x02", &[]);
}

#[test]
fn a_string_of_more_bytes_than_follow() {
    // str 8 that announces 4 bytes and has three
    wrong_value(b"\xd9\x04abc", &[]);
}

#[test]
fn an_extension_longer_than_the_header() {
    // ext 8 of one byte, type 1, and nothing behind it
    wrong_value(b"\xc7\x01\x01", &[]);
}

/// `["uint8", [2^63 - 1, more…, 0], frame 1]`, with each of them in the first place in turn.
fn shapes_without_elements(more: &[u8]) -> Vec<Vec<u8>> {
    let most = b"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec();
    let mut dimensions = vec![most];
    dimensions.extend(more.iter().map(|&n| vec![n]));
    dimensions.push(vec![0]);
    let marker = 0x90 | u8::try_from(dimensions.len()).unwrap();
    let rotated = (0..dimensions.len()).map(|first| {
        dimensions.rotate_left(usize::from(first > 0));
        [
            b"\x93\xa5uint8",
            &[marker][..],
            &dimensions.concat(),
            b"\x01",
        ]
        .concat()
    });
    rotated.collect()
}

/// Regression: a dimension of 0 excused all others, and Python could not make such an array.
#[test]
fn a_shape_one_larger_than_any_array_where_a_dimension_is_0() {
    for content in shapes_without_elements(&[1]) {
        let message = decode(&tensor_ext(&content), &[b""]).unwrap();
        let tensor = message.fields["x"].as_tensor().unwrap();
        assert!(tensor.bytes().is_empty());
        Message::data(1, 2)
            .with("x", tensor.clone())
            .encode()
            .unwrap();
    }
    for content in shapes_without_elements(&[2]) {
        let error = decode(&tensor_ext(&content), &[b""]).unwrap_err();
        assert!(
            matches!(error, DecodeError::Tensor { frame: 1, .. }),
            "{error}"
        );
    }
    // ["uint8", [0, 2^63], frame 1]
    let header = tensor_ext(b"\x93\xa5uint8\x92\x00\xcf\x80\x00\x00\x00\x00\x00\x00\x00\x01");
    let error = decode(&header, &[b""]).unwrap_err();
    assert!(error.to_string().contains("address space"), "{error}");
}

#[test]
fn a_shape_whose_product_is_one_too_large() {
    // ["uint8", [2^62, 2], frame 1]
    let header = tensor_ext(b"\x93\xa5uint8\x92\xcf\x40\x00\x00\x00\x00\x00\x00\x00\x02\x01");
    let error = decode(&header, &[b""]).unwrap_err();
    assert!(
        matches!(error, DecodeError::Tensor { frame: 1, .. }),
        "{error}"
    );
}

/// Regression: Rust took keys that no Python dict can have, and the loop got a bare TypeError.
#[test]
fn a_dict_with_a_key_that_cannot_be_one() {
    for (key, kind) in [
        (&b"\x90"[..], "a list"),
        (b"\x80", "a dict"),
        (b"\xc7\x0a\x01\x93\xa5uint8\x91\x02\x01", "an array"),
        (b"\xd5\x02\x91\x90", "a list"), // in a tuple
    ] {
        let dict = [b"\x81", key, b"\x01"].concat();
        for value in [dict.clone(), [b"\x91", &dict[..]].concat()] {
            let payload: &[&[u8]] = if kind == "an array" { &[b"ab"] } else { &[] };
            let reason = wrong_value(&value, payload);
            assert!(
                reason.contains(&format!("{kind} cannot be the key")),
                "{reason}"
            );
        }
    }
}

/// Python would keep the last one and say nothing.
#[test]
fn a_dict_with_a_key_twice() {
    for second in [&b"\x01"[..], b"\xc3", b"\xca\x3f\x80\x00\x00"] {
        // {1: 2, 1 or True or 1.0: 3}
        let reason = wrong_value(&[b"\x82\x01\x02", second, b"\x03"].concat(), &[]);
        assert!(reason.contains("stands twice"), "{reason}");
    }
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
    assert!(matches!(error, DecodeError::Value { .. }), "{error}");
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
fn lists_in_lists_one_too_deep() {
    // 33 arrays of one element, each the next one's element: one more than may be nested
    let nested = |levels| [vec![0x91; levels], vec![0xc0]].concat();
    assert!(decode(&header_with(&nested(32)), &[]).is_ok());
    assert!(wrong_value(&nested(33), &[]).contains("nest too deeply"));
}

#[test]
fn tuples_in_tuples_one_too_deep() {
    // extensions within extensions escape msgpack's own depth guard; ours counts them too
    let nested = |levels| {
        let mut value = vec![0xc0];
        for _ in 0..levels {
            let content = [&[0x91], &value[..]].concat(); // an array of one
            value = vec![0xc8]; // ext 16
            value.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
            value.push(2); // a tuple
            value.extend(content);
        }
        value
    };
    assert!(decode(&header_with(&nested(32)), &[]).is_ok());
    assert!(wrong_value(&nested(33), &[]).contains("nest too deeply"));
}

#[test]
fn one_nil_too_many() {
    // array 16: one byte each on the wire, 56 in memory; the array is a value, too
    let limits = Limits {
        max_values: 300,
        ..Limits::default()
    };
    let read = |nils: u16| {
        let mut value = [&[0xdc], &nils.to_be_bytes()[..]].concat();
        value.resize(3 + usize::from(nils), 0xc0);
        Message::decode(&[header_with(&value).into()], &limits)
    };
    assert!(read(299).is_ok());
    let error = read(300).unwrap_err();
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
