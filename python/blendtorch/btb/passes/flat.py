"""Frames of Workbench: it has an image and a depth; normals and ids are images too.

Normals are the colours of a material capture (see surfaces.py), ids the colours of objects, drawn
flat. These are renders, not drawings of the 3D view, so that what is hidden in renders, and the
modifiers of renders, count in all as they do in the image.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _blendtorch
from .. import runtime, surfaces
from ..settings import changed
from .colors import Colors
from .job import Job
from .rasterised import tell_instances

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .intrinsics import Intrinsics


def render(
    job: Job,
    eye: "Callable[[], Intrinsics]",
    colors: "dict[str, Colors]",
    normals: bool,
    number_of: "Callable[[str, str], int] | None",
) -> "dict[str, NDArray[Any]]":
    """As `traced.render`; `Normal` where `normals`, and for `segmentations` and `materials`
    colours."""
    out: dict[str, NDArray[Any]] = {}
    scene = job.scene
    if "Combined" in job.passes or job.display or job.composite:
        first = tuple(name for name in job.passes if name == "Combined")
        out |= replace(job, passes=first).run()
        if first:
            out |= replace(job, passes=first).layers()
            out |= job.shown_of(out["Combined"])
    plain = replace(job, passes=("Combined", "Depth"), display=None, composite=None)
    taken = replace(plain, memory=_Renamed(job))  # type: ignore[arg-type]
    with changed(scene.display, render_aa="OFF"), changed(scene.render, film_transparent=True):
        if normals:
            with _matcap(scene):
                found = _rendered(taken)
            out["Depth"] = found["Depth"]
            out["Normal"] = _normals(found["Combined"], eye(), job)
        for kind, marked in colors.items():
            with _flat(scene, marked):
                found = _rendered(taken)
            out["Depth"] = found["Depth"]
            numbers = out[kind] = job.array(f"numbers {kind}", eye().shape, np.uint32)
            marked.read(found["Combined"], numbers)
        if "Depth" in job.passes and "Depth" not in out:
            with _flat(scene, None):
                out["Depth"] = _rendered(taken)["Depth"]
    if "segmentations" in colors and number_of is not None:
        names = colors["segmentations"].names.names
        # Workbench gives an instance the colour of the object that makes it.
        tell_instances(job, eye(), names, number_of, out, lambda place: place.instancer)
    return out


class _Renamed:
    """The memory of pictures that are read and left: not that of the image."""

    def __init__(self, job: Job) -> None:
        self._memory = job.memory

    def array(self, name: str, shape: tuple[int, ...], dtype: Any = np.float32) -> "NDArray[Any]":
        own = name if name == "Depth" else f"colours {name}"
        return self._memory.array(own, shape, dtype)


def _rendered(job: Job) -> "dict[str, NDArray[np.float32]]":
    job.run()
    return job.layers()


@contextmanager
def _matcap(scene: Any) -> Iterator[None]:
    shading = scene.display.shading
    # The name of a matcap is accepted only where the light is one.
    with (
        changed(shading, light="MATCAP"),
        changed(
            shading,
            studio_light=surfaces.load_matcap(),
            color_type="SINGLE",
            single_color=(1.0, 1.0, 1.0),
            **surfaces.PLAIN,
        ),
    ):
        yield
    surfaces.forget_file()


@contextmanager
def _flat(scene: Any, colors: Colors | None) -> Iterator[None]:
    kind = "SINGLE" if colors is None else colors.kind
    with ExitStack() as stack:
        if colors is not None:
            stack.enter_context(colors.shown())
        stack.enter_context(
            changed(scene.display.shading, light="FLAT", color_type=kind, **surfaces.PLAIN)
        )
        yield


def _normals(colors: "NDArray[np.float32]", eye: "Intrinsics", job: Job) -> "NDArray[np.float32]":
    """Of the world, as other engines have them."""
    projection = eye.projection.tolist()
    of_camera = job.array("camera's normals", (*eye.shape, 3))
    towards = runtime.matcap_towards(projection)
    # Its rows are from the top: the lowest first, flipped.
    _blendtorch.matcap_normals(
        projection, np.ascontiguousarray(colors), of_camera, scale=surfaces.SCALE, towards=towards,
        flip=True,
    )  # fmt: skip
    turn = eye.pose[:3, :3] * (1, -1, -1)
    out = job.array("Normal", (*eye.shape, 3))
    np.matmul(of_camera[::-1], turn.T.astype(np.float32), out=out)
    return out
