//! Another make's MCAP library reads our recordings, by index too, and we read what it writes.

use btt::wire::{Bytes, Limits, Message};
use btt::{Item, Recorder, RecorderOptions, Recording, Tensor};
use mcap::records::MessageHeader;
use std::collections::BTreeMap;

fn messages() -> Vec<Message> {
    let message = |number: u64| {
        let pixels = vec![number as u8; 300];
        let mut message = Message::data(3, number)
            .with("image", Tensor::from_vec(&[10, 10, 3], pixels).unwrap())
            .with("number", number);
        message.header.time_ns = 1000 + number;
        message
    };
    (0..30).map(message).collect()
}

/// The frames in a message's data: a msgpack array of bins, read by another make too.
fn frames(data: &[u8]) -> Vec<Bytes> {
    let frames: Vec<serde_bytes::ByteBuf> = rmp_serde::from_slice(data).unwrap();
    frames
        .into_iter()
        .map(|frame| frame.into_vec().into())
        .collect()
}

#[test]
fn another_make_reads_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run_00.mcap");
    let options = RecorderOptions {
        chunk_bytes: 2000,
        ..RecorderOptions::default()
    };
    let mut recorder = Recorder::create(&path, options).unwrap();
    for message in &messages() {
        recorder.append_message(message).unwrap();
    }
    recorder.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();

    // From front to back, checksums and all.
    let mut read = Vec::new();
    for message in mcap::MessageStream::new(&bytes).unwrap() {
        let message = message.unwrap();
        assert_eq!(message.channel.topic, "blendtorch");
        assert_eq!(message.channel.message_encoding, "msgpack");
        assert_eq!(message.channel.metadata["wire_format"], "1");
        assert_eq!(u64::from(message.sequence), read.len() as u64);
        assert_eq!(message.publish_time, 1000 + read.len() as u64);
        read.push(Message::decode(&frames(&message.data), &Limits::default()).unwrap());
    }
    assert_eq!(read, messages());

    // By the summary and the indexes.
    let summary = mcap::Summary::read(&bytes).unwrap().unwrap();
    let stats = summary.stats.as_ref().unwrap();
    assert_eq!(stats.message_count, 30);
    assert_eq!(stats.chunk_count as usize, summary.chunk_indexes.len());
    assert!(stats.chunk_count > 3);
    let mut found = 0;
    for chunk in &summary.chunk_indexes {
        for (_, entries) in summary.read_message_indexes(&bytes, chunk).unwrap() {
            for entry in entries {
                let message = summary.seek_message(&bytes, chunk, &entry).unwrap();
                let message = Message::decode(&frames(&message.data), &Limits::default()).unwrap();
                assert_eq!(message, messages()[found]);
                found += 1;
            }
        }
    }
    assert_eq!(found, 30);
    let read_crc = mcap::read::footer(&bytes).unwrap().summary_crc;
    assert_ne!(read_crc, 0);
}

#[test]
fn we_read_another_makes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs_00.mcap");
    let options = mcap::WriteOptions::new()
        .compression(None)
        .profile("blendtorch")
        .chunk_size(Some(2000));
    let file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let mut writer = options.create(file).unwrap();
    let channel = writer
        .add_channel(0, "another", "msgpack", &BTreeMap::new())
        .unwrap();
    for message in &messages() {
        let frames = message.encode().unwrap();
        let frames: Vec<_> = frames
            .iter()
            .map(|frame| serde_bytes::Bytes::new(frame))
            .collect();
        let header = MessageHeader {
            channel_id: channel,
            sequence: 0,
            log_time: message.header.time_ns,
            publish_time: message.header.time_ns,
        };
        let data = rmp_serde::to_vec(&frames).unwrap();
        writer.write_to_known_channel(&header, &data).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);

    let recording = Recording::open(&path).unwrap();
    assert_eq!((recording.len(), recording.damage()), (30, None));
    let read: Vec<Item> = recording.iter().map(Result::unwrap).collect();
    for (item, message) in read.iter().zip(messages()) {
        assert_eq!(
            (&item.header, &item.fields),
            (&message.header, &message.fields)
        );
    }
    recording.verify().unwrap();
}
