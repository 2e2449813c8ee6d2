//! Python bindings of `btt`: an iterator of items, an iterator of batches.
//!
//! What both are is said once (`turns`): threads take turns with an iterator, a slice of waiting each;
//! its counters are read at any time.

mod batches;
mod books;
mod connect;
mod images;
mod items;
mod stats;
mod turns;

use crate::memory::Memory;
use books::{Books, Desk};
use pyo3::prelude::*;

/// Adds this module's names to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Memory>()?;
    module.add_class::<Books>()?;
    module.add_class::<Desk>()?;
    module.add_class::<items::ItemStream>()?;
    module.add_class::<batches::BatchStream>()?;
    module.add_function(wrap_pyfunction!(stats::total_receipts, module)?)
}
