//! The bytes of MCAP records, as far as a recording has them. Source: <https://mcap.dev/spec>.

/// First and last bytes of a file.
pub(super) const MAGIC: [u8; 8] = *b"\x89MCAP0\r\n";
/// Says in the file's header that its messages are ours.
pub(super) const PROFILE: &str = "blendtorch";
/// Who has written a file.
pub(super) const LIBRARY: &str = concat!("blendtorch ", env!("CARGO_PKG_VERSION"));
/// Our only channel.
pub(super) const CHANNEL: u16 = 1;
/// Its topic.
pub(super) const TOPIC: &str = "blendtorch";
/// Its encoding: a msgpack array of the message's frames (see `frames`).
pub(super) const MESSAGE_ENCODING: &str = "msgpack";

/// Bytes before a record's content: its type and its length.
pub(super) const RECORD_HEAD: usize = 9;
/// Bytes of a message's content before its data.
pub(super) const MESSAGE_HEAD: usize = 2 + 4 + 8 + 8;
/// Bytes of a chunk's content before its records, when it is not compressed.
pub(super) const CHUNK_HEAD: usize = 8 + 8 + 8 + 4 + 4 + 8;
/// Bytes of a footer, with its head.
pub(super) const FOOTER: usize = RECORD_HEAD + 8 + 8 + 4;

/// Record types.
pub(super) mod op {
    pub(in super::super) const HEADER: u8 = 0x01;
    pub(in super::super) const FOOTER: u8 = 0x02;
    pub(in super::super) const SCHEMA: u8 = 0x03;
    pub(in super::super) const CHANNEL: u8 = 0x04;
    pub(in super::super) const MESSAGE: u8 = 0x05;
    pub(in super::super) const CHUNK: u8 = 0x06;
    pub(in super::super) const MESSAGE_INDEX: u8 = 0x07;
    pub(in super::super) const CHUNK_INDEX: u8 = 0x08;
    pub(in super::super) const ATTACHMENT: u8 = 0x09;
    pub(in super::super) const STATISTICS: u8 = 0x0B;
    pub(in super::super) const METADATA: u8 = 0x0C;
    pub(in super::super) const SUMMARY_OFFSET: u8 = 0x0E;
    pub(in super::super) const DATA_END: u8 = 0x0F;

    /// A record type's name, for messages.
    pub(in super::super) fn name(op: u8) -> String {
        let name = match op {
            HEADER => "Header",
            FOOTER => "Footer",
            SCHEMA => "Schema",
            CHANNEL => "Channel",
            MESSAGE => "Message",
            CHUNK => "Chunk",
            MESSAGE_INDEX => "MessageIndex",
            CHUNK_INDEX => "ChunkIndex",
            ATTACHMENT => "Attachment",
            STATISTICS => "Statistics",
            METADATA => "Metadata",
            SUMMARY_OFFSET => "SummaryOffset",
            DATA_END => "DataEnd",
            other => return format!("record of unknown type 0x{other:02X}"),
        };
        format!("{name} record")
    }
}

/// Writes records into memory.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    /// A record whose content `write` writes.
    pub(super) fn record(&mut self, op: u8, write: impl FnOnce(&mut Self)) {
        self.0.push(op);
        let length = self.0.len();
        self.u64(0);
        write(self);
        let content = (self.0.len() - length - 8) as u64;
        self.0[length..length + 8].copy_from_slice(&content.to_le_bytes());
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A text with its length in front. Ours are all short.
    pub(super) fn text(&mut self, text: &str) {
        self.sized(|writer| writer.0.extend_from_slice(text.as_bytes()));
    }

    /// What `write` writes, its length in bytes in front, as texts, arrays and maps have it.
    pub(super) fn sized(&mut self, write: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        self.u32(0);
        write(self);
        let length = u32::try_from(self.0.len() - start - 4).unwrap_or(u32::MAX);
        self.0[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }

    /// The channel that all messages are on.
    pub(super) fn channel(&mut self) {
        self.record(op::CHANNEL, |channel| {
            channel.u16(CHANNEL);
            channel.u16(0); // without a schema: msgpack describes itself
            channel.text(TOPIC);
            channel.text(MESSAGE_ENCODING);
            channel.sized(|metadata| {
                metadata.text("wire_format");
                metadata.text(&blendtorch_wire::FORMAT_VERSION.to_string());
            });
        });
    }
}

/// Reads from bytes at hand; `None` where they end too early.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.u32()?;
        std::str::from_utf8(self.take(usize::try_from(length).ok()?)?).ok()
    }
}
