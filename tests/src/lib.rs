//! End-to-end tests of blendtorch on real Blender, real sockets, real processes.
