//! Whether a file is whole, by what it says of itself.
//!
//! Owns that judgement for the kinds of files that are rendered. It looks at the bytes alone, to the
//! last one: it must never trust a name, a time or a ledger. Pixels are not decoded where the structure
//! shows that nothing is cut: a PNG has checksums, the others have lengths.

mod exr;
mod jpeg;
mod npy;
mod png;
#[cfg(test)]
mod tests;

/// Why a file with this ending is not whole.
pub(super) fn check(extension: &str, bytes: &[u8]) -> Result<(), &'static str> {
    if bytes.is_empty() {
        return Err("is empty");
    }
    match extension {
        "png" => png::check(bytes),
        "exr" => exr::check(bytes),
        "npy" => npy::check(bytes),
        "jpg" | "jpeg" => jpeg::check(bytes),
        _ => Err("is of a kind that cannot be checked"),
    }
}

/// Bytes from the front, as long as there are some.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

const CUT: &str = "is cut";

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], &'static str> {
        let end = self.at.checked_add(count).ok_or(CUT)?;
        let taken = self.bytes.get(self.at..end).ok_or(CUT)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        self.take(N)?.try_into().map_err(|_| CUT)
    }

    /// Up to a zero, which is left out.
    fn name(&mut self) -> Result<&'a [u8], &'static str> {
        let rest = self.bytes.get(self.at..).ok_or(CUT)?;
        let length = rest.iter().position(|byte| *byte == 0).ok_or(CUT)?;
        self.at += length + 1;
        Ok(&rest[..length])
    }

    fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }
}
