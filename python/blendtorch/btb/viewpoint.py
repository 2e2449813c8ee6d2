"""Where a picture is seen from: a Blender camera, and the size of its image.

Owns the two matrices, and what follows from them alone: from world coordinates to pixels, and the
matrices of OpenCV. It must never know what is drawn, nor an object but the camera.
"""

from copy import copy
from typing import TYPE_CHECKING, Any, Literal, Self

import bpy
import numpy as np
from mathutils import Matrix, Vector

from .. import _blendtorch
from ..renamed import also_called
from . import alive, meshes
from .meshes import rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Origin = Literal["upper-left", "lower-left"]


class Viewpoint:
    """A Blender camera, perspective or orthographic, and the size of its image: what of a
    `btb.Camera` does not depend on what is drawn."""

    def __init__(self, bpy_camera: Any = None, shape: tuple[int, int] | None = None) -> None:
        """As that of `btb.Camera`."""
        camera = bpy_camera or bpy.context.scene.camera
        if camera is None:
            raise ValueError("the scene has no camera: set scene.camera, or pass bpy_camera")
        renew = None if bpy_camera else lambda: bpy.context.scene.camera
        self._kept = alive.Kept(camera, "the camera of this btb.Camera", renew)
        self.shape = Viewpoint.shape_from_bpy() if shape is None else (int(shape[0]), int(shape[1]))
        self._view: Matrix | None = None
        self._projection: Matrix | None = None
        self._drawn_by: str | None = None
        """By what the pictures are drawn, where that was set."""

    @property
    def view_matrix(self) -> Matrix:
        """World to camera, 4 × 4, of the camera as it is now.

        A matrix that is set here, as a whole, stays until `update_view_matrix` or `look_at`. The 3D
        view is drawn by it; Cycles knows the Blender camera only.
        """
        return self._view or Viewpoint.view_from_bpy(self.bpy_camera)

    @view_matrix.setter
    def view_matrix(self, matrix: Any) -> None:
        self._view = Matrix(matrix)

    @property
    def proj_matrix(self) -> Matrix:
        """Camera to clip coordinates, 4 × 4, of the lens as it is now and `shape`.

        A matrix that is set here, as a whole, stays until `update_proj_matrix`.
        """
        return self._projection or Viewpoint.proj_from_bpy(self.bpy_camera, self.shape)

    @proj_matrix.setter
    def proj_matrix(self, matrix: Any) -> None:
        self._projection = Matrix(matrix)

    @property
    def bpy_camera(self) -> Any:
        """The Blender camera.

        Raises:
            ReferenceError: it is gone: it was deleted, or another file was loaded.
        """
        self.check_alive()
        return self._kept.get()

    @bpy_camera.setter
    def bpy_camera(self, bpy_camera: Any) -> None:
        self._kept = alive.Kept(bpy_camera, "the camera of this btb.Camera")

    def check_alive(self) -> None:
        """Sees that the Blender camera is there, before anything is done with matrices. Those that
        were set are forgotten where the scene's camera is another one after loading.

        Raises:
            ReferenceError: it is gone.
        """
        if self._kept.gone:
            self._kept.get()
            self.update_view_matrix()
            self.update_proj_matrix()

    def set_as_active_camera(self, scene: Any = None) -> None:
        """Makes this the camera of `scene`, by default of the current one."""
        (scene or bpy.context.scene).camera = self.bpy_camera

    def update_view_matrix(self) -> None:
        """Forgets a view matrix that was set. One that was not is that of the camera anyway."""
        self._view = None

    def update_proj_matrix(self) -> None:
        """Forgets a projection matrix that was set."""
        self._projection = None

    @property
    def type(self) -> str:
        """`PERSP`, `ORTHO` or `PANO` (which has no projection matrix)."""
        return str(self.bpy_camera.data.type)

    @property
    def clip_range(self) -> tuple[float, float]:
        """Distances of the near and the far plane."""
        return self.bpy_camera.data.clip_start, self.bpy_camera.data.clip_end

    @staticmethod
    def shape_from_bpy(bpy_render: Any = None) -> tuple[int, int]:
        """(height, width) of rendered images, the resolution percentage included."""
        render = bpy_render or bpy.context.scene.render
        percent = render.resolution_percentage
        return render.resolution_y * percent // 100, render.resolution_x * percent // 100

    @staticmethod
    def view_from_bpy(bpy_camera: Any = None) -> Matrix:
        """World to camera: the inverse of the camera's world matrix without its scale.

        The world matrix is brought up to date first, so that a camera that was moved by the line
        before counts where it is now, also one that is hidden.
        """
        camera = bpy_camera or bpy.context.scene.camera
        if meshes.is_by_itself(camera):
            return _view_of(camera.matrix_basis)
        with meshes.evaluated_now(camera) as (_, evaluated):
            return _view_of(evaluated.matrix_world)

    @staticmethod
    def proj_from_bpy(bpy_camera: Any = None, shape: tuple[int, int] | None = None) -> Matrix:
        """Camera to clip coordinates, for images of `shape` (height, width)."""
        camera = bpy_camera or bpy.context.scene.camera
        shape = shape or Viewpoint.shape_from_bpy()
        if meshes.is_by_itself(camera):
            return _projection_of(camera, bpy.context.evaluated_depsgraph_get(), shape)
        with meshes.evaluated_now(camera) as (depsgraph, evaluated):
            return _projection_of(evaluated, depsgraph, shape)

    @also_called(xyz_world="xyz")
    def world_to_ndc(self, xyz: "ArrayLike", return_depth: bool = False) -> Any:
        """Normalised device coordinates (N × 3) of world coordinates (N × 3).

        With `return_depth` a pair: these, and the linear depth (N): the distance along −Z of the
        camera, in world units.
        """
        self._check_projects()
        points = np.ascontiguousarray(xyz, dtype=np.float64).reshape(-1, 3)
        ndc = np.empty_like(points)
        depth = np.empty(len(points)) if return_depth else None
        _blendtorch.world_to_ndc(
            rows(self.view_matrix),
            rows(self.proj_matrix),
            points,
            ndc,
            depth,
        )
        return (ndc, depth) if return_depth else ndc

    def ndc_to_pixel(
        self, ndc: "ArrayLike", origin: Origin = "upper-left"
    ) -> "NDArray[np.float64]":
        """Pixel coordinates (N × 2; x, y) of normalised device coordinates (N × 3)."""
        points = np.ascontiguousarray(ndc, dtype=np.float64).reshape(-1, 3)
        xy = np.empty((len(points), 2))
        _blendtorch.ndc_to_pixel(self.shape, origin, points, xy)
        return xy

    def intrinsics(self, integer_centers: bool = False) -> "NDArray[np.float64]":
        """The matrix K of OpenCV's pinhole camera, in pixels; 3 × 3.

        `K @ R|t @ (x, y, z, 1)` are the pixels of `object_to_pixel` times the depth. Lens, sensor,
        shift and pixel aspect are in it; there is no distortion and no skew.

        Args:
            integer_centers: for pixels whose centres are whole numbers, as OpenCV's functions take
                them: `cx` and `cy` are smaller by a half. By default (0, 0) is the corner of
                the image.

        Raises:
            ValueError: the camera is not perspective. `camera_matrix` is there for any camera.
        """
        self._check_projects()
        return np.array(_blendtorch.intrinsics(rows(self.proj_matrix), self.shape, integer_centers))

    def extrinsics(self) -> "NDArray[np.float64]":
        """The matrix [R|t] from world coordinates to OpenCV's camera frame; 3 × 4.

        That frame has x to the right, y down, and z forwards: z is the depth. Units are the
        world's. R is a rotation, unless the camera is mirrored by a negative scale.
        """
        self.check_alive()
        return np.array(_blendtorch.extrinsics(rows(self.view_matrix)))

    def camera_matrix(self, integer_centers: bool = False) -> "NDArray[np.float64]":
        """The matrix P from world coordinates to pixels, of any camera; 3 × 4.

        `P @ (x, y, z, 1)` is (u·w, v·w, w). Of a perspective camera it is K @ [R|t], and w is the
        depth; of an orthographic one it is affine: w is 1. `integer_centers` as for `intrinsics`.
        """
        self._check_projects()
        view, projection = rows(self.view_matrix), rows(self.proj_matrix)
        return np.array(_blendtorch.camera_matrix(view, projection, self.shape, integer_centers))

    def distance(self, xyz: "ArrayLike") -> "NDArray[np.float64]":
        """Lengths (N) of the lines of sight to world coordinates (N × 3), in world units.

        From the camera's eye; of an orthographic camera, whose lines of sight are parallel, from
        its plane, which is the depth.
        """
        self._check_projects()
        points = np.ascontiguousarray(xyz, dtype=np.float64).reshape(-1, 3)
        distance = np.empty(len(points))
        view, projection = rows(self.view_matrix), rows(self.proj_matrix)
        _blendtorch.sight_distance(view, projection, points, distance)
        return distance

    def look_at(self, look_at: Any = None, look_from: Any = None) -> None:
        """Moves the camera to `look_from` (by default it stays) and turns it to `look_at` (by
        default the origin), both in world coordinates; +Y of the camera points up. A view matrix
        that was set is forgotten.

        Raises:
            ValueError: both are the same point.
        """
        camera = self.bpy_camera
        with meshes.evaluated_now(camera) as (_, evaluated):
            here = evaluated.matrix_world.translation.copy()
        source = Vector(here if look_from is None else look_from)
        target = Vector((0.0, 0.0, 0.0) if look_at is None else look_at)
        if source == target:
            raise ValueError(f"look_at and look_from are the same point, {tuple(source)}")
        turned = (target - source).to_track_quat("-Z", "Y")
        if camera.parent is not None:
            scale = camera.matrix_world.to_scale()
            camera.matrix_world = Matrix.LocRotScale(source, turned, scale)
        else:
            camera.location = source
            camera.rotation_mode = "XYZ"
            camera.rotation_euler = turned.to_euler()
        self.update_view_matrix()

    def check_unset(self) -> None:
        """For renders of Blender's own, which know the Blender camera only.

        Raises:
            ValueError: a matrix was set.
        """
        if self._view or self._projection:
            raise ValueError(
                "a matrix of the camera was set, but renders are of the Blender camera: move that, "
                "and call update_view_matrix() and update_proj_matrix()"
            )

    def _check_projects(self) -> None:
        """Other cameras (panoramic, custom) have a matrix too, but not one that says where their
        points are."""
        if self.type not in ("PERSP", "ORTHO"):
            raise ValueError(
                f"camera {self.bpy_camera.name!r} is of type {self.type}: only PERSP and ORTHO "
                "cameras project by a matrix; change its lens type"
            )

    def _still(self, depsgraph: Any) -> Self:
        """This camera as `depsgraph` has it, with matrices that stay."""
        still = copy(self)
        if depsgraph.mode == "RENDER":
            evaluated = self.bpy_camera.evaluated_get(depsgraph)
            still._view = self._view or _view_of(evaluated.matrix_world)
            still._projection = self._projection or _projection_of(evaluated, depsgraph, self.shape)
        else:
            still._view, still._projection = self.view_matrix, self.proj_matrix
        return still


def _view_of(matrix_world: Matrix) -> Matrix:
    return matrix_world.normalized().inverted()


def _projection_of(evaluated: Any, depsgraph: Any, shape: tuple[int, int]) -> Matrix:
    height, width = shape
    render = depsgraph.scene.render
    return evaluated.calc_matrix_camera(
        depsgraph,
        x=width,
        y=height,
        scale_x=render.pixel_aspect_x,
        scale_y=render.pixel_aspect_y,
    )
