//! The consumer side of blendtorch: remote dataset, accounting, batches.
