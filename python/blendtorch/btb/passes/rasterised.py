"""Frames of EEVEE: it gives its passes to files only, and ids by Cryptomatte only."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import looking
from ..viewpoint import Viewpoint
from .instances import Which
from .job import Job
from .points import FAR, points_of_depth
from .things import Place, places
from .traced import Told

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .intrinsics import Intrinsics


def render(
    job: Job,
    eye: "Callable[[], Intrinsics]",
    told: Told,
    number_of: "Callable[[str, str], int] | None",
) -> "dict[str, NDArray[Any]]":
    """As `traced.render`."""
    out: dict[str, NDArray[Any]] = {**job.run(), **job.layers()}
    if "Depth" in out:
        # Where nothing is it has the far plane, or (before 4.2) the largest float of 16 bits.
        nothing = min(eye().far * 0.9999, 65000.0)
        np.copyto(out["Depth"], FAR, where=out["Depth"] >= nothing)
    for kind in told.kinds:
        numbers = out[kind] = job.array(f"numbers {kind}", eye().shape, np.uint32)
        told.read(kind, out, numbers)
    if "segmentations" in told.kinds and number_of is not None:
        tell_instances(job, eye(), told.names("segmentations"), number_of, out)
    if "Combined" in out:
        out |= job.shown_of(out["Combined"])
    return out


def tell_instances(
    job: Job,
    eye: "Intrinsics",
    names: list[str],
    number_of: "Callable[[str, str], int]",
    out: "dict[str, NDArray[Any]]",
    by: "Callable[[Place], str]" = lambda place: place.object,
) -> None:
    """Turns numbers of objects in `out` into such of things, by a second evaluation of the
    scene; `by` as for `Which`."""

    def points() -> "NDArray[np.float32]":
        if "Position" in out:
            return out["Position"]
        return points_of_depth(out["Depth"][..., 0], eye, job.array)

    def tell(depsgraph: Any) -> None:
        which = Which(depsgraph, places(depsgraph), eye, by)
        which.things(out["segmentations"], names, points, number_of)

    looking.in_render(Viewpoint(), job.scene, job.layer, tell)
