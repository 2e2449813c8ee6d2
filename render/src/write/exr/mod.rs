//! OpenEXR files of scan lines.
//!
//! Owns the header, the order of channels, and the codecs NONE, RLE, ZIPS and ZIP; PIZ and the lossy
//! ones are the `exr` crate's. Layout after the OpenEXR documentation, "OpenEXR File Layout".

mod foreign;
mod header;
mod rle;

use super::deflate::Deflate;
use super::failure::Failure;
use super::layers::Channel;
use super::spec::Codec;

/// The channels of a file, and what its header says besides.
pub(super) struct Image<'a> {
    pub(super) channels: Vec<Channel<'a>>,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) codec: Codec,
    /// Texts by name.
    pub(super) attributes: Vec<(String, String)>,
}

/// Memory that is used again for each file.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    deflate: Deflate,
    /// A block of lines as it is without compression.
    block: Vec<u8>,
    /// Its bytes in the order of the predictor, and their differences.
    apart: Vec<u8>,
    differences: Vec<u8>,
    packed: Vec<u8>,
    line: Vec<f32>,
}

impl Encoder {
    /// Appends a file.
    pub(super) fn encode(
        &mut self,
        mut image: Image<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        image
            .channels
            .sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        if matches!(
            image.codec,
            Codec::Piz | Codec::Pxr24 | Codec::B44 | Codec::B44a
        ) {
            return foreign::encode(&image, out);
        }
        let begin = out.len();
        header::write(&image, out)?;
        let lines = match image.codec {
            Codec::Zip => 16,
            _ => 1,
        };
        let blocks = image.height.div_ceil(lines);
        let table = out.len();
        out.resize(table + blocks * 8, 0);
        self.line.resize(image.width, 0.0);
        for block in 0..blocks {
            let at = ((out.len() - begin) as u64).to_le_bytes();
            out[table + block * 8..][..8].copy_from_slice(&at);
            let first = block * lines;
            self.fill(&image, first, lines.min(image.height - first));
            out.extend((first as i32).to_le_bytes());
            let packed = self.pack(image.codec);
            let size = i32::try_from(packed.len()).map_err(|_| {
                Failure::encode("lines of this picture are too long for OpenEXR".into())
            })?;
            out.extend(size.to_le_bytes());
            out.extend(packed);
        }
        Ok(())
    }

    /// Lines as OpenEXR has them: in each line the channels one after the other.
    fn fill(&mut self, image: &Image<'_>, first: usize, lines: usize) {
        let width = image.width;
        let of_line: usize = image
            .channels
            .iter()
            .map(|channel| channel.sample.bytes() * width)
            .sum();
        self.block.resize(of_line * lines, 0);
        for (line, mut place) in (first..).zip(self.block.chunks_exact_mut(of_line)) {
            for channel in &image.channels {
                let (here, rest) = place.split_at_mut(channel.sample.bytes() * width);
                channel.bytes(line, image.height, &mut self.line, here);
                place = rest;
            }
        }
    }

    /// The block as it is written: packed, unless that would not be smaller.
    fn pack(&mut self, codec: Codec) -> &[u8] {
        if codec == Codec::None {
            return &self.block;
        }
        self.packed.clear();
        predict(&self.block, &mut self.apart, &mut self.differences);
        match codec {
            Codec::Rle => rle::pack(&self.differences, &mut self.packed),
            _ => self.deflate.zlib(&self.differences, &mut self.packed),
        }
        if self.packed.len() < self.block.len() {
            &self.packed
        } else {
            &self.block
        }
    }
}

/// Bytes at even places, then those at odd ones; then what each differs by from the one before, and 128.
fn predict(block: &[u8], apart: &mut Vec<u8>, differences: &mut Vec<u8>) {
    apart.resize(block.len(), 0);
    differences.resize(block.len(), 0);
    let (even, odd) = apart.split_at_mut(block.len().div_ceil(2));
    let (pairs, rest) = block.as_chunks::<2>();
    for ((a, b), pair) in even.iter_mut().zip(odd).zip(pairs) {
        [*a, *b] = *pair;
    }
    if let ([byte], Some(last)) = (rest, even.last_mut()) {
        *last = *byte;
    }
    if let (Some(first), Some(&byte)) = (differences.first_mut(), apart.first()) {
        *first = byte;
    }
    let later = differences.iter_mut().skip(1);
    for (difference, (before, now)) in later.zip(apart.iter().zip(&apart[1.min(apart.len())..])) {
        *difference = now.wrapping_sub(*before).wrapping_add(128);
    }
}
