//! NPY: a header, and as many values as it says (numpy's `numpy.lib.format`).

use super::{CUT, Reader};

pub(super) fn check(bytes: &[u8]) -> Result<(), &'static str> {
    let mut reader = Reader::new(bytes);
    if reader.take(6)? != b"\x93NUMPY" {
        return Err("is no NPY");
    }
    let [major, _] = reader.array()?;
    let length = match major {
        1 => usize::from(u16::from_le_bytes(reader.array()?)),
        _ => u32::from_le_bytes(reader.array()?) as usize,
    };
    let header = std::str::from_utf8(reader.take(length)?).map_err(|_| "is no NPY")?;
    let wanted = of_values(header).ok_or("is no NPY")?;
    match (bytes.len() - reader.at).cmp(&wanted) {
        std::cmp::Ordering::Less => Err(CUT),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err("goes on after its end"),
    }
}

/// How many bytes the values take.
fn of_values(header: &str) -> Option<usize> {
    let after = |key: &str| header.split_once(key).map(|(_, rest)| rest);
    let descr = after("'descr': '")?.split('\'').next()?;
    let each: usize = descr
        .trim_start_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .ok()?;
    let shape = after("'shape': (")?.split(')').next()?;
    let sides = shape
        .split(',')
        .map(str::trim)
        .filter(|side| !side.is_empty());
    sides
        .map(|side| side.parse::<usize>().ok())
        .try_fold(each, |all, side| all.checked_mul(side?))
}
