"""A Blender camera, and where in its pictures the objects are that are drawn."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from . import boxes, drawn, meshes, visibility
from .boxes import Boxes2D, Boxes3D, Frame
from .viewpoint import Origin as Origin
from .viewpoint import Viewpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Camera(Viewpoint):
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
        super().__init__(bpy_camera, shape)
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

    @drawn_by.setter
    def drawn_by(self, way: str | None) -> None:
        if way is not None and way not in drawn.WAYS:
            raise ValueError(f"drawn_by must be {', '.join(drawn.WAYS)} or None, not {way!r}")
        self._drawn_by = way

    def told_way(self) -> str | None:
        """`drawn_by`, or None where it was neither set nor told by a renderer."""
        return drawn.told_way(self)

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
