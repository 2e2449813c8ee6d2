"""From world coordinates to the pixels of a Blender camera."""

from typing import TYPE_CHECKING, Any, Literal

import bpy
import numpy as np
from mathutils import Vector

from .. import _blendtorch
from . import utils

if TYPE_CHECKING:
    from mathutils import Matrix
    from numpy.typing import ArrayLike, NDArray

Origin = Literal["upper-left", "lower-left"]


class Camera:
    """A Blender camera, perspective or orthographic, and the size of its image.

    The view and projection matrices are taken when the object is made. After moving the camera
    call `update_view_matrix`, after changing its lens `update_proj_matrix`.

    Pixels are continuous: (0, 0) is the corner of the image, (0.5, 0.5) the centre of its first
    pixel. Points behind a perspective camera come out mirrored; their depth is negative.
    """

    def __init__(self, bpy_camera: Any = None, shape: tuple[int, int] | None = None) -> None:
        """Wraps `bpy_camera` (by default the scene's), for images of `shape` (height, width; by
        default that of the render settings)."""
        camera = bpy_camera or bpy.context.scene.camera
        if camera is None:
            raise ValueError("the scene has no camera: set scene.camera, or pass bpy_camera")
        self.bpy_camera = camera
        self.shape = Camera.shape_from_bpy() if shape is None else (int(shape[0]), int(shape[1]))
        self.view_matrix = Camera.view_from_bpy(camera)
        self.proj_matrix = Camera.proj_from_bpy(camera, self.shape)

    def update_view_matrix(self) -> None:
        """Takes the view matrix anew: after the camera moved."""
        self.view_matrix = Camera.view_from_bpy(self.bpy_camera)

    def update_proj_matrix(self) -> None:
        """Takes the projection matrix anew: after the lens or `shape` changed."""
        self.proj_matrix = Camera.proj_from_bpy(self.bpy_camera, self.shape)

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
    def view_from_bpy(bpy_camera: Any = None) -> "Matrix":
        """World to camera: the inverse of the camera's world matrix without its scale.

        The world matrix is brought up to date first, so that a camera that was moved by the line
        before counts where it is now.
        """
        camera = bpy_camera or bpy.context.scene.camera
        depsgraph = bpy.context.evaluated_depsgraph_get()
        return camera.evaluated_get(depsgraph).matrix_world.normalized().inverted()

    @staticmethod
    def proj_from_bpy(bpy_camera: Any = None, shape: tuple[int, int] | None = None) -> "Matrix":
        """Camera to clip coordinates, for images of `shape` (height, width)."""
        camera = bpy_camera or bpy.context.scene.camera
        height, width = shape or Camera.shape_from_bpy()
        render = bpy.context.scene.render
        return camera.calc_matrix_camera(
            bpy.context.evaluated_depsgraph_get(),
            x=width,
            y=height,
            scale_x=render.pixel_aspect_x,
            scale_y=render.pixel_aspect_y,
        )

    def world_to_ndc(self, xyz_world: "ArrayLike", return_depth: bool = False) -> Any:
        """Normalised device coordinates (N × 3) of world coordinates (N × 3).

        With `return_depth` a pair: these, and the linear depth (N): the distance along −Z of the
        camera, in world units.
        """
        xyz = np.ascontiguousarray(xyz_world, dtype=np.float64).reshape(-1, 3)
        ndc = np.empty_like(xyz)
        depth = np.empty(len(xyz)) if return_depth else None
        _blendtorch.world_to_ndc(
            [list(row) for row in self.view_matrix],
            [list(row) for row in self.proj_matrix],
            xyz,
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

        With `return_depth` a pair: these, and the linear depth (N).
        """
        return self._world_to_pixel(utils.world_coordinates(*objs), return_depth)

    def bbox_object_to_pixel(self, *objs: Any, return_depth: bool = False) -> Any:
        """Pixel coordinates (8 each, × 2) of the corners of the objects' bounding boxes.

        With `return_depth` a pair: these, and the linear depth.
        """
        return self._world_to_pixel(utils.bbox_world_coordinates(*objs), return_depth)

    def look_at(self, look_at: Any = None, look_from: Any = None) -> None:
        """Moves the camera to `look_from` (by default it stays) and turns it to `look_at` (by
        default the origin); +Y of the camera points up. The view matrix is updated."""
        source = Vector(self.bpy_camera.location if look_from is None else look_from)
        target = Vector((0.0, 0.0, 0.0) if look_at is None else look_at)
        turned = (target - source).to_track_quat("-Z", "Y")
        self.bpy_camera.location = source
        self.bpy_camera.rotation_mode = "XYZ"
        self.bpy_camera.rotation_euler = turned.to_euler()
        self.update_view_matrix()

    def _world_to_pixel(self, xyz: "NDArray[np.float64]", return_depth: bool) -> Any:
        ndc, depth = self.world_to_ndc(xyz, return_depth=True)
        xy = self.ndc_to_pixel(ndc)
        return (xy, depth) if return_depth else xy
