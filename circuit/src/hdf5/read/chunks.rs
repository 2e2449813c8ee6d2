//! Where the chunks of a dataset lie.
//!
//! Owns that none lies outside the file. `hdf5-pure` finds that too, but reserves memory for what a
//! damaged index says of a chunk before it does (0.47.0: up to 4 GiB).

use std::sync::OnceLock;

use super::Place;
use crate::CircuitError;

/// Whether a dataset's chunks were looked at.
#[derive(Debug, Default)]
pub(super) struct Chunks(OnceLock<()>);

impl Chunks {
    /// An error where a chunk lies outside the file; looks once.
    pub(super) fn inside(
        &self,
        data: &hdf5_pure::Dataset,
        place: &Place,
        path: &str,
    ) -> Result<(), CircuitError> {
        if self.0.get().is_some() {
            return Ok(());
        }
        // What has no chunks, or an index that cannot be read, is said by reading.
        for chunk in data.chunks().unwrap_or_default() {
            let end = chunk.address.checked_add(chunk.storage_size);
            if end.is_none_or(|end| end > place.bytes) {
                let text = format!(
                    "has a chunk of {} bytes that ends after the file's {}; the file is damaged or was not written to its end",
                    chunk.storage_size, place.bytes
                );
                return Err(CircuitError::file(&place.path, path, text));
            }
        }
        self.0.get_or_init(|| ());
        Ok(())
    }
}
