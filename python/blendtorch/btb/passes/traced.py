"""Frames of Cycles: its passes are read from its own result, while it is there."""

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .. import cycles
from .crypto import most_covering, ranks_of
from .ids import Names
from .instances import Which
from .job import Job
from .marks import PassIndex
from .things import objects, places

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .intrinsics import Intrinsics

IDS = {"segmentations": "IndexOB", "materials": "IndexMA"}
CRYPTO = {"segmentations": "CryptoObject", "materials": "CryptoMaterial"}


class Told:
    """How pixels say what they show: by pass indices, or by Cryptomatte's names."""

    def __init__(self, kinds: "set[str]", by_index: bool) -> None:
        """For `segmentations` and `materials`, as far as they are in `kinds`."""
        self.kinds = kinds
        self.by_index = by_index
        self._marks = {kind: PassIndex() for kind in kinds}
        self._named = {kind: Names() for kind in kinds}

    def passes(self, levels: int) -> tuple[str, ...]:
        """What of Blender's it takes."""
        if self.by_index:
            return tuple(IDS[kind] for kind in sorted(self.kinds))
        return tuple(f"{CRYPTO[kind]}{n:02d}" for kind in sorted(self.kinds) for n in range(levels))

    def mark(self) -> None:
        """Before each render: what is new gets a number."""
        for kind in self.kinds:
            owners = list(objects()) if kind == "segmentations" else list(bpy.data.materials)
            if self.by_index:
                self._marks[kind].mark(owners)
            else:
                for owner in owners:
                    self._named[kind].number(owner.name_full)

    def names(self, kind: str) -> list[str]:
        """What the numbers of `read` stand for, from 1 on."""
        names = self._marks[kind].names if self.by_index else self._named[kind]
        return names.names

    def read(
        self, kind: str, arrays: "dict[str, NDArray[np.float32]]", out: "NDArray[np.uint32]"
    ) -> None:
        """Numbers per pixel; 0 is nothing."""
        if self.by_index:
            np.copyto(out, arrays[IDS[kind]][..., 0], casting="unsafe")
        else:
            most_covering(ranks_of(arrays, CRYPTO[kind]), self.names(kind), out)

    def release(self) -> None:
        """All is as it was."""
        for marks in self._marks.values():
            marks.restore()


def render(
    job: Job,
    eye: "Callable[[], Intrinsics]",
    told: Told,
    number_of: "Callable[[str, str], int] | None",
) -> "dict[str, NDArray[Any]]":
    """The passes by Blender's names, and the numbers `shown` of what is seen.

    Args:
        job: what to render.
        eye: the camera at this frame.
        told: how pixels say what they show.
        number_of: numbers of things, where there may be instances of objects; else None.
    """
    out: dict[str, NDArray[Any]] = {}

    def look(depsgraph: Any, arrays: "dict[str, NDArray[np.float32]]") -> None:
        if "segmentations" in told.kinds and number_of is not None:
            shape = next(iter(arrays.values())).shape[:2]
            shown = out["segmentations"] = job.array("shown", shape, np.uint32)
            told.read("segmentations", arrays, shown)
            which = Which(depsgraph, places(depsgraph), eye())
            names = told.names("segmentations")
            which.things(shown, names, lambda: arrays["Position"], number_of)

    with cycles.reading(cycles.Reader(job.layer.name, job.passes, job.array, look)) as reader:
        shown = job.run()
    out |= reader.arrays
    out |= shown
    for kind in told.kinds - set(out):
        numbers = out[kind] = job.array(f"numbers {kind}", eye().shape, np.uint32)
        told.read(kind, reader.arrays, numbers)
    if "Combined" in out:
        out |= job.shown_of(out["Combined"])
    return out
