"""What a camera is, as numbers that go with a frame.

Conventions: docs/passes.md. It must never change a camera.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import meshes
from ..viewpoint import Viewpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AS_BLENDER_HAS_THEM = (
    "angle",
    "angle_x",
    "angle_y",
    "clip_start",
    "clip_end",
    "lens",
    "lens_unit",
    "sensor_height",
    "sensor_width",
    "sensor_fit",
    "shift_x",
    "shift_y",
    "type",
    "ortho_scale",
)


class Eye:
    """From where a picture is seen, and how large it is: matrices that stay."""

    def __init__(self, camera: Viewpoint, pose: "NDArray[np.float64] | None" = None) -> None:
        """Of a camera as it is now; `pose` is where it stands, if that is known better."""
        self.shape = camera.shape
        if pose is None:
            self.view = np.array(camera.view_matrix)
            self.pose = np.linalg.inv(self.view)
        else:
            self.view, self.pose = np.linalg.inv(pose), pose
        self.projection = np.array(camera.proj_matrix)
        self.far = camera.clip_range[1]


class Intrinsics(Eye):
    """The scene's camera at one moment: keeps nothing of Blender."""

    def __init__(self, scene: Any) -> None:
        """Of the camera that the scene has now, at its frame, for the pictures that it renders.

        Raises:
            ValueError: there is none, or a panoramic one.
        """
        if scene.camera is None:
            raise ValueError(f"the scene {scene.name!r} has no camera: set scene.camera")
        self.camera = Viewpoint(scene.camera, Viewpoint.shape_from_bpy(scene.render))
        if self.camera.type not in ("PERSP", "ORTHO"):
            raise ValueError(
                f"camera {scene.camera.name!r} is of type {self.camera.type}: its pictures have no "
                "plane and no focal length; change its lens type, or take pictures of it by a "
                "btb.Renderer"
            )
        with meshes.evaluated_now(scene.camera) as (_, evaluated):
            pose = np.array(evaluated.matrix_world.normalized())
            data = evaluated.data
            self._lens = {name: _plain(getattr(data, name)) for name in _AS_BLENDER_HAS_THEM}
        super().__init__(self.camera, pose)
        self._aspect = scene.render.pixel_aspect_x / scene.render.pixel_aspect_y

    def about(self) -> "dict[str, Any]":
        """`camera`, `view` (world to camera) and `pose` (camera to world, without scale), of which
        the matrices are in Blender's camera axes: x right, y up, z towards the viewer."""
        return {
            "camera": self.lens(),
            "view": self.view.tolist(),
            "pose": self.pose.tolist(),
        }

    def lens(self) -> "dict[str, Any]":
        """The dict `camera`: the lens as Blender has it, and `w h fl_x fl_y cx cy` in pixels.

        Pixels are continuous: (0, 0) is the upper left corner of the picture. Of an orthographic
        camera `fl_x` and `fl_y` are pixels for one unit of the world.
        """
        height, width = self.shape
        (a, _, c, d), (_, _, f, g) = self.projection[0], self.projection[1]
        perspective = self.projection[3, 3] == 0
        x, y = (-c, -f) if perspective else (d, g)
        focal_length = float(a) * width / 2
        return {
            **self._lens,
            "name": self.camera.bpy_camera.name,
            "w": width,
            "h": height,
            "fl_x": focal_length,
            # The same for square pixels, to the last bit.
            "fl_y": focal_length * self._aspect,
            "cx": width / 2 * (1 + float(x)),
            "cy": height / 2 * (1 - float(y)),
        }


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else float(value)
