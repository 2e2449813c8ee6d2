//! Starts, watches and ends fleets of Blender processes.
