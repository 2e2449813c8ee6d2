"""Depth and normals of what the 3D view shows, drawn by Workbench.

Owns one drawing that gives both: the depth buffer, and normals. Where surfaces are such as we draw
ourselves (`solid`), each pixel has its normal; else Workbench draws a material capture (matcap)
whose colours are the place where it was read, from which the normals follow. It leaves the 3D
view's settings as they were.
"""

import os
import tempfile
from typing import TYPE_CHECKING, Any

import bpy
import gpu
import numpy as np

from .. import _blendtorch
from . import drawing, runtime
from .rendering import ensure_gpu
from .settings import changed
from .solid import looks
from .solid.picture import Solid
from .utils import find_first_view3d

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .camera import Camera

# Texels on a side. Versions before 4 keep matcaps in floats with 6 bits of mantissa: of a ramp
# over so many texels those are exact, and the graphics card interpolates between them.
_SIZE = 64

# How much of the texture Workbench uses (workbench_matcap_lib.glsl): its border is not read.
SCALE = 0.496

# Shading that shows colours as they are: nothing is drawn beside or over surfaces.
PLAIN: dict[str, Any] = {
    "show_specular_highlight": False,
    "show_object_outline": False,
    "show_cavity": False,
    "show_shadows": False,
    "show_xray": False,
    "use_dof": False,
}
# The same of a 3D view. Black: where nothing is, blue is 0.
PLAIN_VIEW: dict[str, Any] = {
    **PLAIN,
    "background_type": "VIEWPORT",
    "background_color": (0.0, 0.0, 0.0),
    "show_backface_culling": False,
}

_UNTURNED = np.eye(4).tolist()

_matcap: str | None = None
# The matcap's file, until a drawing has read it.
_folder: tempfile.TemporaryDirectory[str] | None = None


class DepthBuffer:
    """The depth of what was drawn into a `GPUOffScreen` of a camera's shape."""

    def __init__(self, camera: "Camera") -> None:
        """For drawings of `camera`."""
        self.camera = camera
        self._window = np.empty(camera.shape, np.float32)
        self._buffer = gpu.types.Buffer("FLOAT", self._window.shape, self._window)

    def read(self, offscreen: Any, out: "NDArray[np.float32]") -> None:
        """Linear depth (H × W) of what was drawn last into `out`; infinite where nothing is."""
        drawing.read_depth(offscreen, self._buffer)
        _blendtorch.linear_depth(_rows(self.camera.proj_matrix), self._window, out, flip=True)


class SurfaceView:
    """Draws surfaces from a camera: their depth and their normals."""

    def __init__(self, camera: "Camera") -> None:
        """Draws what `camera` sees, in its shape."""
        drawing.check(camera)
        ensure_gpu()
        self.camera = camera
        height, width = camera.shape
        self.offscreen = drawing.memory(self, width, height, "RGBA16F")
        self._colors = np.empty((height, width, 4), np.float32)
        self._buffer = gpu.types.Buffer("FLOAT", self._colors.shape, self._colors)
        self._depth = DepthBuffer(camera)
        self._solid = Solid()
        self._normals: NDArray[np.float32] | None = None

    def draw(self) -> None:
        """Draws the scene as it is now, by the camera's matrices as they are now.

        Raises:
            ValueError: the camera has another shape than when this was made, or is none that the 3D
                view draws by.
        """
        if self._colors.shape[:2] != tuple(self.camera.shape):
            raise ValueError(f"the camera's shape became {self.camera.shape}: make a new Renderer")
        self.camera.check_alive()
        drawing.smooth_nothing()
        # Loading a file puts another one in its place.
        _, space, region = find_first_view3d()
        with changed(space, show_gizmo=False), changed(space.overlay, show_overlays=False):
            if not self._draw_solid(space, region):
                self._draw_matcap(space, region)

    def _draw_solid(self, space: Any, region: Any) -> bool:
        """Draws normals themselves, where surfaces are such as we draw."""
        with changed(space.shading, type="SOLID", **PLAIN_VIEW):
            look = looks.normals()
            drawn = self._solid.draw(self.offscreen, space, region, self.camera, look)
        if not drawn:
            self._normals = None
        elif self._normals is None:
            self._normals = np.empty((*self._colors.shape[:2], 3), np.float32)
        return drawn

    def _draw_matcap(self, space: Any, region: Any) -> None:
        shading = space.shading
        with (
            changed(shading, type="SOLID"),
            # The name of a matcap is accepted only where the light is one.
            changed(shading, light="MATCAP"),
            changed(
                shading,
                studio_light=load_matcap(),
                color_type="SINGLE",
                single_color=(1.0, 1.0, 1.0),
                **PLAIN_VIEW,
            ),
        ):
            drawing.draw(self.offscreen, space, region, self.camera)
        forget_file()

    def depth(self, out: "NDArray[np.float32]") -> None:
        """Linear depth (H × W) of what was drawn last into `out`; infinite where nothing is."""
        self._depth.read(self.offscreen, out)

    def normal(self, out: "NDArray[np.float32]") -> None:
        """Normals (H × W × 3) of what was drawn last into `out`, in OpenCV's camera frame; 0 where
        nothing is."""
        if (normals := self._normals) is not None:
            buffer = gpu.types.Buffer("FLOAT", normals.shape, normals)
            drawing.read_color(self.offscreen, "FLOAT", buffer, 3)
            _blendtorch.camera_normals(_UNTURNED, normals, out, flip=True)
            return
        drawing.read_color(self.offscreen, "FLOAT", self._buffer)
        projection = _rows(self.camera.proj_matrix)
        towards = runtime.matcap_towards(projection)
        _blendtorch.matcap_normals(
            projection, self._colors, out, scale=SCALE, towards=towards, flip=True
        )

    def free(self) -> None:
        """Gives back the GPU's memory."""
        self._solid.free()
        drawing.free(self.offscreen)


def _rows(matrix: Any) -> list[list[float]]:
    return [list(row) for row in matrix]


def load_matcap() -> str:
    """The name of a matcap whose red and green are the place of a texel, and whose blue is 1."""
    global _matcap, _folder
    lights = bpy.context.preferences.studio_lights
    if _matcap is not None and _matcap in lights:  # Loading a file may forget it.
        return _matcap
    ramp = (2 * np.arange(_SIZE, dtype=np.float32) + 1) / (2 * _SIZE)
    texels = np.ones((_SIZE, _SIZE, 4), np.float32)
    texels[..., 0], texels[..., 1] = ramp[None, :], ramp[:, None]
    image = bpy.data.images.new("blendtorch normals", _SIZE, _SIZE, float_buffer=True)
    _folder = tempfile.TemporaryDirectory(prefix="blendtorch-")
    path = os.path.join(_folder.name, f"blendtorch-normals-{os.getpid()}.exr")
    try:
        image.colorspace_settings.name = "Non-Color"
        image.pixels.foreach_set(texels.ravel())
        image.file_format = "OPEN_EXR"
        image.filepath_raw = path
        image.save()
        _matcap = str(lights.load(path, "MATCAP").name)
    finally:
        bpy.data.images.remove(image)
    return _matcap


def forget_file() -> None:
    """Removes the matcap's file, once a drawing has read it."""
    global _folder
    if _folder is not None:
        _folder.cleanup()
        _folder = None
