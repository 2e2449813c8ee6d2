"""From world coordinates to the pixels of a Blender camera."""

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING, Any, Literal

import bpy
import numpy as np
from mathutils import Matrix, Vector

from .. import _blendtorch
from ..renamed import also_called
from . import alive, boxes, drawn, meshes, visibility
from .boxes import Boxes2D, Boxes3D, Frame
from .meshes import rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Origin = Literal["upper-left", "lower-left"]


class Camera:
    """A Blender camera, perspective or orthographic, and the size of its image.

    Everything is of the camera and the scene as they are at the call, and of what is drawn: an
    object that the pictures do not show has no pixels and no boxes. Conventions of pixels, depth,
    matrices and boxes, and what is drawn by what, are on one page, docs/camera.md.

    Pixels are continuous: (0, 0) is the corner of the image, (0.5, 0.5) the centre of its first
    pixel. Points behind a perspective camera come out mirrored; their depth is negative.
    """

    def __init__(
        self,
        bpy_camera: Any = None,
        shape: tuple[int, int] | None = None,
        drawn_by: str | None = None,
    ) -> None:
        """Wraps `bpy_camera` (by default the scene's), for images of `shape` (height, width; by
        default that of the render settings, as they are now), drawn by `drawn_by`.

        Where another file is loaded, the scene's camera that was taken by default becomes that of
        the new scene, for images of the same shape; one that was passed is gone, which is an error
        where it is used.
        """
        camera = bpy_camera or bpy.context.scene.camera
        if camera is None:
            raise ValueError("the scene has no camera: set scene.camera, or pass bpy_camera")
        renew = None if bpy_camera else lambda: bpy.context.scene.camera
        self._kept = alive.Kept(camera, "the camera of this btb.Camera", renew)
        self.shape = Camera.shape_from_bpy() if shape is None else (int(shape[0]), int(shape[1]))
        self._view: Matrix | None = None
        self._projection: Matrix | None = None
        self.drawn_by = drawn_by

    @property
    def drawn_by(self) -> str:
        """By what the pictures are drawn that annotation is for.

        `CYCLES`, or a drawing of the 3D view by `EEVEE` or `WORKBENCH`; `VIEW` is such a drawing
        by the scene's engine, `RENDER` is Blender's own render by it. Until it is set it is what
        the renderer uses that was made last for this Blender camera and is still there. Without one
        it is `RENDER` where the scene's engine is Cycles and `VIEW` where not, but `RENDER` for
        annotation of what only a render shows. None takes back what was set.
        """
        return self.told_way() or drawn.way_of_scene(bpy.context.scene)

    def told_way(self) -> str | None:
        """`drawn_by`, or None where it was neither set nor told by a renderer."""
        return self._drawn_by or drawn.told(self)

    @drawn_by.setter
    def drawn_by(self, way: str | None) -> None:
        if way is not None and way not in drawn.WAYS:
            raise ValueError(f"drawn_by must be {', '.join(drawn.WAYS)} or None, not {way!r}")
        self._drawn_by = way

    @property
    def view_matrix(self) -> Matrix:
        """World to camera, 4 × 4, of the camera as it is now.

        A matrix that is set here, as a whole, stays until `update_view_matrix` or `look_at`. The 3D
        view is drawn by it; Cycles knows the Blender camera only.
        """
        return self._view or Camera.view_from_bpy(self.bpy_camera)

    @view_matrix.setter
    def view_matrix(self, matrix: Any) -> None:
        self._view = Matrix(matrix)

    @property
    def proj_matrix(self) -> Matrix:
        """Camera to clip coordinates, 4 × 4, of the lens as it is now and `shape`.

        A matrix that is set here, as a whole, stays until `update_proj_matrix`.
        """
        return self._projection or Camera.proj_from_bpy(self.bpy_camera, self.shape)

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
        shape = shape or Camera.shape_from_bpy()
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

    def object_to_pixel(self, *objs: Any, return_depth: bool = False) -> Any:
        """Pixel coordinates (N × 2) of the objects' evaluated vertices, concatenated.

        With `return_depth` a pair: these, and the linear depth (N). Both are NaN for an object that
        is not drawn: one that is hidden, say. Of what is drawn or not, `btb.utils` has coordinates.
        """
        return self._objects_to_pixel(meshes.world_vertices, objs, return_depth)

    def bbox_object_to_pixel(self, *objs: Any, return_depth: bool = False) -> Any:
        """Pixel coordinates (8 each, × 2) of the corners of the objects' bounding boxes.

        With `return_depth` a pair: these, and the linear depth. NaN for objects that are not drawn.
        """
        return self._objects_to_pixel(meshes.world_corners, objs, return_depth)

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

    def boxes_2d(self, *objs: Any) -> Boxes2D:
        """The smallest upright rectangle around what of each object is in view.

        A pair: `boxes` (N × 4: x0, y0, x1, y1 in pixels from the upper left corner, within the
        image; NaN where nothing is in view) and `in_view` (N booleans). An object that is not drawn
        is not in view.

        Objects are clipped to the image and to the clip range, so this is right for what reaches
        behind the camera too. What another object hides counts: see `visibility`.
        """
        self._check_projects()
        return drawn.look(self, objs, lambda drawing: boxes.boxes_2d(drawing, objs))

    def boxes_3d(self, *objs: Any, frame: Frame = "world") -> Boxes3D:
        """The box of each object in space, turned with the object.

        A tuple: `corners` (N × 8 × 3, those of `bbox_world_coordinates`), `center` (N × 3),
        `size` (N × 3) and `rotation` (N × 3 × 3, its columns are the box's axes). NaN for objects
        that are not drawn.

        Args:
            objs: whose boxes.
            frame: `world`, or `camera`, which is that of `extrinsics`.
        """
        if frame not in ("world", "camera"):
            raise ValueError(f'frame must be "world" or "camera", not {frame!r}')
        return drawn.look(self, objs, lambda drawing: boxes.boxes_3d(drawing, objs, frame))

    def visibility(
        self,
        *objs: Any,
        N: int = 100,  # noqa: N803 (as in compute_object_visibility)
    ) -> "NDArray[np.float64]":
        """The fraction of each object that is seen, by `N` random rays each; as many values.

        See `btb.utils.compute_object_visibility`.
        """
        return visibility.visibility(self, objs, N)

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

    def _objects_to_pixel(
        self,
        points_of: "Callable[[Any], NDArray[np.float64]]",
        objs: tuple[Any, ...],
        return_depth: bool,
    ) -> Any:
        def project(drawing: drawn.Drawing) -> Any:
            def points(obj: Any) -> "NDArray[np.float64]":
                found = drawing.of(obj)
                if found is not None:
                    return points_of(found)
                return np.full_like(points_of(obj.evaluated_get(drawing.depsgraph)), np.nan)

            xyz = meshes.concatenate([points(obj) for obj in objs])
            return drawing.camera.world_to_ndc(xyz, return_depth=True)

        ndc, depth = drawn.look(self, objs, project)
        xy = self.ndc_to_pixel(ndc)
        return (xy, depth) if return_depth else xy

    def _still(self, depsgraph: Any) -> "Camera":
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
