"""Frames of Cycles: its passes are read from its own result, while it is there."""

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .. import cycles
from ..viewpoint import Viewpoint
from .crypto import most_covering, ranks_of
from .ids import Names
from .instances import Which
from .intrinsics import Eye, Intrinsics
from .job import Job
from .marks import shared
from .things import objects, places

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


IDS = {"segmentations": "IndexOB", "materials": "IndexMA"}
CRYPTO = {"segmentations": "CryptoObject", "materials": "CryptoMaterial"}


class Told:
    """How pixels say what they show: by pass indices, or by Cryptomatte's names."""

    def __init__(self, kinds: "set[str]", by_index: bool) -> None:
        """For `segmentations` and `materials`, as far as they are in `kinds`."""
        self.kinds = kinds
        self.by_index = by_index
        self._marks = {kind: shared(kind) for kind in kinds} if by_index else {}
        self._named = {kind: Names() for kind in kinds}
        # What Cryptomatte makes hashes of: names without those of libraries.
        self._hashed: dict[str, list[str]] = {kind: [] for kind in kinds}

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
                if self._marks[kind].outlived:
                    self._marks[kind] = shared(kind)
                self._marks[kind].mark(owners)
            else:
                hashed = self._hashed[kind]
                for owner in owners:
                    if self._named[kind].number(owner.name_full) > len(hashed):
                        hashed.append(owner.name)

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
            most_covering(ranks_of(arrays, CRYPTO[kind]), self._hashed[kind], out)

    def release(self) -> None:
        """All is as it was."""
        for marks in self._marks.values():
            marks.release()
        self._marks = {}


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

    def look(depsgraph: Any) -> None:
        camera = Viewpoint(job.scene.camera, Viewpoint.shape_from_bpy(job.scene.render))
        which.append(Which(depsgraph, places(depsgraph), Eye(camera._still(depsgraph))))

    which: list[Which] = []
    tells = "segmentations" in told.kinds and number_of is not None
    reader = cycles.Reader(job.layer.name, job.passes, job.array, look if tells else None)
    with cycles.reading(reader):
        shown = job.run()
    out |= reader.arrays
    out |= shown
    for kind in told.kinds:
        numbers = out[kind] = job.array(f"numbers {kind}", eye().shape, np.uint32)
        told.read(kind, reader.arrays, numbers)
        if kind == "segmentations" and number_of is not None:
            which[0].things(numbers, told.names(kind), lambda: out["Position"], number_of)
    if "Combined" in out:
        out |= job.shown_of(out["Combined"])
    return out
