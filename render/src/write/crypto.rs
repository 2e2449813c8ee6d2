//! What the cryptomatte standard has files say about their channels (Friedman and Jones, 2015;
//! specification 1.2.0).

use super::sources::Frame;
use serde_json::Value;

/// The attributes of a file's header: for each kind, such as `CryptoObject`, its name, the way that
/// names are hashed and hashes become floats, and the manifest: the hash of each name.
pub(super) fn attributes(frame: &Frame<'_>) -> Vec<(String, String)> {
    let mut kinds: Vec<&str> = frame
        .crypto()
        .map(|layer| layer.trim_end_matches(|letter: char| letter.is_ascii_digit()))
        .collect();
    kinds.dedup();
    let mut attributes = Vec::new();
    for kind in kinds {
        let digits = format!("{:08x}", hash(kind.as_bytes()));
        let manifest = frame.about.manifest.get(kind);
        let manifest = manifest.map_or_else(|| "{}".into(), Value::to_string);
        for (key, value) in [
            ("conversion", "uint32_to_float32"),
            ("hash", "MurmurHash3_32"),
            ("manifest", manifest.as_str()),
            ("name", kind),
        ] {
            let key = format!("cryptomatte/{}/{key}", &digits[..7]);
            attributes.push((key, value.into()));
        }
    }
    attributes
}

/// MurmurHash3, x86, 32 bits, seed 0.
fn hash(bytes: &[u8]) -> u32 {
    const C1: u32 = 0xcc9e_2d51;
    const C2: u32 = 0x1b87_3593;
    let mix = |word: u32| word.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    let (words, rest) = bytes.as_chunks::<4>();
    let mut state = 0u32;
    for word in words {
        state ^= mix(u32::from_le_bytes(*word));
        state = state
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    state ^= mix(u32::from_le_bytes(last));
    state ^= bytes.len() as u32;
    state ^= state >> 16;
    state = state.wrapping_mul(0x85eb_ca6b);
    state ^= state >> 13;
    state = state.wrapping_mul(0xc2b2_ae35);
    state ^ (state >> 16)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_murmur3() {
        // Of the reference implementation.
        assert_eq!(super::hash(b""), 0);
        assert_eq!(super::hash(b"test"), 0xba6b_d213);
        assert_eq!(super::hash(b"Hello, world!"), 0xc036_3e43);
    }
}
