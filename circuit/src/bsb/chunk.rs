//! Names of chunks: BSB cuts space into boxes, and names each by a number.
//!
//! Owns that number: x + 2^16·y + 2^32·z, coordinates of 16 bits; negative ones wrap.

/// The coordinates of the chunk that has this number, counted in chunks; `None` where it is none of
/// three coordinates of 16 bits.
pub(crate) fn coordinates(id: u64) -> Option<[i16; 3]> {
    if id >> 48 != 0 {
        return None;
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "16 bits each, whose upper half stands for what is negative"
    )]
    Some([0, 16, 32].map(|shift| (id >> shift) as u16 as i16))
}

/// The number that a name of a chunk is. Other ways to write a number (`+1`, `01`) are no names: two
/// groups could be one chunk.
pub(crate) fn parse(name: &str) -> Option<u64> {
    let id: u64 = name.parse().ok()?;
    coordinates(id)?;
    (id.to_string() == name).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn negative_coordinates_wrap() {
        assert_eq!(coordinates(65535), Some([-1, 0, 0]));
        assert_eq!(coordinates(4_295_032_833), Some([1, 1, 1]));
        assert_eq!(coordinates(1 << 48), None);
        assert_eq!(parse("65536"), Some(65536));
        for wrong in ["01", "+1", "-1", "", "1.0", "a", "281474976710656"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_chunk_has_a_number_of_its_own(x: i16, y: i16, z: i16) {
            let id = u64::from(x as u16) | u64::from(y as u16) << 16 | u64::from(z as u16) << 32;
            prop_assert_eq!(coordinates(id), Some([x, y, z]));
            prop_assert_eq!(parse(&id.to_string()), Some(id));
        }
    }
}
