"""A light in the scene: a cloud or a beam for each source, whose opacity follows the light's value.

Owns Cleo's rule: the opacity of a point is A·T, where T is the transmittance there and
A = 0.6·value/max, never more than 0.6; A = 0.6·0.5·s for a light that has no values. It must never
decide what a value is.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from mathutils import Matrix

from ...circuit import optics
from . import light_beams, part_materials, parts, plotted
from .turning import turned

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CLASSES = 6
"""Workbench knows one opacity an object: there a cloud is so many, each of like transmittance."""

# An octahedron, for Workbench.
_CORNERS = np.array([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)], float)
_FACES = np.array(
    [(0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4), (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5)]
)

MOST_POINTS = 2_000_000
"""Of all sources of a light. As octahedra they take some hundred bytes each."""
MOST_BEAMS = 10_000
"""Sources that Cycles draws as beams: each is an object."""


class Light:
    """The clouds of one light device."""

    def __init__(self, owner: Any, device: "Mapping[str, Any]", engine: str) -> None:
        """Draws it for an engine: clouds, in Cycles beams, in Workbench classes."""
        self._plain = engine == plotted.ENGINE
        self.name = str(device["name"])
        coords = places(device, "coords")
        self.sources = len(coords)
        model = device.get("model", "fiber")
        params = dict(device.get("params") or {})
        if isinstance(model, Mapping):
            params |= {key: value for key, value in model.items() if key != "model"}
            model = model["model"]
        cloud = optics.light_cloud(model, **params)
        color = device.get("color") or optics.wavelength_rgb(device.get("wavelength_nm", 473))
        directions = np.broadcast_to(
            np.asarray(device.get("direction", (0, 0, 1)), float), coords.shape
        )
        intensity = device.get("intensity")
        self._still = optics.OPAQUE * 0.5 * cloud.still if intensity is None else float(intensity)
        self._top = device.get("max_value_viz") or device.get("max_value")
        self._objects: list[list[tuple[Any, float]]] = []
        self.parts: list[str] = []
        beam = None
        if engine == "CYCLES" and len(cloud.points) >= light_beams.FEWEST:
            beam = light_beams.beam_of(cloud)
        most = MOST_BEAMS if beam is not None else MOST_POINTS // len(cloud.points)
        if self.sources > most:
            raise ValueError(
                f"light {self.name!r} has {self.sources} sources: at most {most} of this kind can "
                "be drawn"
            )
        # Each source has an object of its own: its colour is its A.
        for number, (at, direction) in enumerate(zip(coords, directions, strict=True)):
            part = f"light {self.name} {number}"
            if beam is not None:
                self._objects.append(self._beam(owner, part, at, direction, beam, color))
                continue
            xyz = turned(cloud.points, direction) + at
            make = self._classes if engine == "WORKBENCH" else self._cloud
            self._objects.append(make(owner, part, xyz, cloud, color))
        self.set(None)

    def set(self, values: "ArrayLike | None") -> None:
        """Shows values, one a source or one for all; None is a light of which nothing is known."""
        for objects, a in zip(self._objects, self.opacities(values), strict=True):
            for obj, transmittance in objects:
                if transmittance < 0:
                    obj.color = (a, a, a, a)
                else:
                    # Blender 5 shows the material's colour where 3 shows the object's.
                    seen = (*obj.color[:3], a * transmittance)
                    obj.color = obj.data.materials[0].diffuse_color = seen
                # Rays are slow also where they meet nothing but what is not seen.
                obj.hide_render = bool(a * abs(transmittance) < 1e-4)

    def opacities(self, values: "ArrayLike | None") -> "NDArray[np.float64]":
        """The A of each source.

        Raises:
            ValueError: there are neither as many as sources nor one, one is NaN, or the light's
                maximum is not known.
        """
        if values is None:
            return np.full(self.sources, self._still)
        given = np.asarray(values, float).reshape(-1)
        if len(given) not in (1, self.sources):
            raise ValueError(
                f"light {self.name!r} has {self.sources} sources, and {len(given)} values came"
            )
        if np.isnan(given).any():
            raise ValueError(f"a value of light {self.name!r} is NaN")
        if not self._top or not self._top > 0:
            raise ValueError(
                f"light {self.name!r} has no maximum: give `max_value`, at which it is brightest"
            )
        share = np.clip(given / float(self._top), 0.0, 1.0)
        return np.broadcast_to(optics.OPAQUE * share, (self.sources,))

    def _cloud(
        self, owner: Any, part: str, xyz: Any, cloud: optics.LightCloud, color: Any
    ) -> list[tuple[Any, float]]:
        self.parts.append(part)
        obj = parts.mesh(owner, part, xyz)
        parts.attribute(obj.data, "transmittance", "FLOAT", cloud.transmittance)
        surface = _material(owner, f"light {self.name}", color)
        obj[plotted.DISC] = cloud.marker / 2
        if self._plain:
            parts.no_points(obj)
            parts.wear(obj.data, surface)
        else:
            parts.as_points(obj, cloud.marker / 2, surface)
        obj.matrix_world = Matrix()
        parts.seen_by_camera_only(obj)
        return [(obj, -1.0)]

    def _beam(
        self, owner: Any, part: str, at: Any, direction: Any, beam: light_beams.Beam, color: Any
    ) -> list[tuple[Any, float]]:
        self.parts.append(part)
        surface = light_beams.material(owner, f"light {self.name}", color, beam)
        obj = parts.mesh(owner, part, *light_beams.hull(), [surface])
        parts.no_points(obj)  # Of the cloud that it was for another engine.
        placed = np.eye(4)
        placed[:3, :3] = turned(np.diag([beam.radius, beam.radius, beam.length]), direction).T
        placed[:3, 3] = turned(np.array([[0, 0, beam.low]]), direction)[0] + at
        obj.matrix_world = Matrix(placed.tolist())
        parts.seen_by_camera_only(obj)
        return [(obj, -1.0)]

    def _classes(
        self, owner: Any, part: str, xyz: Any, cloud: optics.LightCloud, color: Any
    ) -> list[tuple[Any, float]]:
        edges = np.geomspace(optics.THRESHOLD, 1.0, CLASSES + 1)[1:-1]
        of = np.searchsorted(edges, cloud.transmittance)
        made = []
        for number in range(CLASSES):
            own = of == number
            if not own.any():
                continue
            corners = xyz[own][:, None] + _CORNERS * cloud.marker / 2
            faces = np.arange(own.sum())[:, None, None] * 6 + _FACES
            self.parts.append(f"{part} {number}")
            material = part_materials.emission(owner, f"{part} {number}", (*color[:3], 0.5))
            obj = parts.mesh(owner, f"{part} {number}", corners, faces, [material])
            obj.color = (*part_materials.linear(color), 0.0)
            made.append((obj, float(cloud.transmittance[own].mean())))
        return made


def places(device: "Mapping[str, Any]", key: str) -> "NDArray[np.float64]":
    """Coordinates (n, 3) of a device, µm; ValueError where they are none."""
    try:
        found = np.asarray(device[key], float).reshape(-1, 3)
    except KeyError:
        raise ValueError(f"device {device.get('name')!r} has no {key!r}") from None
    except (TypeError, ValueError):
        raise ValueError(
            f"{key!r} of device {device.get('name')!r} are not rows of x, y, z"
        ) from None
    if not np.isfinite(found).all():
        raise ValueError(f"{key!r} of device {device.get('name')!r} are not all finite")
    return found


def _material(owner: Any, part: str, color: Any) -> Any:
    """Emission with the opacity A·T on the side that a ray meets first."""
    made, output = part_materials.material(owner, part)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    light = nodes.new("ShaderNodeEmission")
    light.inputs["Color"].default_value = (*part_materials.linear(color), 1.0)

    def times(one: Any, other: Any) -> Any:
        node = nodes.new("ShaderNodeMath")
        node.operation = "MULTIPLY"
        links.new(one, node.inputs[0])
        links.new(other, node.inputs[1])
        return node.outputs[0]

    front = nodes.new("ShaderNodeMath")
    front.operation = "SUBTRACT"
    front.inputs[0].default_value = 1.0
    links.new(nodes.new("ShaderNodeNewGeometry").outputs["Backfacing"], front.inputs[1])
    a = nodes.new("ShaderNodeObjectInfo").outputs["Color"]
    opacity = times(
        times(a, part_materials.attribute_node(made, "transmittance").outputs["Fac"]),
        front.outputs[0],
    )
    surface = part_materials.mixed(made, light.outputs[0], opacity)
    links.new(surface, output.inputs["Surface"])
    part_materials.blend(made, True)
    made.diffuse_color = (*part_materials.linear(color), optics.OPAQUE)
    return made
