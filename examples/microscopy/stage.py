"""Cells below a camera, in Blender: cut by several planes, all in one picture.

Owns the scene and its drawing. Knows no network, no time, and nothing of a microscope but where its
planes are.

A plane is cut by the camera: rays begin at its near plane, so what a ray meets first tells where it
began. Within a cell it meets the cell's wall from inside (or its nucleus from outside), within the
nucleus the nucleus's wall from inside; whatever else it meets first is below the plane and black.
So a section is drawn by one emission, for any shape of cells that do not cut each other. Each
plane has a tile of the picture, with copies of the cells that it cuts.
"""

from dataclasses import dataclass, field
from typing import Any

import bmesh
import bpy
import numpy as np
from blendtorch import btb
from numpy.typing import NDArray

# The light of a nucleus, of its cell's: GCaMP stays out of it (T.-W. Chen and others, Nature 499,
# 295, 2013), and neuropil shines through.
NUCLEUS, NUCLEUS_RADIUS = 0.15, 0.55
FAR = 100.0


@dataclass
class Stage:
    """The scene; `pixels` of `pixel_um` are drawn of each plane, a square."""

    planes_um: tuple[float, ...]
    pixels: int
    pixel_um: float
    _shown: list[tuple[Any, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for made in list(bpy.data.objects):
            bpy.data.objects.remove(made)
        self.columns = int(np.ceil(len(self.planes_um) ** 0.5))
        self.rows = -(-len(self.planes_um) // self.columns)
        scene = bpy.context.scene
        scene.world = None
        scene.render.resolution_x = self.columns * self.pixels
        scene.render.resolution_y = self.rows * self.pixels
        scene.render.resolution_percentage = 100
        # The Blenders share the machine's cores; Cycles keeps what does not change.
        scene.render.threads_mode, scene.render.threads = "FIXED", 1
        scene.render.use_persistent_data = True
        camera = bpy.data.cameras.new("objective")
        camera.type, camera.sensor_fit = "ORTHO", "HORIZONTAL"
        camera.ortho_scale = self.columns * self.pixels * self.pixel_um
        camera.clip_start, camera.clip_end = FAR, 2 * FAR
        self._camera = bpy.data.objects.new("objective", camera)
        scene.collection.objects.link(self._camera)
        scene.camera = self._camera
        self.move(np.zeros(2))
        self._mesh = _cell()
        scene.cycles.max_bounces = 0
        scene.cycles.use_adaptive_sampling = False
        # A pixel is its centre: what is in it is one cell or none, and the mask says which.
        scene.cycles.filter_width = 0.01
        self._renderer = btb.Renderer(
            passes=("linear", "category"), engine="CYCLES", samples=1, mode="rgb"
        )

    def show(self, positions: NDArray[np.float32], radii: NDArray[np.float32]) -> None:
        """Shows these cells (µm; x from the left, y from the top, z towards the camera)."""
        for shown, _ in self._shown:
            bpy.data.objects.remove(shown)
        self._shown = []
        size = self.pixels * self.pixel_um
        for cell, ((x, y, z), radius) in enumerate(zip(positions, radii, strict=True)):
            for plane, height in enumerate(self.planes_um):
                if abs(z - height) < radius:
                    row, column = divmod(plane, self.columns)
                    made = bpy.data.objects.new(f"cell {cell} in plane {plane}", self._mesh)
                    made.location = (x + column * size, -y - row * size, z - height)
                    made.scale = (radius,) * 3
                    made["category_id"] = cell + 1
                    bpy.context.scene.collection.objects.link(made)
                    self._shown.append((made, cell))

    def move(self, drift: NDArray[np.float64]) -> None:
        """Moves the tissue by (x, y) pixels from its first place: the camera goes the other way."""
        middle = np.array([self.columns, -self.rows]) * self.pixels * self.pixel_um / 2
        across, down = np.asarray(drift) * self.pixel_um
        self._camera.location = (middle[0] - across, middle[1] + down, FAR)
        bpy.context.view_layer.update()

    def draw(self, light: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
        """Draws three moments at once, one in each channel.

        Args:
            light: cells × 3.

        Returns:
            the light, 3 × planes × pixels × pixels, and which cell is cut there, from 1 on (0 is
            none): planes × pixels × pixels.
        """
        for shown, cell in self._shown:
            shown.color = (*light[cell], 1.0)
        drawn = self._renderer.render()
        # A section is where there is light: beside it rays see the cell from above.
        cell_of = np.where(drawn["linear"][..., 0] > 0, drawn["category"], 0)
        planes = self._tiles(np.moveaxis(drawn["linear"], -1, 0))
        return planes, self._tiles(cell_of[None])[0].astype(np.uint16)

    def _tiles(self, pictures: NDArray[Any]) -> NDArray[Any]:
        """Pictures × planes × pixels × pixels, of pictures × H × W."""
        shape = (-1, self.rows, self.pixels, self.columns, self.pixels)
        tiles = pictures.reshape(shape).swapaxes(2, 3)
        tiles = tiles.reshape(len(pictures), -1, self.pixels, self.pixels)
        return tiles[:, : len(self.planes_um)]


def _cell() -> Any:
    """A cell of radius 1 with its nucleus, and how they shine."""
    points: list[list[float]] = []
    faces: list[list[int]] = []
    for radius in (1.0, NUCLEUS_RADIUS):
        shape = bmesh.new()
        bmesh.ops.create_icosphere(shape, subdivisions=4, radius=radius)
        faces += [[vertex.index + len(points) for vertex in face.verts] for face in shape.faces]
        points += [list(vertex.co) for vertex in shape.verts]
        shape.free()
    mesh = bpy.data.meshes.new("cell")
    mesh.from_pydata(points, [], faces)
    nucleus = np.repeat(np.float32([0, 1]), len(points) // 2)
    mesh.attributes.new("nucleus", "FLOAT", "POINT").data.foreach_set("value", nucleus)
    mesh.materials.append(_section())
    return mesh


def _section() -> Any:
    """Emits the object's colour: from inside the cell's wall, from outside the nucleus's."""
    material = bpy.data.materials.new("section")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    output, light, geometry, nucleus, color, inner, strength = (
        tree.nodes.new(f"ShaderNode{kind}")
        for kind in (
            *("OutputMaterial", "Emission", "NewGeometry", "Attribute", "ObjectInfo"),
            *("Math", "Math"),
        )
    )
    nucleus.attribute_name = "nucleus"
    inner.operation = strength.operation = "MULTIPLY_ADD"
    # nucleus * (1 + (NUCLEUS - 2) * inside) + inside: of the wall 1 inside, else 0; of the nucleus
    # NUCLEUS inside, else 1.
    inner.inputs[1].default_value, inner.inputs[2].default_value = NUCLEUS - 2.0, 1.0
    for source, target in (
        (geometry.outputs["Backfacing"], inner.inputs[0]),
        (nucleus.outputs["Fac"], strength.inputs[0]),
        (inner.outputs[0], strength.inputs[1]),
        (geometry.outputs["Backfacing"], strength.inputs[2]),
        (strength.outputs[0], light.inputs["Strength"]),
        (color.outputs["Color"], light.inputs["Color"]),
        (light.outputs[0], output.inputs[0]),
    ):
        tree.links.new(source, target)
    return material
