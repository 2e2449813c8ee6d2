//! The checksum of HDF5's metadata.
//!
//! Owns Bob Jenkins' `lookup3` (hashlittle with the initial value 0, public domain), as the HDF5 File
//! Format Specification asks for.

/// The checksum of some bytes.
pub(super) fn lookup3(bytes: &[u8]) -> u32 {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the length is taken modulo 2^32"
    )]
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let mut state = [start; 3];
    let mut rest = bytes;
    // The last block, even a full one, is mixed in another way.
    while rest.len() > 12 {
        let (block, after) = rest.split_at(12);
        add(&mut state, block);
        mix(&mut state);
        rest = after;
    }
    if rest.is_empty() {
        return state[2];
    }
    add(&mut state, rest);
    end(state)
}

/// Adds up to twelve bytes, those that are missing as zeros.
fn add(state: &mut [u32; 3], bytes: &[u8]) {
    for (word, four) in state.iter_mut().zip(bytes.chunks(4)) {
        let mut padded = [0; 4];
        for (to, from) in padded.iter_mut().zip(four) {
            *to = *from;
        }
        *word = word.wrapping_add(u32::from_le_bytes(padded));
    }
}

fn mix([a, b, c]: &mut [u32; 3]) {
    let step = |x: &mut u32, z: u32, by: u32| *x = x.wrapping_sub(z) ^ z.rotate_left(by);
    for by in [[4, 6, 8], [16, 19, 4]] {
        step(a, *c, by[0]);
        *c = c.wrapping_add(*b);
        step(b, *a, by[1]);
        *a = a.wrapping_add(*c);
        step(c, *b, by[2]);
        *b = b.wrapping_add(*a);
    }
}

fn end([mut a, mut b, mut c]: [u32; 3]) -> u32 {
    let step = |x: &mut u32, y: u32, by: u32| *x = (*x ^ y).wrapping_sub(y.rotate_left(by));
    step(&mut c, b, 14);
    step(&mut a, c, 11);
    step(&mut b, a, 25);
    step(&mut c, b, 16);
    step(&mut a, c, 4);
    step(&mut b, a, 14);
    step(&mut c, b, 24);
    c
}

#[cfg(test)]
mod tests {
    use super::lookup3;

    /// Values from the comments of Jenkins' own test driver.
    #[test]
    fn is_the_one_of_its_author() {
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }
}
