//! Whether a file looks like a `.blend` file, without a Blender.
//!
//! Owns the look at the first bytes and, where the file is not compressed, at its chain of blocks up
//! to its end mark: a download that broke off is found before anything starts. Whether Blender opens
//! it is asked of Blender itself, in [`super::opens`]. It must never read what the blocks hold.
//!
//! The layout is the one documented in Blender's source, `doc/blender_file_format/`: a header of 12
//! bytes (17 from Blender 5.0 on), then blocks that say their length, the last of them `ENDB`.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use super::SceneError;

/// The `.blend` files that were ever written begin so: plain, gzip (before 3.0), zstd.
const PLAIN: &[u8] = b"BLENDER";
const PACKED: [&[u8]; 2] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd]];

/// Sees that a file looks like a whole `.blend` file.
///
/// # Errors
/// It cannot be read, is something else, or breaks off.
pub fn look(path: &Path) -> Result<(), SceneError> {
    let wrong = |problem: String, remedy: &str| {
        let remedy = remedy.to_owned();
        Err(SceneError { problem, remedy })
    };
    let name = path.display();
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    if let Err(error) = read {
        return wrong(
            format!("{name} cannot be read: {error}"),
            "see that the file may be read by this user",
        );
    }
    if PACKED.iter().any(|magic| start.starts_with(magic)) {
        return Ok(());
    }
    if start.starts_with(b"version https://git-lfs") {
        return wrong(
            format!("{name} is a pointer of Git LFS, not the scene itself"),
            "fetch the scene with `git lfs pull`",
        );
    }
    if !start.starts_with(PLAIN) {
        return wrong(
            format!("{name} is not a .blend file"),
            "name a file that Blender has saved, or leave the key out for Blender's own scene",
        );
    }
    match is_whole(path) {
        Ok(true) => Ok(()),
        Ok(false) => wrong(
            format!("{name} breaks off before its end mark"),
            "fetch or save it again: it is not whole",
        ),
        Err(error) => wrong(
            format!("{name} cannot be read: {error}"),
            "see that the file may be read by this user",
        ),
    }
}

/// Follows the blocks to the end mark.
fn is_whole(path: &Path) -> io::Result<bool> {
    match follow(path) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        other => other,
    }
}

fn follow(path: &Path) -> io::Result<bool> {
    let mut file = BufReader::new(File::open(path)?);
    let length = file.get_ref().metadata()?.len();
    let mut header = [0; 12];
    file.read_exact(&mut header)?;
    let form = match header[7] {
        // The header says its own length: "17".
        b'1' => {
            file.read_exact(&mut [0; 5])?;
            Form {
                rest: 28,
                length_at: 12,
                length_bytes: 8,
                big_endian: false,
            }
        }
        size => Form {
            rest: if size == b'_' { 16 } else { 20 },
            length_at: 0,
            length_bytes: 4,
            big_endian: header[8] == b'V',
        },
    };
    loop {
        let mut code = [0; 4];
        file.read_exact(&mut code)?;
        if &code == b"ENDB" {
            return Ok(true);
        }
        let held = form.length_of_block(&mut file)?;
        let here = file.stream_position()?;
        match here.checked_add(held) {
            Some(next) if next <= length => file.seek_relative(held.cast_signed())?,
            _ => return Ok(false),
        };
    }
}

/// How the head of a block is laid out behind its code of 4 bytes.
struct Form {
    rest: usize,
    length_at: usize,
    length_bytes: usize,
    big_endian: bool,
}

impl Form {
    fn length_of_block(&self, file: &mut impl Read) -> io::Result<u64> {
        let mut rest = [0; 28];
        let rest = &mut rest[..self.rest];
        file.read_exact(rest)?;
        let bytes = &rest[self.length_at..self.length_at + self.length_bytes];
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Ok(if self.big_endian {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file in the layout of Blender 2.5 to 4.x with 8-byte pointers: one block of `held` bytes.
    fn classic(held: usize) -> Vec<u8> {
        let mut bytes = b"BLENDER-v405".to_vec();
        bytes.extend(b"DATA");
        bytes.extend((held as u32).to_le_bytes());
        bytes.extend([0; 16]);
        bytes.extend(vec![7; held]);
        bytes.extend(b"ENDB");
        bytes.extend([0; 20]);
        bytes
    }

    /// The same in the layout from 5.0 on.
    fn large(held: usize) -> Vec<u8> {
        let mut bytes = b"BLENDER17-01v0500".to_vec();
        bytes.extend(b"DATA");
        bytes.extend([0; 12]);
        bytes.extend((held as u64).to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(vec![7; held]);
        bytes.extend(b"ENDB");
        bytes.extend([0; 28]);
        bytes
    }

    fn said(bytes: &[u8]) -> Option<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        look(file.path()).err().map(|u| u.problem)
    }

    #[test]
    fn whole_files_of_both_layouts_pass() {
        assert_eq!(said(&classic(1000)), None);
        assert_eq!(said(&large(1000)), None);
        assert_eq!(said(&[0x28, 0xb5, 0x2f, 0xfd, 1]), None);
        assert_eq!(said(&[0x1f, 0x8b, 8]), None);
    }

    #[test]
    fn a_file_cut_before_its_end_mark_is_not_whole() {
        for whole in [classic(100), large(100)] {
            let mark = whole.windows(4).position(|w| w == b"ENDB").unwrap();
            for cut in 7..mark + 4 {
                let said = said(&whole[..cut]).unwrap();
                assert!(said.contains("breaks off"), "{cut}: {said}");
            }
        }
    }

    /// The length of a block goes beyond the file's end, by a byte.
    #[test]
    fn a_forged_length_is_not_followed() {
        let mut forged = large(0);
        let behind = forged.len() - (17 + 4 + 12 + 8 + 8);
        forged[17 + 4 + 12..][..8].copy_from_slice(&(behind as u64 + 1).to_le_bytes());
        assert!(said(&forged).unwrap().contains("breaks off"));
    }

    #[test]
    fn other_files_are_named_for_what_they_are() {
        assert!(said(b"").unwrap().ends_with("is not a .blend file"));
        assert!(
            said(b"import bpy")
                .unwrap()
                .ends_with("is not a .blend file")
        );
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n";
        assert!(said(pointer).unwrap().contains("Git LFS"));
    }
}
