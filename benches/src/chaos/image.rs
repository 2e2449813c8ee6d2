//! Images whose every word follows from who published them and which one it is.
//!
//! Owns the rule, which both ends know.

/// Rows, columns, channels: 1.2 MB of uint8.
pub(crate) const SHAPE: [usize; 3] = [480, 640, 4];

const WORD: usize = 8;
/// Some words of each image are looked at, so far apart (a prime, so that they are not in columns).
const STRIDE: usize = 1021;
/// Of every so many images each word is looked at.
const WHOLE: u64 = 16;

/// The first word; each further one is larger by an odd number.
fn first(publisher: u64, sequence: u64) -> u64 {
    (publisher ^ sequence.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn word(first: u64, index: usize) -> u64 {
    first.wrapping_add((index as u64).wrapping_mul(0xD1B5_4A32_D192_ED03))
}

/// Writes an image.
pub(crate) fn fill(bytes: &mut [u8], publisher: u64, sequence: u64) {
    let first = first(publisher, sequence);
    for (index, place) in bytes.chunks_exact_mut(WORD).enumerate() {
        place.copy_from_slice(&word(first, index).to_le_bytes());
    }
}

/// Whether it is the one that it should be.
pub(crate) fn is_right(bytes: &[u8], publisher: u64, sequence: u64) -> bool {
    if bytes.len() != SHAPE.iter().product::<usize>() {
        return false;
    }
    let first = first(publisher, sequence);
    let is = |(index, place): (usize, &[u8])| *place == word(first, index).to_le_bytes();
    let mut words = bytes.chunks_exact(WORD).enumerate();
    let last = words.clone().next_back();
    match sequence % WHOLE {
        0 => words.all(is),
        _ => words.step_by(STRIDE).chain(last).all(is),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_its_own_and_nobody_elses() {
        let mut image = vec![0; SHAPE.iter().product()];
        fill(&mut image, 7, 16);
        assert!(is_right(&image, 7, 16));
        assert!(!is_right(&image, 7, 17) && !is_right(&image, 8, 16));
        image[1_000_000] ^= 1;
        assert!(!is_right(&image, 7, 16));
        assert!(!is_right(&image[1..], 7, 16));
    }
}
