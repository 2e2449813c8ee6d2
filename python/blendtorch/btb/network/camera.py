"""A camera that sees all cells, and is the scene's.

Owns where it stands: it is put there again when a script runs again, unless somebody has moved it
since. Units are Blender's, µm.
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import bpy
import numpy as np
from mathutils import Matrix

from . import marked

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NAME = "Network Camera"
_PLACED = "blendtorch_placed"
MARGIN = 1.05
"""How much farther away it is than where the outermost cells touch the picture's sides."""


def ensure(scene: Any, root: Any) -> Any:
    """The camera of a network, made where there is none; a new one becomes the scene's."""
    found = marked.objects(root, "camera")
    if found:
        return found[0]
    there = [obj for obj in root.objects if obj.type == "CAMERA" and obj.name == NAME]
    if there:  # The BSB's module made it, where it sees no cell.
        camera = there[0]
        if _is_bsbs(camera):
            camera[_PLACED] = _rounded(camera)
    else:
        camera = bpy.data.objects.new(NAME, bpy.data.cameras.new(NAME))
        root.objects.link(camera)
        camera[_PLACED] = _rounded(camera)
    marked.mark(camera, "camera", NAME)
    scene.camera = camera
    return camera


def frame(
    scene: Any,
    camera: Any,
    parts: "Iterable[tuple[NDArray[np.float32], float]]",
    *,
    elevation: float = 25.0,
    azimuth: float = -60.0,
    lens: float = 50.0,
    up: Literal["z", "-z"] = "z",
    force: bool = False,
) -> None:
    """Puts it where it sees all cells, as near as that goes, unless somebody has moved it.

    Args:
        scene: gives the shape of pictures.
        camera: the object.
        parts: of cells, locations n × 3 and the largest radius.
        elevation: of the camera above the cells, in degrees.
        azimuth: about the axis that is up, from +x, in degrees.
        lens: the focal length, mm, of a sensor of 36 mm.
        up: the axis that is up in pictures.
        force: wherever it is now.
    """
    if not (force or _is_where_we_put_it(camera)):
        return
    back, sign = backward(elevation, azimuth, up)
    right, above = across(back, sign)
    camera.data.lens = lens
    sides = tangents(scene, lens)
    high, far = np.full(4, -np.inf), [np.inf, -np.inf]
    for locations, radius in parts:
        seen = np.isfinite(locations).all(1) if len(locations) else np.zeros(0, bool)
        if not seen.any():
            continue
        points = np.asarray(locations[seen], np.float64)
        x, y, z = points @ right, points @ above, points @ back
        for side, (along, tangent) in enumerate(
            ((x, sides[0]), (-x, sides[0]), (y, sides[1]), (-y, sides[1]))
        ):
            reach = float(np.max(along + tangent * z)) + radius * math.hypot(1, tangent)
            high[side] = max(high[side], reach)
        far = [min(far[0], float(z.min()) - radius), max(far[1], float(z.max()) + radius)]
    if not np.isfinite(high).all():
        return
    # Sides of the picture are planes that touch the outermost spheres: no nearer, no farther.
    aside, upward = (high[0] - high[1]) / 2, (high[2] - high[3]) / 2
    distance = max((high[0] + high[1]) / sides[0], (high[2] + high[3]) / sides[1]) / 2
    nearest = max(far[1] - far[0], 1.0)
    distance = far[1] + max((distance - far[1]) * MARGIN, nearest * 0.01)
    put(camera, right * aside + above * upward + back * distance, back, sign)
    clip(camera, distance, far)


def look_at(
    camera: Any,
    location: "ArrayLike",
    target: "ArrayLike",
    up: Literal["z", "-z"] = "z",
) -> None:
    """Puts it at `location`, looking at `target`."""
    at = np.asarray(location, np.float64)
    back = at - np.asarray(target, np.float64)
    length = float(np.linalg.norm(back))
    if not length:
        raise ValueError(f"the camera is to look from {list(at)} at the same place")
    put(camera, at, back / length, 1.0 if up == "z" else -1.0)
    camera.data.clip_end = max(camera.data.clip_end, 100 * length)
    camera.data.clip_start = min(camera.data.clip_start, length / 1000)


def put(camera: Any, at: "NDArray[np.float64]", back: "NDArray[np.float64]", sign: float) -> None:
    """Puts it somewhere, with its back to a direction."""
    right, above = across(back, sign)
    rows = np.eye(4)
    rows[:3, :] = np.stack([right, above, back, at], 1)
    camera.matrix_world = Matrix(rows.tolist())
    camera[_PLACED] = _rounded(camera)


def backward(elevation: float, azimuth: float, up: str) -> "tuple[NDArray[np.float64], float]":
    """From the target to the camera, and 1 or -1: which way up is along z."""
    sign = 1.0 if up == "z" else -1.0
    e, a = math.radians(elevation), math.radians(azimuth)
    back = [math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), sign * math.sin(e)]
    return np.array(back), sign


def across(
    back: "NDArray[np.float64]", sign: float
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """To the right in the picture, and up in it."""
    right = np.cross([0.0, 0.0, sign], back)
    if np.linalg.norm(right) < 1e-6:  # It looks along the axis.
        right = np.array([1.0, 0.0, 0.0])
    right = right / np.linalg.norm(right)
    return right, np.cross(back, right)


def tangents(scene: Any, lens: float) -> tuple[float, float]:
    """Of half the angles that pictures show, across and upwards."""
    render = scene.render
    width = render.resolution_x * render.pixel_aspect_x
    height = render.resolution_y * render.pixel_aspect_y
    half = 18.0 / lens
    largest = max(width, height)
    return half * width / largest, half * height / largest


def clip(camera: Any, distance: float, far: "list[float]") -> None:
    """Sets the planes between which it sees; `far` is from where to where cells are, along its
    back."""
    data = camera.data
    data.clip_end = max(1000.0, 4 * (distance - far[0]))
    data.clip_start = max(min(0.1, (distance - far[1]) / 2), data.clip_end * 1e-6)


def _rounded(camera: Any) -> list[float]:
    return [*map(float, camera.location), *map(float, camera.rotation_euler)]


def _is_where_we_put_it(camera: Any) -> bool:
    placed = camera.get(_PLACED)
    return placed is not None and bool(np.allclose(_rounded(camera), list(placed), atol=1e-4))


def _is_bsbs(camera: Any) -> bool:
    return bool(
        np.allclose(camera.location, (150.65, -331.79, 269.37), atol=0.01)
        and np.allclose(camera.rotation_euler, (68.3, 0, 0), atol=0.01)
    )
