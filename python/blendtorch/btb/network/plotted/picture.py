"""A plot of a scene, drawn into memory.

Owns the order in which it is drawn: first what nothing is seen through, then all else from the
farthest to the nearest, and that pictures are drawn twice as fine as they are, so that edges are
smooth.
"""

from typing import TYPE_CHECKING, Any

import bpy
import gpu
import numpy as np
from mathutils import Matrix

from .... import _blendtorch
from ... import batches, drawing
from ...rendering import ensure_gpu
from ...screen import on_screen
from ..part_materials import ground_color
from . import programs
from .shown import Shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .surfaces import Surface

FINER = 2
"""So many times as fine as pictures are, they are drawn."""
_LARGEST = 16384
"""Pixels along a side that graphics libraries draw."""
_CORNERS = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float32)
_FACES = np.array([(0, 1, 2), (0, 2, 3)], np.int32)
_LEAST = 1e-6


class Plot:
    """Draws the networks of the current scene, and what else of it has a surface."""

    def __init__(self) -> None:
        """Nothing is drawn yet.

        Raises:
            RuntimeError: there is nothing to draw with.
        """
        ensure_gpu()
        self._shown = Shown()
        self._points: Any = None
        self._squares: Any = None
        self._flat: Any = None
        self._target: Any = None
        self._fine: NDArray[np.uint8] = np.empty((0, 0, 4), np.uint8)
        self._buffer: Any = None

    def draw(
        self, view: "ArrayLike", projection: "ArrayLike", out: "NDArray[np.uint8]"
    ) -> "NDArray[np.uint8]":
        """Draws the scene as it is now.

        Args:
            view: world to camera, 4 × 4.
            projection: camera to clip coordinates, 4 × 4.
            out: H × W × 3 or 4, row 0 at the top: the picture, as screens have colours. Where the
                scene's film is transparent colours are multiplied by alpha.

        Raises:
            ValueError: the picture is larger than can be drawn.
        """
        height, width, _ = out.shape
        self._make_target(height, width)
        if self._points is None:
            self._points, self._squares = programs.points(), programs.squares()
            self._flat = programs.surfaces()
        scene, layer = bpy.context.scene, bpy.context.view_layer
        layer.update()
        seen = np.asarray(view, np.float64)
        self._shown.look(scene, layer, bpy.context.evaluated_depsgraph_get(), seen)
        both = np.asarray(projection, np.float64) @ seen
        clear = scene.render.film_transparent and out.shape[2] == 4
        ground = (0.0, 0.0, 0.0, 0.0) if clear else (*_screen(ground_color(scene)), 1.0)
        with self._target.bind(), drawing.state_kept():
            gpu.state.active_framebuffer_get().clear(color=ground, depth=1.0)
            self._draw(both, seen, abs(float(np.asarray(projection)[1][1])) * height * FINER / 2)
        drawing.read_color(self._target, "UBYTE", self._buffer)
        _blendtorch.halve_pixels(self._fine, out)
        return out

    def free(self) -> None:
        """Gives back the memory of pictures."""
        self._free_target()
        # What a program or a batch still has in Blender 3.4 at its end crashes it.
        self._points = self._squares = self._flat = None
        self._shown = Shown()

    def _free_target(self) -> None:
        if self._target is not None:
            drawing.free(self._target)
            self._target = None

    def _make_target(self, height: int, width: int) -> None:
        shape = (height * FINER, width * FINER, 4)
        if max(shape) > _LARGEST:
            most = _LARGEST // FINER
            raise ValueError(f"a plot of {width} by {height}: {most} pixels a side are the most")
        if self._target is None or self._fine.shape != shape:
            self._free_target()
            self._target = drawing.memory(self, shape[1], shape[0], "RGBA8")
            self._fine = np.empty(shape, np.uint8)
            self._buffer = gpu.types.Buffer("UBYTE", shape, self._fine)

    def _draw(self, both: Any, view: Any, pixels: float) -> None:
        shown = self._shown
        solid = [one for one in shown.flat if one[0].solid]
        gpu.state.depth_test_set("LESS_EQUAL")
        gpu.state.depth_mask_set(True)
        for surface, matrix in solid:
            self._draw_surface(surface, both @ matrix)
        # What is seen through hides nothing that comes after it.
        gpu.state.depth_mask_set(False)
        gpu.state.blend_set("ALPHA")
        gpu.state.program_point_size_set(True)
        colors = shown.colors()
        at = 0
        for depth, surface, matrix in self._sheer(view):
            end = int(np.searchsorted(-shown.depths, -depth))
            self._draw_discs(both, pixels, colors, at, end)
            self._draw_surface(surface, both @ matrix)
            at = end
        self._draw_discs(both, pixels, colors, at, len(colors))

    def _sheer(self, view: Any) -> "list[tuple[float, Surface, Any]]":
        """The surfaces that something is seen through, the farthest first."""
        found = []
        for surface, matrix in self._shown.flat:
            if not surface.solid:
                depth = -float((view @ matrix @ (*surface.middle, 1.0))[2])
                found.append((np.inf if surface.behind else depth, surface, matrix))
        return sorted(found, key=lambda one: -one[0])

    def _draw_surface(self, surface: "Surface", matrix: Any) -> None:
        self._flat.bind()
        self._flat.uniform_float("matrix", Matrix(matrix.tolist()))
        surface.batch.draw(self._flat)

    def _draw_discs(self, both: Any, pixels: float, colors: Any, at: int, end: int) -> None:
        """Those from `at` to `end` that are seen at all."""
        rows = at + np.flatnonzero(colors[at:end, 3])
        if not len(rows):
            return
        shown = self._shown
        if abs(both[3, :3]).max() > 0:  # Not of an orthographic camera.
            rows = rows[shown.depths[rows] > _LEAST]
            far: Any = shown.depths[rows]
        else:
            far = np.ones(len(rows), np.float32)
        sizes = 2 * shown.radii[rows] * pixels / far
        large = (sizes > programs.LARGEST_POINT) | self._reaches_in(both, rows, far, sizes)
        # Their order among themselves stays: what is large is near, as a rule.
        for program, some in ((self._points, rows[~large]), (self._squares, rows[large])):
            if not len(some):
                continue
            program.bind()
            program.uniform_float("view_projection", Matrix(both.tolist()))
            program.uniform_float("pixels", pixels)
            if program is self._squares:
                program.uniform_float("viewport", self._fine.shape[1::-1])
            made = (shown.places[some], shown.radii[some], colors[some])
            _batch(*made, squares=program is self._squares).draw(program)

    def _reaches_in(self, both: Any, rows: Any, far: Any, sizes: Any) -> Any:
        """Whose middle is beside the picture, and some of them in it: of points nothing is drawn
        then."""
        matrix = np.asarray(both, np.float32)
        at = (self._shown.places[rows] @ matrix[:2, :3].T + matrix[:2, 3]) / far[:, None]
        beside = np.abs(at) - 1
        height, width = self._fine.shape[:2]
        reach = sizes[:, None] / np.array((width, height), np.float32)
        return (beside > 0).any(1) & (beside < reach).all(1)


def _batch(places: Any, radii: Any, colors: Any, squares: bool) -> Any:
    if not squares:
        points = batches.vertices(place=places, radius=radii, color=colors)
        return gpu.types.GPUBatch(type="POINTS", buf=points)
    count = len(places)
    places, radii, colors = (np.repeat(one, 4, axis=0) for one in (places, radii, colors))
    corners = np.tile(_CORNERS, (count, 1))
    at = np.arange(count, dtype=np.int32)[:, None, None] * 4 + _FACES
    vertices = batches.vertices(place=places, radius=radii, color=colors, corner=corners)
    return batches.triangles(vertices, at.reshape(-1, 3))


def _screen(linear: Any) -> "list[float]":
    found: list[float] = on_screen(np.array(linear, np.float32)).tolist()
    return found[:3]
