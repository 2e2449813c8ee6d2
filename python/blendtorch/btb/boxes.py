"""Boxes around objects: in the picture, and in space."""

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from .. import _blendtorch
from . import meshes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .drawn import Drawing

Frame = Literal["world", "camera"]


class Boxes2D(NamedTuple):
    """Upright rectangles in the picture, one an object."""

    boxes: "NDArray[np.float64]"
    """x0, y0, x1, y1 in pixels from the upper left corner, within the image; shape (N, 4).
    NaN where nothing of the object is in view."""
    in_view: "NDArray[np.bool_]"
    """Whether anything of the object is in view; shape (N,)."""


class Boxes3D(NamedTuple):
    """Boxes in space that turn with their objects, one an object; NaN where it is not drawn."""

    corners: "NDArray[np.float64]"
    """The corners, in Blender's order of `bound_box`; shape (N, 8, 3)."""
    center: "NDArray[np.float64]"
    """The middles; shape (N, 3)."""
    size: "NDArray[np.float64]"
    """Lengths of the edges along the box's own x, y and z, in world units; shape (N, 3)."""
    rotation: "NDArray[np.float64]"
    """Its columns are the box's own axes: right-handed, at right angles, of length 1;
    shape (N, 3, 3)."""


def boxes_2d(drawing: "Drawing", objs: tuple[Any, ...]) -> Boxes2D:
    """What `Camera.boxes_2d` says."""
    boxes = np.full((len(objs), 4), np.nan)
    for row, obj in zip(boxes, map(drawing.of, objs), strict=True):
        if obj is None:
            continue
        with meshes.mesh_of(obj) as mesh:
            found = _box_2d(drawing.camera, obj.matrix_world, mesh)
        if found is not None:
            row[:] = found
    return Boxes2D(boxes, ~np.isnan(boxes[:, 0]))


def _box_2d(camera: Any, matrix_world: Any, mesh: Any) -> list[float] | None:
    view, projection = meshes.rows(camera.view_matrix), meshes.rows(camera.proj_matrix)
    xyz = meshes.transform_points(matrix_world, meshes.vertices(mesh))
    all_in_view, box = _blendtorch.points_in_view(view, projection, camera.shape, xyz)
    if all_in_view is not None:
        return box
    # Only what crosses the edge of the view volume needs its faces.
    triangles, edges = meshes.triangles(mesh), meshes.loose_edges(mesh)
    return _blendtorch.mesh_box_2d(view, projection, camera.shape, xyz, triangles, edges)


def boxes_3d(drawing: "Drawing", objs: tuple[Any, ...], frame: Frame) -> Boxes3D:
    """What `Camera.boxes_3d` says."""
    to_frame = np.eye(4)
    if frame == "camera":
        to_frame[:3] = drawing.camera.extrinsics()
    n = len(objs)
    shapes = (n, 8, 3), (n, 3), (n, 3), (n, 3, 3)
    found = Boxes3D(*(np.full(shape, np.nan) for shape in shapes))
    for i, obj in enumerate(map(drawing.of, objs)):
        if obj is None:
            continue
        matrix = to_frame @ np.array(obj.matrix_world)
        values = _blendtorch.box_3d(matrix.tolist(), meshes.rows(obj.bound_box))
        for array, value in zip(found, values, strict=True):
            array[i] = value
    return found
