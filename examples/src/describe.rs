//! What a batch holds.

use btt::{Batch, Column};

/// Prints one line a field: its dtype and shape, or how many values it has.
pub fn describe(batch: &Batch) {
    for (name, column) in &batch.columns {
        match column {
            Column::Tensor(tensor) => println!("  {name}: {} {:?}", tensor.dtype, tensor.shape),
            Column::Values(values) => println!("  {name}: {} values", values.len()),
        }
    }
}
