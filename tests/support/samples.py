"""What a fleet has given, by which sample it is, to be compared with what another one gave."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from blendtorch import btt

from support import HANG_S
from support.streams import dataset

Key = tuple[int, int, int]
"""Instance, episode, and frame of the episode: what a sample is by, whoever receives it."""

Samples = dict[Key, dict[str, Any]]


def taken(
    bl: btt.BlenderLauncher,
    consumers: int = 1,
    meanwhile: Callable[[btt.BlenderLauncher], None] | None = None,
) -> Samples:
    """All that a fleet gives to so many consumers until it ends, each sample once.

    Args:
        bl: a fleet that has just been launched, and ends by itself.
        consumers: how many share it.
        meanwhile: what is done to the fleet once its first sample has come.
    """
    items: list[dict[str, Any]] = []
    said: list[str] = []
    begun = threading.Event()

    def consume() -> None:
        try:
            for item in dataset(*bl.launch_info.addresses["DATA"]):
                items.append(item)
                begun.set()
        except btt.InstanceFailedError as error:  # Also of one who was late, and nothing lacks.
            said.append(str(error))

    threads = [threading.Thread(target=consume, daemon=True) for _ in range(consumers)]
    for thread in threads:
        thread.start()
    if meanwhile is not None:
        assert begun.wait(HANG_S), said
        meanwhile(bl)
    for thread in threads:
        thread.join(HANG_S)
        assert not thread.is_alive(), "a consumer hangs"
    samples = {(item["btid"], item["episode"], item["index"]): item for item in items}
    assert len(samples) == len(items) > 0, f"{len(items) - len(samples)} came twice; {said}"
    return samples


def expected(instances: int, episodes: int, frames: int) -> set[Key]:
    """The samples of a fleet that comes to its end."""
    numbers = [range(count) for count in (instances, episodes, frames)]
    return {
        (btid, episode, index)
        for btid in numbers[0]
        for episode in numbers[1]
        for index in numbers[2]
    }


def differences(one: Samples, other: Samples) -> list[str]:
    """What is not equal in each bit, of the samples that both have."""
    both = sorted(one.keys() & other.keys())
    assert both, "there is nothing to compare"
    return [
        f"{name} of instance {key[0]}, episode {key[1]}, frame {key[2]}"
        for key in both
        for name in one[key]
        if not _equal(one[key][name], other[key][name])
    ]


def _equal(one: Any, other: Any) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    return (one.dtype, one.shape) == (other.dtype, other.shape) and one.tobytes() == other.tobytes()
