//! How a loader batches.

use crate::convert::Convert;

/// How a [`DataLoader`](crate::DataLoader) batches.
#[derive(Clone, Debug)]
pub struct LoaderOptions {
    /// Items in a batch; 8.
    pub batch_size: usize,
    /// Whether a last batch with fewer items is left out; false. Its items count as discarded.
    pub drop_last: bool,
    /// Bytes of finished batches that may wait for the training loop; 64 MiB. One batch may
    /// always wait, and one more is being assembled.
    pub prefetch_bytes: usize,
    /// Which fields are converted on their way into the batch, and how; none.
    pub convert: Vec<Convert>,
    /// How many threads copy or convert items that have arrived while others were copied, one of
    /// them the loader's own; 0, the default, for 2 where there are 4 cores and 1 where there are
    /// fewer. A loader that waits for its producers uses one, whatever this says.
    pub threads: usize,
}

impl Default for LoaderOptions {
    fn default() -> Self {
        Self {
            batch_size: 8,
            drop_last: false,
            prefetch_bytes: 64 << 20,
            convert: Vec::new(),
            threads: 0,
        }
    }
}
