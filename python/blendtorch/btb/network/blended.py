"""A network in a scene, step by step: the names and the order of the BSB's Blender module.

    network = from_file("net.hdf5")
    network.for_blender().blend(bpy.context.scene, "scaffold")
    populations = network.get_populations()
    network.animate.pulsar("results.hdf5", populations)

Every call can be made again: what is missing is made, what is there is kept, and what is declared
(the file's looks, and arguments) is set. Owns that. It must never read a file's format.
"""

import os
from pathlib import Path
from typing import Any

import bpy

from ... import circuit
from . import camera, kept, light, marked, objects, replacing
from .animating import Animate
from .arrays import ArrayNetwork
from .population import AS_OBJECTS, LOOK, BlenderPopulation, Style

PathLike = str | os.PathLike[str]
_FOUND = "blendtorch_found"
"""On a population's collection: that its cells were objects before it was ours."""


class BlenderNetwork:
    """A network of a file or of arrays, and what a scene has of it."""

    def __init__(self, source: Any) -> None:
        """Of `circuit.CellNetwork`, or of what has its names."""
        self.source = source
        self.animate = Animate(self)
        self.camera_view: dict[str, Any] = {}
        self._scene: Any = None
        self._root_name: str | None = None
        self._taken: dict[str, BlenderPopulation] = {}
        self._as_objects: bool | None = None
        self._draw_as: str | None = None

    # What is not Blender's.

    @property
    def names(self) -> list[str]:
        """The populations that have places."""
        return [name for name in self.source.names if not self._population(name).entity]

    @property
    def path(self) -> Path | None:
        """The file; None where it is of arrays."""
        return getattr(self.source, "path", None)

    def __repr__(self) -> str:
        return f"<network {self.source.summary}>"

    # The BSB's names.

    def for_blender(
        self, *, as_objects: bool | None = None, draw_as: str | None = None
    ) -> "BlenderNetwork":
        """The network itself, as the BSB's method gives it.

        Args:
            as_objects: whether each cell is an object of its own: for some thousands of cells.
            draw_as: `auto`, `points`, or `mesh`; what populations are that are not told otherwise.
        """
        if as_objects is not None:
            self._as_objects = as_objects
        if draw_as is not None:
            self._draw_as = draw_as
        return self

    def blend(self, scene: Any, name: Any = None, *, lit: bool = True) -> None:
        """Makes the collections, the camera and the light of the network in a scene, or takes those
        that are there. The two arguments may come in either order; `lit` makes the light.

        Another network of that name goes; networks of other names stay.

        Raises:
            TypeError: they are not a scene and a name.
        """
        if isinstance(scene, str):
            scene, name = name, scene
        if not isinstance(scene, bpy.types.Scene) or not isinstance(name, str) or not name:
            raise TypeError(
                "blend takes a scene and a name, as blend(bpy.context.scene, 'scaffold'), not "
                f"{scene!r} and {name!r}"
            )
        self._scene, self._root_name = scene, name
        self._taken = {}
        root = marked.ensure_child(scene.collection, "network", name)
        marked.ensure_child(root, "cells", "cells")
        replacing.leave_other(root, self)
        self.create_network_cam()
        if lit:
            self.create_lighting()
        else:
            light.remove(scene)
        kept.note_network(root, self)

    def create_network(self, scene: Any, name: str) -> Any:
        """As `blend`; the root collection."""
        self.blend(scene, name)
        return self.root

    def create_collection(self, name: str, parent: Any = None) -> Any:
        """A collection of that name in `parent`, by default in the network's."""
        return marked.ensure_child(parent or self.root, "collection", name)

    def create_network_cam(self) -> Any:
        """The network's camera, which sees all cells once there are any."""
        return camera.ensure(self.scene, self.root)

    def create_lighting(self) -> Any:
        """The sun of the scene."""
        return light.ensure(self.scene)

    def create_population(self, tag: str, material: Any = None, color: Any = None) -> Any:
        """The population of a type, in this material or this colour."""
        return self._take(tag, again=True, material=material, color=color)

    def ensure_population(self, tag: str, **style: Any) -> None:
        """Makes a population, unless it is there; entities, which have no places, are left out.

        Args:
            tag: its name in the file.
            style: `color`, `opacity`, `radius`, `hidden`, `material`, `draw_as`, `as_objects`:
                declared here, they are set also where it is there.
        """
        if not self._population(tag).entity:
            self._take(tag, **style)

    def ensure_populations(self, **style: Any) -> None:
        """All populations."""
        for tag in self.names:
            self._take(tag, look=False, **style)
        self.look()

    def load_population(self, tag: str, **style: Any) -> None:
        """As `ensure_population`: the guide's name of it."""
        self.ensure_population(tag, **style)

    def load_populations(self, **style: Any) -> None:
        """As `ensure_populations`: the guide's name of it."""
        self.ensure_populations(**style)

    def has_population(self, tag: str) -> bool:
        """Whether the scene has a population."""
        return marked.child(self.cells, "population", tag) is not None

    def get_population(
        self, tag: str, partial: bool = False, *, look: bool = True, **style: Any
    ) -> BlenderPopulation | None:
        """A population, made where it is not there; None of entities.

        Args:
            tag: its name in the file.
            partial: of cells as objects: leave out those whose objects are gone.
            look: whether the camera is to see it.
            style: as `ensure_population` takes it.

        Raises:
            LookupError: the object of a cell is gone, and `partial` is false.
        """
        if self._population(tag).entity:
            return None
        return self._take(tag, partial=partial, fill=False, look=look, **style)

    def get_populations(self, partial: bool = False, **style: Any) -> dict[str, BlenderPopulation]:
        """All populations by their names, but entities."""
        found = {
            tag: self._take(tag, partial=partial, fill=False, look=False, **style)
            for tag in self.names
        }
        self.look()
        return found

    @staticmethod
    def devnull(*_: object) -> None:
        """Listens to an animation and does nothing."""

    @staticmethod
    def print_debug(*said: object) -> None:
        """Listens to an animation and prints what it hears."""
        print(*said)

    # What is in the scene.

    @property
    def scene(self) -> Any:
        """The scene that it was blended into.

        Raises:
            RuntimeError: it was not.
        """
        if self._scene is None:
            raise RuntimeError(
                "the network is in no scene yet: call "
                "network.for_blender().blend(bpy.context.scene, 'scaffold') first"
            )
        return self._scene

    @property
    def root(self) -> Any:
        """Its collection in the scene; made again where it was deleted."""
        return marked.ensure_child(self.scene.collection, "network", self._root_name or "network")

    @property
    def cells(self) -> Any:
        """The collection of its populations' collections."""
        return marked.ensure_child(self.root, "cells", "cells")

    @property
    def populations(self) -> dict[str, BlenderPopulation]:
        """Those that this script has taken."""
        return dict(self._taken)

    def look(self) -> None:
        """Lets the camera see all cells that there are, unless somebody has moved it."""
        parts = [
            (one.shown_locations(), one.largest)
            for one in self._taken.values()
            if not one.style.hidden
        ]
        camera.frame(self.scene, self.create_network_cam(), parts, **self.camera_view)

    def _has(self, one: BlenderPopulation) -> bool:
        """Whether a population is in the scene still, and not only in the file."""
        return (
            not one.is_gone and marked.child(self.cells, "population", one.name) == one.collection
        )

    def _population(self, tag: str) -> Any:
        return self.source.population(tag)

    def _take(
        self,
        tag: str,
        *,
        partial: bool = False,
        fill: bool = True,
        again: bool = False,
        look: bool = True,
        as_objects: bool | None = None,
        **given: Any,
    ) -> BlenderPopulation:
        found = self._taken.get(tag)
        declared = {key: value for key, value in given.items() if value is not None}
        anew = bool(declared) or again or as_objects is not None
        if found is not None and not anew and self._has(found):
            found.find()
            if fill and found.as_objects:
                found.apply(self.scene)
            found.restrict(partial)
            return found
        there = self.has_population(tag)
        collection = marked.ensure_child(self.cells, "population", tag)
        style = Style(**({"draw_as": self._draw_as or "auto"} | declared))
        if style.draw_as == "objects":
            style.draw_as, as_objects = "auto", True
        was = bool(collection.get(AS_OBJECTS, objects.by_id(collection)))
        kind = self._kind(collection, as_objects, found)
        if kind != was:  # What its cells played was theirs.
            kept.forget_play(collection)
            collection.pop(LOOK, None)
        made = BlenderPopulation(self._population(tag), collection, style, kind)
        made.apply(self.scene, fill=fill or not there or kind != was)
        made.restrict(partial)
        self._taken[tag] = made
        kept.note_population(made)
        if look:
            self.look()
        return made

    def _kind(self, collection: Any, said: bool | None, before: BlenderPopulation | None) -> bool:
        """Whether cells are objects: as it is declared, by this call or by others of this script.
        Where nothing is, they are points; but objects that others have made stay."""
        declared = said if said is not None else self._as_objects
        if said is None and before is not None:
            declared = before.as_objects
        if declared is not None:
            collection.pop(_FOUND, None)
            return declared
        if AS_OBJECTS not in collection:
            collection[_FOUND] = bool(objects.by_id(collection))
        return bool(collection.get(_FOUND))


def from_file(path: PathLike) -> BlenderNetwork:
    """A network of a file: the BSB's HDF5, or a SONATA configuration.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged, or no network.
    """
    return BlenderNetwork(circuit.CellNetwork(path))


def from_hdf5(path: PathLike) -> BlenderNetwork:
    """A network of the BSB's, of v3 to v8, as `bsb.core.from_hdf5`."""
    return from_file(path)


def from_sonata(config: PathLike) -> BlenderNetwork:
    """A network of a SONATA configuration."""
    return from_file(config)


def from_arrays(populations: Any, name: str = "arrays") -> BlenderNetwork:
    """A network of arrays.

    Args:
        populations: of each by its name either positions, n × 3 in µm, or a dict of `positions`
            and, where wanted, `ids`, `rotations` (degrees), `radius`, `radii`, `color`.
        name: what it is called in messages.
    """
    return BlenderNetwork(ArrayNetwork(populations, name))
