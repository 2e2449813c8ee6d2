//! The summary at a recording's end, by which other tools find their way. Our reader needs none.

use super::format::{CHANNEL, CHUNK_HEAD, MAGIC, RECORD_HEAD, Writer, op};

/// What has been written.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) chunks: Vec<Chunk>,
    pub(super) messages: u64,
}

/// One chunk in the file.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Its first byte.
    pub(super) start: u64,
    /// Bytes of its records.
    pub(super) records: u64,
    /// Of its first and last message: nanoseconds since the Unix epoch.
    pub(super) times: (u64, u64),
    pub(super) messages: u64,
}

impl Chunk {
    fn length(&self) -> u64 {
        (RECORD_HEAD + CHUNK_HEAD) as u64 + self.records
    }

    /// Bytes of the message index behind it.
    fn index_length(&self) -> u64 {
        (RECORD_HEAD + 2 + 4) as u64 + 16 * self.messages
    }
}

impl Summary {
    pub(super) fn add(&mut self, chunk: Chunk) {
        self.messages += chunk.messages;
        self.chunks.push(chunk);
    }

    /// Writes all behind the data section, which `writer` has the end of; that starts at byte
    /// `position` of the file.
    pub(super) fn write(&self, writer: &mut Writer, position: u64) {
        let here = |writer: &Writer| position + writer.0.len() as u64;
        let (summary, in_memory) = (here(writer), writer.0.len());
        let mut groups = Vec::new();
        let mut group = |writer: &mut Writer, op, write: &dyn Fn(&mut Writer)| {
            let start = here(writer);
            write(writer);
            groups.push((op, start, here(writer) - start));
        };
        group(writer, op::CHANNEL, &Writer::channel);
        group(writer, op::STATISTICS, &|writer| self.statistics(writer));
        if !self.chunks.is_empty() {
            group(writer, op::CHUNK_INDEX, &|writer| {
                self.chunks.iter().for_each(|chunk| index(writer, chunk));
            });
        }
        let offsets = here(writer);
        for (of, start, length) in groups {
            writer.record(op::SUMMARY_OFFSET, |record| {
                record.0.push(of);
                record.u64(start);
                record.u64(length);
            });
        }
        writer.record(op::FOOTER, |footer| {
            footer.u64(summary);
            footer.u64(offsets);
            // Of all from the summary's start to here; the record's length is not written yet.
            let mut crc = crc32fast::Hasher::new();
            let length = footer.0.len() - 16 - 8;
            crc.update(&footer.0[in_memory..length]);
            crc.update(&20_u64.to_le_bytes());
            crc.update(&footer.0[length + 8..]);
            footer.u32(crc.finalize());
        });
        writer.0.extend_from_slice(&MAGIC);
    }

    fn statistics(&self, writer: &mut Writer) {
        writer.record(op::STATISTICS, |record| {
            record.u64(self.messages);
            record.u16(0); // schemas
            record.u32(1); // channels
            record.u32(0); // attachments
            record.u32(0); // metadata
            record.u32(u32::try_from(self.chunks.len()).unwrap_or(u32::MAX));
            record.u64(self.chunks.first().map_or(0, |chunk| chunk.times.0));
            record.u64(self.chunks.last().map_or(0, |chunk| chunk.times.1));
            record.sized(|counts| {
                counts.u16(CHANNEL);
                counts.u64(self.messages);
            });
        });
    }
}

fn index(writer: &mut Writer, chunk: &Chunk) {
    writer.record(op::CHUNK_INDEX, |record| {
        record.u64(chunk.times.0);
        record.u64(chunk.times.1);
        record.u64(chunk.start);
        record.u64(chunk.length());
        record.sized(|offsets| {
            offsets.u16(CHANNEL);
            offsets.u64(chunk.start + chunk.length());
        });
        record.u64(chunk.index_length());
        record.text("");
        record.u64(chunk.records);
        record.u64(chunk.records);
    });
}
