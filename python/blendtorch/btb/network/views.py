"""The camera of a description: `"auto"`, from an angle, or from a place.

Owns what each key does. It must never change another camera than the network's.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import camera

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Parts = Sequence[tuple[NDArray[np.float32], float]]

LENS = 50.0


def apply(scene: Any, eye: Any, view: "str | Mapping[str, Any]", parts: "Parts") -> None:
    """Puts a camera where a description says.

    Args:
        scene: gives the shape of pictures.
        eye: the camera.
        view: as in a description, with all keys.
        parts: of cells, locations n × 3 and the largest radius.

    Raises:
        ValueError: it is to look at where it is.
    """
    eye.data.type = "PERSP"
    if isinstance(view, str):
        camera.frame(scene, eye, parts, lens=LENS, force=True)
        return
    up = view["up"]
    said = view.get("lens")
    lens = LENS if said is None else float(said)
    if "location" in view:
        eye.data.lens = lens
        camera.look_at(eye, view["location"], view["look_at"], up)
        return
    angles = {"elevation": float(view["elevation"]), "azimuth": float(view["azimuth"])}
    if view["target"] is None and view["distance"] is None and not view["orthographic"]:
        camera.frame(scene, eye, parts, lens=lens, up=up, force=True, **angles)
        return
    _aim(scene, eye, view, parts, lens)


def _aim(scene: Any, eye: Any, view: Mapping[str, Any], parts: "Parts", lens: float) -> None:
    """From an angle, at a target, from a distance or from where all cells are seen."""
    eye.data.lens = lens
    points, radius = _all(parts)
    middle = (points.min(0) + points.max(0)) / 2 if len(points) else np.zeros(3)
    target = np.asarray(middle if view["target"] is None else view["target"], np.float64)
    back, sign = camera.backward(view["elevation"], view["azimuth"], view["up"])
    right, above = camera.across(back, sign)
    tangents = camera.tangents(scene, lens)
    x, y, z = (np.abs((points - target) @ right), np.abs((points - target) @ above),
               (points - target) @ back)  # fmt: skip
    near = 1.0 if not len(points) else float(max(z.max() + radius, 1.0))
    if view["distance"] is not None:
        distance = float(view["distance"])
    elif view["orthographic"] or not len(points):
        distance = 2 * near
    else:
        reach = [
            float(np.max(across + tangent * z)) + radius * math.hypot(1, tangent)
            for across, tangent in ((x, tangents[0]), (y, tangents[1]))
        ]
        distance = max(reach[0] / tangents[0], reach[1] / tangents[1], near) * camera.MARGIN
    camera.put(eye, target + back * distance, back, sign)
    far = [float(z.min()) - radius, near] if len(points) else [-1.0, 1.0]
    if view["orthographic"]:
        eye.data.type = "ORTHO"
        sides = (float(x.max()), float(y.max())) if len(points) else (1.0, 1.0)
        if view["distance"] is not None:  # As much as is seen there with perspective.
            eye.data.ortho_scale = 2 * distance * max(tangents)
        else:
            ratio = max((side + radius) / t for side, t in zip(sides, tangents, strict=True))
            eye.data.ortho_scale = 2 * ratio * max(tangents) * camera.MARGIN
    camera.clip(eye, distance, far)


def _all(parts: "Parts") -> "tuple[NDArray[np.float64], float]":
    rows = [np.asarray(at, np.float64)[np.isfinite(at).all(1)] for at, _ in parts if len(at)]
    points = np.concatenate(rows) if rows else np.zeros((0, 3))
    return points, max((float(radius) for _, radius in parts), default=0.0)
