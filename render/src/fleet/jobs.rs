//! How many Blenders this machine has room for.
//!
//! Owns the rule: a core each, memory for each, and a GPU each where GPUs render.

use std::path::Path;

use blendtorch_launcher::host::{available, cores};

/// Memory that a Blender takes beside its scene: Cycles on a processor takes 290 MB, EEVEE on software
/// OpenGL up to 2.3 GB.
const EACH_BYTES: u64 = 700 << 20;
/// A scene in memory is larger than its file, which is compressed.
const SCENE_TIMES: u64 = 5;

/// As many as there is room for, 1 at least.
pub(super) fn auto(scene: Option<&Path>, on_gpus: bool) -> usize {
    let cores = cores();
    let scene = scene.and_then(|scene| std::fs::metadata(scene).ok());
    let scene = scene.map_or(0, |metadata| metadata.len());
    let each = EACH_BYTES + SCENE_TIMES * scene;
    let free = available().unwrap_or(u64::MAX);
    let room = usize::try_from(free / each).unwrap_or(usize::MAX);
    let most = if on_gpus { gpus().max(1) } else { cores };
    most.min(room).max(1)
}

/// With one thread Cycles waits busily: on two cores, two Blenders of one thread each took 4 to 12
/// times the system's time of two with two threads, and 9 to 23 % longer.
const FEWEST_THREADS: usize = 2;

/// Threads for each of so many Blenders: they share the cores.
pub(super) fn threads(workers: usize) -> usize {
    (cores() / workers.max(1)).max(FEWEST_THREADS)
}

/// NVIDIA's GPUs, as their driver lists them, or AMD's compute nodes.
fn gpus() -> usize {
    let nvidia = std::fs::read_dir("/proc/driver/nvidia/gpus").map_or(0, Iterator::count);
    if nvidia > 0 {
        return nvidia;
    }
    let nodes = std::fs::read_dir("/sys/class/kfd/kfd/topology/nodes");
    let nodes = nodes.into_iter().flatten().flatten();
    // Processors are nodes too, without a GPU's id.
    nodes
        .filter(|node| {
            let id = std::fs::read_to_string(node.path().join("gpu_id"));
            id.is_ok_and(|id| id.trim() != "0")
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_room_for_one() {
        let cores = cores();
        assert!((1..=cores).contains(&auto(None, false)));
        assert_eq!(threads(cores * 2), FEWEST_THREADS);
        assert_eq!(threads(1), cores.max(FEWEST_THREADS));
    }
}
