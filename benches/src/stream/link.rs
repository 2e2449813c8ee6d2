//! What a producer and a consumer of images are to whoever measures them, whatever brings the images
//! across.

use anyhow::Result;
use std::time::Duration;

/// Images in a batch.
pub(super) const BATCH: usize = 8;
/// How long a role waits for another.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Where images are sent.
pub(super) trait Outlet {
    /// Publishes an image. `number` is asked for immediately before and travels with it; the
    /// image's last byte is the number's lowest.
    fn publish(&mut self, number: &dyn Fn() -> i64) -> Result<()>;

    /// Waits until all is taken, where that is known. Processor seconds in which images themselves
    /// were written, where they were.
    fn finish(&mut self) -> Result<Option<f64>>;
}

/// Where batches come from.
pub(super) trait Inlet {
    /// The numbers of the images of the next batch, which is in memory and has been looked at;
    /// `None` after the last.
    fn next(&mut self) -> Result<Option<&[i64]>>;

    /// Looks whether anything was lost or came twice.
    fn finish(&mut self) -> Result<()>;
}

/// The image's last byte is its number's lowest.
pub(super) fn mark(image: &mut [u8], number: i64) {
    if let Some(last) = image.last_mut() {
        *last = number as u8;
    }
}
