//! Examples of blendtorch, one folder each.
