//! `docs/wire-format.md` says what the codec does: its tables and its example are read from there.

use blendtorch_wire::{
    Bytes, DType, End, FORMAT_VERSION, Header, How, Kind, Limits, Message, Scalar, Tensor, Value,
};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/wire-format.md");

fn document() -> String {
    std::fs::read_to_string(DOCUMENT).unwrap()
}

/// The fenced blocks that open with `fence`.
fn blocks(fence: &str) -> Vec<String> {
    let document = document();
    let mut blocks = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if line == format!("```{fence}") {
            let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

/// The bytes of a hex listing: pairs of digits, then two spaces and words about them.
fn bytes(listing: &str) -> Vec<u8> {
    let pairs = listing.lines().flat_map(|line| {
        let digits = line.split("  ").next().unwrap_or_default();
        digits.split(' ').filter(|pair| !pair.is_empty())
    });
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).expect(pair))
        .collect()
}

/// The message that the document takes apart.
fn example() -> Message {
    let header = Header {
        kind: Kind::Data,
        publisher: 0x0123_4567_89AB_CDEF,
        btid: Some(1),
        sequence: 300,
        episode: Some(2),
        sample: None,
        time_ns: 1_700_000_000_000_000_000,
        end: None,
    };
    let message = Message {
        header,
        fields: fields(),
    };
    assert_eq!(message.fields.len(), 4);
    message
}

fn fields() -> blendtorch_wire::Fields {
    let image = Tensor::from_vec(&[1, 2, 3], vec![255u8, 0, 0, 0, 0, 255]).unwrap();
    let reward = Scalar::new(DType::F32, &0.5f32.to_le_bytes()).unwrap();
    Message::data(0, 0)
        .with("image", image)
        .with("size", Value::Tuple(vec![Value::Int(2), Value::Int(1)]))
        .with("reward", reward)
        .with("frameid", 7)
        .fields
}

#[test]
fn the_example_is_what_the_encoder_makes() {
    let documented: Vec<_> = blocks("hex").iter().map(|block| bytes(block)).collect();
    let made = example().encode().unwrap();
    let made: Vec<_> = made.iter().map(|frame| frame.to_vec()).collect();
    assert_eq!(documented, made, "documented frames, and the encoder's");
}

#[test]
fn the_example_is_what_the_decoder_reads() {
    let frames: Vec<_> = blocks("hex")
        .iter()
        .map(|block| Bytes::from(bytes(block)))
        .collect();
    assert_eq!(
        Message::decode(&frames, &Limits::default()).unwrap(),
        example()
    );
}

#[test]
fn the_documented_version_and_dtypes_are_ours() {
    let document = document();
    let version = format!("| `format` | integer | {FORMAT_VERSION}: ");
    assert!(document.contains(&version), "no line has: {version}");
    let rows = document
        .lines()
        .filter(|line| line.starts_with("| `") && line.contains(" | `numpy."));
    let documented: Vec<_> = rows
        .map(|row| {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            (cells[1].to_owned(), cells[2].to_owned())
        })
        .collect();
    let ours: Vec<_> = DType::ALL
        .iter()
        .map(|dtype| (format!("`{dtype}`"), dtype.size().to_string()))
        .collect();
    assert_eq!(documented, ours);
}

#[test]
fn the_documented_limits_are_ours() {
    let document = document();
    let Limits {
        max_header_bytes,
        max_message_bytes,
        max_tensors,
        max_rank,
        max_values,
        max_depth,
    } = Limits::default();
    for (what, limit) in [
        ("bytes of the header frame", max_header_bytes),
        ("bytes of all frames together", max_message_bytes),
        ("payload frames", max_tensors),
        ("dimensions of a tensor", max_rank),
        ("values in `fields`", max_values),
        ("levels of lists, tuples and dicts", max_depth),
    ] {
        let row = format!("| {what} | {limit} |");
        assert!(document.contains(&row), "no row reads: {row}");
    }
}

#[test]
fn header_keys_that_are_not_known_are_skipped_whatever_their_value() {
    let frames = example().encode().unwrap();
    let values: [&[u8]; 9] = [
        b"\xc0",                     // nil
        b"\x07",                     // 7
        b"\xcb\0\0\0\0\0\0\0\0",     // 0.0
        b"\xa1x",                    // "x"
        b"\xc4\x02ab",               // bytes
        b"\x92\x01\x81\x02\xc3",     // [1, {2: true}]
        b"\xc7\x03\x02\x92\x02\x01", // ext 2: the tuple (2, 1)
        b"\xd4\x63\x00",             // ext 99, one byte
        b"\xd6\xff\0\0\0\0",         // ext -1: a timestamp
    ];
    for value in values {
        let mut header = frames[0].to_vec();
        header[0] += 1; // one more entry of the map
        header.extend(b"\xa5later");
        header.extend(value);
        let frames = [Bytes::from(header), frames[1].clone()];
        let message = Message::decode(&frames, &Limits::default());
        assert_eq!(
            message.unwrap_or_else(|error| panic!("{value:?}: {error}")),
            example()
        );
    }
}

#[test]
fn four_header_keys_are_enough() {
    let mut header = b"\x84\xa6format\x01\xa4kind\xa4data".to_vec();
    header.extend(b"\xa9publisher\x07\xa8sequence\x05");
    let message = Message::decode(&[header.into()], &Limits::default()).unwrap();
    assert_eq!(message, Message::data(7, 5));
}

#[test]
fn the_documented_words_for_an_end_are_ours() {
    let document = document();
    for end in [End::finished(), End::failed("x"), End::interrupted()] {
        let row = format!("| `\"{}\"` | ", end.how());
        assert!(document.contains(&row), "no row reads: {row}");
    }
}

/// The header map of an end after five samples, with more entries.
fn end_with(entries: u8, more: &[u8]) -> Vec<u8> {
    let mut header = vec![0x84 + entries];
    header.extend(b"\xa6format\x01\xa9publisher\x07\xa8sequence\x05");
    header.extend(more);
    header.extend(b"\xa4kind\xa3end");
    header
}

#[test]
fn an_end_says_how_it_came_about_in_whatever_order_or_does_not() {
    let read = |entries, more: &[u8]| {
        let header = end_with(entries, more).into();
        let message = Message::decode(&[header], &Limits::default()).unwrap();
        assert_eq!(
            (message.header.kind, message.header.sequence),
            (Kind::End, 5)
        );
        message.header.end
    };
    assert_eq!(read(0, b""), None, "an older publisher");
    assert_eq!(read(2, b"\xa3end\xc0\xa6reason\xa1x"), None, "nil");
    assert_eq!(read(1, b"\xa3end\xa8finished"), Some(End::finished()));
    let failed = End::failed("ValueError: x");
    assert_eq!(
        read(2, b"\xa6reason\xadValueError: x\xa3end\xa6failed"),
        Some(failed.clone())
    );
    let later = read(1, b"\xa3end\xa6mended").unwrap();
    assert_eq!(later.how(), &How::Other("mended".into()));
    assert_eq!(failed.clone().without_reason().reason(), None);
    assert_eq!(failed.without_reason().how(), &How::Failed);
}

#[test]
fn a_sample_has_no_end() {
    let mut message = Message::data(7, 5);
    message.header.end = Some(End::failed("x"));
    let frames = message.encode().unwrap();
    let without = Message::data(7, 5);
    assert_eq!(frames, without.encode().unwrap(), "what is sent");
    let mut header = frames[0].to_vec();
    header[0] += 1;
    header.extend(b"\xa3end\xa6failed");
    let read = Message::decode(&[header.into()], &Limits::default());
    assert_eq!(read.unwrap(), without, "what is read");
}
