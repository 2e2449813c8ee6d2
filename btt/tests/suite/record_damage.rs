//! Recordings that are cut off, changed or forged: they open up to the damage and say where.

use btt::wire::{Bytes, Message};
use btt::{
    DataLoader, Item, LoaderOptions, RecordError, RecordedDataset, Recorder, RecorderOptions,
    Recording, Tensor,
};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// A finished recording of three chunks with two messages each.
struct Sample {
    folder: tempfile::TempDir,
    bytes: Vec<u8>,
    items: Vec<Item>,
    /// Where the file stood before the first chunk, and behind each with its index.
    ends: Vec<u64>,
}

impl Sample {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("whole.mcap");
        let mut recorder = Recorder::create(&path, RecorderOptions::default()).unwrap();
        let mut ends = vec![length(&path)];
        let mut items = Vec::new();
        for number in 0..6_u64 {
            let pixels = vec![number as u8; 12];
            let message = Message::data(9, number)
                .with("image", Tensor::from_vec(&[2, 2, 3], pixels).unwrap())
                .with("number", number);
            recorder.append_message(&message).unwrap();
            items.push(Item {
                header: message.header,
                fields: message.fields,
            });
            if number % 2 == 1 {
                recorder.flush().unwrap();
                ends.push(length(&path));
            }
        }
        recorder.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        Self {
            folder,
            bytes,
            items,
            ends,
        }
    }

    fn with(&self, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join("damaged.mcap");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Items in chunks that lie before a byte, with their indexes.
    fn items_before(&self, byte: usize) -> usize {
        let whole = self.ends[1..].iter().filter(|end| **end <= byte as u64);
        2 * whole.count()
    }

    fn data_start(&self) -> usize {
        usize::try_from(self.ends[0]).unwrap()
    }

    /// Reads what can be read: whatever is delivered must be what was recorded, in its place.
    fn check(&self, recording: &Recording, byte: usize) {
        let before = self.items_before(byte);
        assert!(
            recording.len() >= before,
            "byte {byte}: {} items",
            recording.len()
        );
        for (index, item) in recording.iter().enumerate() {
            match item {
                Ok(item) => assert_eq!(item, self.items[index], "byte {byte}"),
                Err(RecordError::Damaged { damage, .. }) => {
                    assert!(index >= before, "byte {byte}: item {index}: {damage}");
                    assert!(damage.items >= before && damage.items <= index, "{damage}");
                    assert!(damage.offset <= byte as u64, "byte {byte}: {damage}");
                }
                Err(error) => panic!("byte {byte}: {error}"),
            }
        }
    }
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

#[test]
fn cut_at_any_byte_it_opens_up_to_there_and_says_where() {
    let sample = Sample::new();
    for cut in 0..sample.bytes.len() {
        let path = sample.with(&sample.bytes[..cut]);
        let recording = match Recording::open(&path) {
            Ok(recording) => recording,
            Err(RecordError::NotARecording { reason, .. }) => {
                assert!(cut < sample.data_start(), "byte {cut}: {reason}");
                continue;
            }
            Err(error) => panic!("byte {cut}: {error}"),
        };
        sample.check(&recording, cut);
        let damage = recording.damage().expect("it is cut").clone();
        assert_eq!(damage.items, recording.len(), "byte {cut}");
        assert!(damage.offset <= cut as u64, "byte {cut}: {damage}");
        // At most one chunk, or what is no chunk, is between the damage and the cut.
        let starts = sample.ends.iter().filter(|end| **end <= cut as u64);
        assert!(
            damage.offset >= *starts.max().unwrap(),
            "byte {cut}: {damage}"
        );
        let verified = recording.verify().unwrap_err();
        assert!(
            matches!(verified, RecordError::Damaged { .. }),
            "{verified}"
        );
    }
    let whole = Recording::open(sample.with(&sample.bytes)).unwrap();
    assert_eq!((whole.len(), whole.damage()), (6, None));
    whole.verify().unwrap();
}

#[test]
fn with_any_bit_flipped_nothing_wrong_is_delivered_and_the_damage_is_found() {
    let sample = Sample::new();
    for byte in 0..sample.bytes.len() {
        for bit in 0..8 {
            let mut bytes = sample.bytes.clone();
            bytes[byte] ^= 1 << bit;
            let recording = match Recording::open(sample.with(&bytes)) {
                Ok(recording) => recording,
                Err(RecordError::NotARecording { reason, .. }) => {
                    assert!(byte < sample.data_start(), "byte {byte}: {reason}");
                    continue;
                }
                Err(error) => panic!("byte {byte}: {error}"),
            };
            sample.check(&recording, byte);
            // No flip escapes the whole check, not even one that harms no item.
            match recording.verify() {
                Err(RecordError::Damaged { damage, .. }) => {
                    assert!(
                        damage.offset <= byte as u64,
                        "byte {byte} bit {bit}: {damage}"
                    );
                    assert!(damage.items >= sample.items_before(byte), "{damage}");
                }
                other => panic!("byte {byte} bit {bit}: {other:?}"),
            }
        }
    }
}

#[test]
fn items_behind_a_damaged_chunk_are_readable_by_their_numbers() {
    let sample = Sample::new();
    let middle = usize::try_from(sample.ends[1] + sample.ends[2]).unwrap() / 2;
    let mut bytes = sample.bytes.clone();
    bytes[middle] ^= 1;
    let recording = Recording::open(sample.with(&bytes)).unwrap();
    assert_eq!(recording.len(), 6);
    for index in [0, 1, 4, 5] {
        assert_eq!(recording.get(index).unwrap(), sample.items[index]);
    }
    let error = recording.get(3).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("damaged.mcap is damaged at byte"), "{said}");
    assert!(
        said.contains("checksum") && said.contains("2 items are readable"),
        "{said}"
    );
    let RecordError::Damaged { damage, .. } = error else {
        panic!("{said}");
    };
    assert_eq!(damage.offset, sample.ends[1]);
}

/// The record at a byte of the sample, with another length.
fn with_length(sample: &Sample, at: usize, length: u64) -> Vec<u8> {
    let mut bytes = sample.bytes.clone();
    bytes[at + 1..at + 9].copy_from_slice(&length.to_le_bytes());
    bytes
}

#[test]
fn forged_lengths_are_not_believed() {
    let sample = Sample::new();
    let chunk = sample.data_start();
    // What is left of the file is a little less.
    let left = (sample.bytes.len() - chunk - 9) as u64;
    for lie in [left + 1, sample.bytes.len() as u64] {
        let recording = Recording::open(sample.with(&with_length(&sample, chunk, lie))).unwrap();
        assert_eq!(recording.len(), 0);
        assert_eq!(recording.damage().unwrap().offset, chunk as u64);
        // The number of bytes of records that the chunk claims, twice.
        let mut bytes = sample.bytes.clone();
        bytes[chunk + 25..chunk + 33].copy_from_slice(&lie.to_le_bytes());
        bytes[chunk + 41..chunk + 49].copy_from_slice(&lie.to_le_bytes());
        let recording = Recording::open(sample.with(&bytes)).unwrap();
        assert_eq!((recording.len(), recording.damage().is_some()), (0, true));
    }
}

#[test]
fn a_right_checksum_over_lies_is_no_way_in() {
    let sample = Sample::new();
    let chunk = sample.data_start();
    let length = |at: usize| {
        let bytes = sample.bytes[at..at + 8].try_into().unwrap();
        usize::try_from(u64::from_le_bytes(bytes)).unwrap()
    };
    let records = chunk + 49..chunk + 49 + length(chunk + 41);
    for at in records.clone() {
        let mut bytes = sample.bytes.clone();
        bytes[at] = !bytes[at];
        let crc = crc32fast::hash(&bytes[records.clone()]);
        bytes[chunk + 33..chunk + 37].copy_from_slice(&crc.to_le_bytes());
        let recording = Recording::open(sample.with(&bytes)).unwrap();
        for index in 0..recording.len() {
            // An item of other content or a typed error: anything but a panic or an abort.
            if let Err(error) = recording.get(index) {
                assert!(matches!(error, RecordError::Damaged { .. }), "{error}");
            }
        }
    }
}

/// Regression: the error named no item, and nothing counted it.
#[test]
fn an_item_that_is_no_message_is_named_and_counted_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run_00.mcap");
    let mut recorder = Recorder::create(&path, RecorderOptions::default()).unwrap();
    for number in 0..3_u64 {
        let message = Message::data(9, number).with("number", number);
        let mut frames = message.encode().unwrap();
        if number == 1 {
            frames.push(Bytes::from_static(b"of no tensor"));
        }
        assert!(recorder.append(&message.header, &frames).unwrap());
    }
    recorder.finish().unwrap();
    let open = || RecordedDataset::open(&[&path]).unwrap();
    let mut dataset = open();
    let read: Vec<_> = dataset.by_ref().collect();
    let error = read[1].as_ref().unwrap_err().to_string();
    assert!(
        error.contains("run_00.mcap") && error.contains("item 1 is no message"),
        "{error}"
    );
    for index in [0, 2] {
        let item = read[index].as_ref().unwrap();
        assert_eq!(item.fields["number"].as_i64(), Some(index as i64));
    }
    assert_eq!(
        (
            read.len(),
            dataset.stats().malformed,
            dataset.stats().received
        ),
        (3, 1, 2)
    );
    let mut loader = DataLoader::new(open(), LoaderOptions::default()).unwrap();
    assert!(
        loader
            .next()
            .unwrap()
            .unwrap_err()
            .to_string()
            .contains("item 1")
    );
    let batch = loader.next().unwrap().unwrap();
    assert_eq!(
        batch.tensor("number").unwrap().as_slice::<i64>().unwrap(),
        [0, 2]
    );
    assert!(loader.next().is_none());
    assert_eq!(loader.stats().malformed, 1);
}

#[test]
fn a_file_that_becomes_shorter_while_it_is_read_is_an_error() {
    let sample = Sample::new();
    let path = sample.with(&sample.bytes);
    let recording = Recording::open(&path).unwrap();
    assert_eq!(recording.get(0).unwrap(), sample.items[0]);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(sample.ends[1]).unwrap();
    assert_eq!(recording.get(1).unwrap(), sample.items[1]);
    let error = recording.get(2).unwrap_err().to_string();
    assert!(error.contains("become shorter"), "{error}");
}

proptest! {
    #[test]
    fn anything_behind_the_header_opens_without_a_panic(
        noise in prop::collection::vec(any::<u8>(), 0..400),
        keep in 0_usize..600,
    ) {
        let sample = Sample::new();
        let start = sample.data_start();
        let mut bytes = sample.bytes[..(start + keep).min(sample.bytes.len())].to_vec();
        let kept = bytes.len();
        bytes.extend_from_slice(&noise);
        let recording = Recording::open(sample.with(&bytes)).unwrap();
        sample.check(&recording, kept);
    }
}
