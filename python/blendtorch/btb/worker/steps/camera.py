"""Steps that move the camera.

Owns how a rotation becomes the camera's own, whichever way it keeps it. Locations and rotations are
local, in the space of its parent, where nothing else is said.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy
from mathutils import Euler, Matrix, Quaternion, Vector

from .. import fcurves
from ..checks import LAST_FRAME, finite, square, vector, whole
from ..opened import Opened
from ..telling import warn
from .table import step

_MOVED = ("location", "rotation_euler", "rotation_quaternion", "rotation_axis_angle", "scale")


@step()
def unbind_camera(opened: Opened, clear_animations: bool = True) -> None:
    """Frees the camera from constraints, its parent and its animation; it stays where it is."""
    camera = opened.camera
    matrix = camera.matrix_world.copy()
    for constraint in list(camera.constraints):
        camera.constraints.remove(constraint)
    if clear_animations:
        camera.animation_data_clear()
    camera.parent = None
    camera.matrix_world = matrix
    bpy.context.view_layer.update()


@step()
def position_camera(
    opened: Opened,
    location: list[float] | None = None,
    rotation: list[Any] | None = None,
    look_at: list[float] | None = None,
    in_order: bool = True,
) -> None:
    """Places the camera.

    Args:
        location: where; None keeps what is.
        rotation: a rotation matrix, 3 × 3 or 4 × 4, or three angles in radians (Euler XYZ).
        look_at: a point to look at, with y up.
        in_order: choose, of the angles that mean the same, those next to the ones before.

    Raises:
        ValueError: both `rotation` and `look_at`; or what is none of these.
    """
    if look_at is not None and rotation is not None:
        raise ValueError("position_camera: only one of `look_at` and `rotation` can be given")
    place = None if location is None else Vector(vector(location, "location"))
    turn = None if rotation is None else _turn(rotation)
    with _checked(opened.camera) as camera:
        goal = None
        if look_at is not None:
            here = camera.location if place is None else place
            goal = Vector(vector(look_at, "look_at")) - here
            if goal.length < 1e-9:
                raise ValueError("position_camera: `look_at` is where the camera is")
        if place is not None:
            camera.location = place
        if goal is not None:
            turn = goal.to_track_quat("-Z", "Y")
        if turn is not None:
            _set_rotation(camera, turn, in_order)


@step()
def rotate_camera(opened: Opened, angle: float) -> None:
    """Turns the camera about its optical axis, by radians clockwise."""
    turn = Quaternion((0, 0, 1), -finite(angle, "angle"))
    with _checked(opened.camera, moves=angle != 0) as camera:
        _set_rotation(camera, _rotation(camera) @ turn, in_order=True)


@step()
def offset_camera(opened: Opened, offset: list[float]) -> None:
    """Moves the camera along its own axes: to the right, up, backwards; in the scene's units."""
    by = Vector(vector(offset, "offset"))
    with _checked(opened.camera, moves=by.length > 0) as camera:
        world = camera.matrix_world
        local = camera.matrix_basis
        # What lies between the camera's own values and the world: parents, and constraints.
        between = (world @ local.inverted_safe()).to_3x3()
        axes = world.to_quaternion().to_matrix()
        camera.location += between.inverted_safe() @ (axes @ by)


@step()
def set_camera_keyframe(
    opened: Opened, frame_num: int, matrix: list[list[float]] | None = None
) -> None:
    """Keys the camera's location, rotation and scale at a frame; with `matrix` (camera to world,
    4 × 4) those that it says.

    Raises:
        ValueError: it is no such matrix, or Blender has no such frame.
    """
    camera = opened.camera
    frame = whole(frame_num, "frame_num", -LAST_FRAME, LAST_FRAME)
    if matrix is not None:
        rows = square(matrix, "matrix", (4,))
        euler, quaternion = camera.rotation_euler.copy(), camera.rotation_quaternion.copy()
        camera.matrix_world = Matrix(rows)
        # Between keys the camera must not turn the long way round.
        _put_next_to(camera, "rotation_euler", euler)
        _put_next_to(camera, "rotation_quaternion", quaternion)
    # VisionSim keys the Euler angles, which count only where the camera is turned by them.
    rotation = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
    for path in ("location", rotation.get(camera.rotation_mode, "rotation_euler"), "scale"):
        camera.keyframe_insert(data_path=path, frame=frame)
    bpy.context.view_layer.update()


def held_by(camera: Any) -> list[str]:
    """What moves the camera back, in the next frame at the latest."""
    found = [f"constraint {one.name!r}" for one in camera.constraints if not one.mute]
    data = camera.animation_data
    if data is None:
        return found
    curves = [*fcurves.of_owner(camera), *data.drivers]
    if any(curve.data_path in _MOVED and not curve.mute for curve in curves):
        found.append("its animation")
    if any(
        not track.mute and any(not one.mute for one in track.strips) for track in data.nla_tracks
    ):
        found.append("its NLA tracks")
    return found


@contextmanager
def _checked(camera: Any, moves: bool = True) -> Iterator[Any]:
    """Warns where the camera does not stay where it is put."""
    before = camera.matrix_world.copy()
    yield camera
    bpy.context.view_layer.update()
    held = held_by(camera)
    if held:
        warn(
            f"the camera {camera.name!r} does not stay where it is put: {' and '.join(held)} moves "
            "it; call unbind_camera() first"
        )
    elif moves and _close(before, camera.matrix_world):
        warn(f"the camera {camera.name!r} did not move: it is there already")


def _close(one: Any, other: Any) -> bool:
    return all(
        math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-8)
        for left, right in zip(one, other, strict=True)
        for a, b in zip(left, right, strict=True)
    )


def _turn(rotation: list[Any]) -> Any:
    if len(rotation) == 3 and not isinstance(rotation[0], list | tuple):
        return Euler(vector(rotation, "rotation")).to_quaternion()
    return Matrix(square(rotation, "rotation", (3, 4))).to_quaternion()


def _rotation(camera: Any) -> Any:
    return camera.matrix_basis.to_quaternion()


def _set_rotation(camera: Any, turn: Any, in_order: bool) -> None:
    """Makes this the camera's rotation, however it keeps it."""
    match camera.rotation_mode:
        case "QUATERNION":
            name, before = "rotation_quaternion", camera.rotation_quaternion.copy()
            camera.rotation_quaternion = turn
        case "AXIS_ANGLE":
            axis, angle = turn.to_axis_angle()
            camera.rotation_axis_angle = (angle, *axis)
            return
        case order:
            name, before = "rotation_euler", camera.rotation_euler.copy()
            camera.rotation_euler = turn.to_euler(order)
    if in_order:
        _put_next_to(camera, name, before)


def _put_next_to(camera: Any, name: str, before: Any) -> None:
    """Of the values that mean the camera's rotation, those next to the ones before."""
    rotation = getattr(camera, name).copy()
    rotation.make_compatible(before)
    setattr(camera, name, rotation)
