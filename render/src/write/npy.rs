//! numpy's own format, version 1.0: a header, and the values as they lie in memory.

use super::layers::{Channel, Sample};

/// Appends an array of H × W, or H × W × channels where there are several: float32 or uint32.
pub(super) fn encode(channels: &[Channel<'_>], height: usize, width: usize, out: &mut Vec<u8>) {
    let ids = channels
        .iter()
        .all(|channel| channel.sample == Sample::Uint);
    let dtype = if ids { "<u4" } else { "<f4" };
    let count = channels.len();
    let shape = match count {
        1 => format!("({height}, {width})"),
        _ => format!("({height}, {width}, {count})"),
    };
    let mut header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}");
    // The values begin at a multiple of 64.
    let before = 10;
    let length = (before + header.len() + 1).next_multiple_of(64) - before;
    header.extend(std::iter::repeat_n(' ', length - 1 - header.len()));
    header.push('\n');
    out.extend(b"\x93NUMPY\x01\x00");
    out.extend((length as u16).to_le_bytes());
    out.extend(header.bytes());
    let start = out.len();
    out.resize(start + height * width * count * 4, 0);
    let mut line_of_floats = vec![0.0; width];
    let lines = out[start..].chunks_exact_mut(width * count * 4);
    for (line, place) in lines.enumerate() {
        for (index, channel) in channels.iter().enumerate() {
            let places = place.as_chunks_mut::<4>().0;
            let places = places.iter_mut().skip(index).step_by(count);
            if ids {
                let ids = channel.ids(line, height, width).unwrap_or(&[]);
                for (bytes, id) in places.zip(ids) {
                    *bytes = id.to_le_bytes();
                }
            } else {
                channel.floats(line, height, &mut line_of_floats);
                for (bytes, value) in places.zip(&line_of_floats) {
                    *bytes = value.to_le_bytes();
                }
            }
        }
    }
}
