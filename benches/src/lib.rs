//! Benchmarks of blendtorch, each beside its baseline in the same run.
