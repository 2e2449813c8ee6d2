//! Sets of nodes.
