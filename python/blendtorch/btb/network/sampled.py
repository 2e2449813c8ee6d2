"""Keys of any activity, taken at whole frames: for objects, and for what is baked.

Owns that keys on a straight line between others are left out. It must never know Blender.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Keys = "list[NDArray[np.float32]]"


def keys(activity: Any, start: int, end: int) -> "list[NDArray[np.float32]]":
    """For each cell its keys, k × 2: frames and values, exact at all frames from `start` to `end`
    and straight between them.

    A cell has one key where it never changes. Memory is that of the keys.
    """
    count = int(activity.n_cells)
    now, before = np.zeros(count, np.float32), np.zeros(count, np.float32)
    rows: list[NDArray[np.int64]] = []
    frames: list[NDArray[np.float32]] = []
    values: list[NDArray[np.float32]] = []

    def note(which: "NDArray[np.int64]", frame: int, value: "NDArray[np.float32]") -> None:
        rows.append(which)
        frames.append(np.full(len(which), frame, np.float32))
        values.append(value[which])

    slope = np.zeros(count, np.float32)
    for frame in range(start, end + 1):
        activity.fill(float(frame), now)
        if frame == start:
            note(np.arange(count), frame, now)
        else:
            change = now - before
            # A key at the frame before, where the line bends there.
            bent = np.flatnonzero(np.abs(change - slope) > 1e-6)
            if frame > start + 1:
                note(bent, frame - 1, before)
            slope = change
        before[:] = now
    if end > start:
        moving = np.flatnonzero(np.abs(slope) > 0)
        note(moving, end, now)
    row, at, value = np.concatenate(rows), np.concatenate(frames), np.concatenate(values)
    order = np.lexsort((at, row))
    pairs = np.stack([at[order], value[order]], 1)
    return np.split(pairs, np.cumsum(np.bincount(row, minlength=count))[:-1])
