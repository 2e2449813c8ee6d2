//! blendtorch batches as tch tensors.
