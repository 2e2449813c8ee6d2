//! `docs/wire-format.md` says what the codec does: its tables and its example are read from there.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use blendtorch_wire::{
    Bytes, DType, FORMAT_VERSION, Header, Kind, Limits, Message, Scalar, Tensor, Value,
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
