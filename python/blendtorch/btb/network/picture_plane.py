"""The picture of a camera as a plane before it, where what belongs to the picture is put.

Owns the plane's distance and size. It must never change the camera.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mathutils import Vector

MARGIN = 0.03
"""What stays free along the picture's edges, of its height."""
SMALLEST_TEXT, TEXT = 12.0, 0.036
"""The height of text: so many pixels at least, or as much of the picture's height."""


@dataclass(frozen=True)
class Frame:
    """A camera's picture in the plane at `distance` before it, in the camera's coordinates."""

    left: float
    bottom: float
    width: float
    height: float
    distance: float
    rows: int
    """The height in pixels."""
    orthographic: bool

    @property
    def text_height(self) -> float:
        """How high text is."""
        return max(TEXT, SMALLEST_TEXT / self.rows) * self.height

    def corner(self, right: float, top: float) -> tuple[float, float]:
        """A corner within the margin: 0 is left or bottom, 1 right or top."""
        margin = MARGIN * self.height
        x = self.left + margin + right * (self.width - 2 * margin)
        return x, self.bottom + margin + top * (self.height - 2 * margin)

    def length_at(self, camera: Any, target: Sequence[float]) -> float:
        """How long one unit at the depth of a point of the world is in this plane; 0 behind it."""
        if self.orthographic:
            return 1.0
        depth = -(camera.matrix_world.inverted() @ Vector(target)).z
        return self.distance / depth if depth > 0 else 0.0


def frame_of(scene: Any, camera: Any) -> Frame:
    """The picture of a camera as the scene renders it now."""
    data = camera.data
    top_right, bottom_right, bottom_left, _ = data.view_frame(scene=scene)
    # Behind the near plane, and so far that 32 bits still tell the pixels of text apart where the
    # camera is far from the origin.
    distance = max(1.2 * data.clip_start, 0.005 * camera.matrix_world.translation.length)
    orthographic = data.type == "ORTHO"
    grow = 1.0 if orthographic else distance / -bottom_left.z
    rows = round(scene.render.resolution_y * scene.render.resolution_percentage / 100)
    return Frame(
        left=bottom_left.x * grow,
        bottom=bottom_left.y * grow,
        width=(bottom_right.x - bottom_left.x) * grow,
        height=(top_right.y - bottom_right.y) * grow,
        distance=distance,
        rows=max(rows, 1),
        orthographic=orthographic,
    )


def settled(scene: Any, camera: Any) -> Any:
    """The camera, its place in the world up to date with what was set."""
    for layer in scene.view_layers:
        layer.update()
    return camera
