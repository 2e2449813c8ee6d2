"""Renders of the current scene, as arrays.

Owns what a scene is set to for them, and that it gets back what it had; each engine's way is in a
file of its own.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from time import perf_counter
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .. import alive, cycles
from ..network.plotted import ENGINE as PLOT
from ..settings import changed
from . import crypto, engines, flat, ids, marks, rasterised, things, traced
from .colors import Colors
from .intrinsics import Intrinsics
from .job import Job, output_nodes
from .kinds import Display, Frame, Ids, Things
from .memory import Memory
from .points import points_of_depth
from .saved import Saves

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CRYPTOMATTE = {
    "CryptoObject": "use_pass_cryptomatte_object",
    "CryptoMaterial": "use_pass_cryptomatte_material",
}


class Capture:
    """Prepares the current scene and view layer for renders with passes, and renders them.

        capture = Capture({"depths": {}, "segmentations": {}}, display=None)
        capture.give({"instances": {"Cube": [1, 1]}, "materials": {}})
        frame = capture.render()
        capture.release()

    There is one at a time. A scene that is gone by `release` is left alone. Instances have ids of
    their own if something makes instances when this is made.
    """

    def __init__(
        self,
        passes: Mapping[str, Mapping[str, Any]],
        *,
        persistent: bool = True,
        display: Display | None = None,
        free: Callable[[], None] | None = None,
    ) -> None:
        """Prepares the scene.

        Args:
            passes: what is wanted, by the names of `PASSES`. Of their options, a writer's,
                one counts here: `linear` of `frames`.
            persistent: keep Cycles' data between frames.
            display: `frames` as the array `display`; without it they are the array `combined`. With
                `{"frames": {"linear": True}}` both are there.

            free: called before a frame's arrays are written over by the next one; waits until
                nobody reads them. Without it there are two sets of arrays, in turn.

        Raises:
            Lacks: the engine has no such pass.
            ValueError: an unknown pass, no camera, a panoramic one, an engine without passes, a
                video as the format of composites, or more pixels than Cycles gives out.
            RuntimeError: motion blur is on, and a pass is wanted that it would spoil.
        """
        self.warnings: list[str] = []
        self._wanted = frozenset(passes)
        self._scene, self._layer = bpy.context.scene, bpy.context.view_layer
        self.engine = engines.engine_of(self._scene)
        engines.check(passes, self.engine)
        engines.check_blur(self._scene, self._layer, self.engine, passes)
        eye = Intrinsics(self._scene)
        if self.engine == "CYCLES":
            cycles.check_size(eye.shape)
        self._display = display if "frames" in passes else None
        self._linear = display is None or bool((passes.get("frames") or {}).get("linear"))
        self._check_composites()
        self._loads = alive.loads()
        self._memory, self._saves = Memory(free), Saves()
        self._objects, self._materials = ids.Labels(2), ids.Labels(1)
        self._shown: dict[str, str] = {}  # The object that a thing with an id shows.
        self._composite: str | None = None
        self._stack = ExitStack()
        self._instances = "segmentations" in passes and things.may_have_instances()
        kinds = {"segmentations", "materials"} & self._wanted
        self._told = traced.Told(kinds, by_index=self._has_indices(kinds))
        self._colors = {
            kind: Colors("OBJECT" if kind == "segmentations" else "MATERIAL")
            for kind in sorted(kinds)
        }
        self._passes = self._made_of()
        self._plotted: Any = None
        try:
            self._prepare(persistent)
        except BaseException:
            self.release()
            raise

    def things(self) -> Things:
        """What can be seen in renders of the scene, and so can have ids."""
        return things.all_things(self._scene, self._layer)

    def give(self, table: Ids) -> None:
        """Gives ids: `{"instances": {name: [id, category]}, "materials": {name: id}}`. What has
        some already gets these.

        Raises:
            ValueError: an id is no whole number from 1 to 2³² − 1 (a category may be 0).
        """
        ids.give(self._objects, self._materials, table)

    def composite(self, path: str) -> str:
        """Makes the NEXT `render()` also write the compositor's result, by the scene's own output
        settings, in the same render. Call it before each `render()` when `composites` is wanted.

        Args:
            path: without an extension; Blender's own is added.

        Returns: the file's path.
        """
        extension = str(self._scene.render.file_extension)
        self._composite = path if path.endswith(extension) else path + extension
        return self._composite

    def render(self) -> Frame:
        """Renders the scene as it is now: its frame, its camera.

        Raises:
            RuntimeError: the engine failed, or motion blur was switched on since; or `composites`
                is wanted, and `composite` was not called.
            ValueError: the scene has no camera any more, or became one of another engine.
        """
        self._check_now()
        composite, self._composite = self._composite, None
        self._memory.turn()
        job = Job(
            self._scene, self._layer, self._passes, self._display, composite, self._memory,
            self._saves,
        )  # fmt: skip
        eyes: list[Intrinsics] = []

        def eye() -> Intrinsics:
            # A render chooses the camera, by the timeline's markers.
            if not eyes:
                eyes.append(Intrinsics(self._scene))
            return eyes[0]

        number_of = self._number_of if self._instances else None
        start = perf_counter()
        if self.engine == PLOT:
            raw = self._plots().render(job, eye())
        elif self.engine == "WORKBENCH":
            raw = flat.render(job, eye, self._colors, "normals" in self._wanted, number_of)
        else:
            self._told.mark()
            render = traced.render if self.engine == "CYCLES" else rasterised.render
            raw = render(job, eye, self._told, number_of)
        rendered = perf_counter() - start
        frame = self._frame(raw, eye(), instances_told=number_of is not None)
        frame.about["seconds"] = {"render": rendered, "passes": perf_counter() - start - rendered}
        frame.composite = composite
        return frame

    def release(self) -> None:
        """Gives the scene back as it was."""
        if self._plotted is not None:
            self._plotted.free()
        if alive.loads() != self._loads or alive.is_gone(self._scene):
            return
        try:
            if self.engine == "CYCLES" and not alive.is_gone(self._layer):
                cycles.forget(self._scene, self._layer)
        finally:
            self._told.release()
            self._stack.close()

    def _plots(self) -> Any:
        if self._plotted is None:
            from .plotted import Plots

            self._plotted = Plots()
        return self._plotted

    def _check_composites(self) -> None:
        if "composites" not in self._wanted:
            return
        if self._scene.render.is_movie_format:
            raise ValueError(
                "composites are single pictures, and the scene's output is a video: set "
                "scene.render.image_settings.file_format"
            )
        names = [node.name for node in output_nodes(self._scene)]
        if names:
            self.warnings.append(
                f"the scene's File Output nodes write nothing meanwhile: {', '.join(names)}"
            )
        display = self._display
        if display and display.bits == 8 and self._scene.render.dither_intensity > 0:
            self.warnings.append(
                "frames are saved without the scene's dither, since composites are rendered along"
            )

    def _has_indices(self, kinds: "set[str]") -> bool:
        """Whether ids can be rendered by pass indices."""
        if self.engine != "CYCLES" or not kinds:
            return False
        user = marks.used_by()
        if user is None and "composites" in self._wanted:
            user = marks.used_by_compositor(self._scene)
        if user is not None:
            self.warnings.append(
                f"{user} uses pass indices: ids are taken from Cryptomatte, whose pixels show what "
                "covers most of them"
            )
        return user is None

    def _made_of(self) -> tuple[str, ...]:
        table = engines.made_of(self.engine)
        found = [name for one in table for name in table[one] if one in self._wanted]
        if "frames" in self._wanted and not self._linear and "composites" not in self._wanted:
            # The file has it all.
            found.remove("Combined")
        if self.engine != "WORKBENCH":
            found += self._told.passes(self._crypto_files())
            if self._instances:
                found += table["points"]
        if "cryptomatte" in self._wanted:
            for kind in _CRYPTOMATTE:
                found += [f"{kind}{n:02d}" for n in range(self._crypto_files())]
        if self.engine == "CYCLES" and not found:
            found.append("Combined")  # That which is read says that there was a render.
        return tuple(dict.fromkeys(found))

    def _crypto_files(self) -> int:
        return (int(self._layer.pass_cryptomatte_depth) + 1) // 2

    def _prepare(self, persistent: bool) -> None:
        switches = {cycles.SWITCHES[name]: True for name in self._passes}
        if self.engine == "WORKBENCH":
            switches |= {"use_pass_combined": True, "use_pass_z": True}
        render: dict[str, Any] = {
            "use_border": False,
            "use_multiview": False,
            "use_single_layer": False,
            "use_sequencer": False,
        }
        if self.engine == "CYCLES":
            render["use_persistent_data"] = persistent
            cycles.forget(self._scene, self._layer)
        if self._display is None:
            render["use_freestyle"] = False
        self._stack.enter_context(changed(self._layer, **switches))
        self._stack.enter_context(changed(self._scene.render, **render))

    def _check_now(self) -> None:
        if engines.engine_of(self._scene) != self.engine:
            raise ValueError(f"the scene's engine became another one than {self.engine}")
        engines.check_blur(self._scene, self._layer, self.engine, self._wanted)
        if "composites" in self._wanted and self._composite is None:
            raise RuntimeError("composites are wanted: call `composite(path)` before `render()`")

    def _number_of(self, thing: str, shown: str) -> int:
        self._shown[thing] = shown
        return self._objects.names.number(thing)

    def _frame(
        self, raw: "dict[str, NDArray[Any]]", eye: Intrinsics, instances_told: bool
    ) -> Frame:
        sources = engines.EEVEE_SOURCES if self.engine == "EEVEE" else engines.SOURCES
        wanted = self._sources()
        arrays: dict[str, NDArray[Any]] = {}
        for name, array in raw.items():
            if sources.get(name) in wanted:
                arrays[sources[name]] = array[..., 0] if array.shape[-1] == 1 else array
            elif name in wanted:
                arrays[name] = array
        if "points" in self._wanted and "points" not in arrays:
            arrays["points"] = points_of_depth(raw["Depth"][..., 0], eye, self._memory.array)
        about: dict[str, Any] = {"engine": self.engine, **eye.about()}
        if "cryptomatte" in self._wanted:
            about["manifest"] = {
                "CryptoObject": crypto.manifest(one.name for one in things.objects()),
                "CryptoMaterial": crypto.manifest(one.name for one in bpy.data.materials),
            }
        unknown = self._ids(raw, arrays, instances_told)
        return Frame(arrays, about, unknown)

    def _sources(self) -> set[str]:
        """The arrays that the passes wanted are made of."""
        table = engines.made_of(self.engine)
        sources = engines.EEVEE_SOURCES if self.engine == "EEVEE" else engines.SOURCES
        found = {sources[name] for one in self._wanted for name in table[one]}
        if self._display is not None:
            found.add("display")
        if not self._linear:
            found.discard("combined")
        if "normals" in self._wanted:
            found.add("normal")
        if self.engine == "WORKBENCH" and "depths" not in self._wanted:
            found.discard("depth")
        if "cryptomatte" in self._wanted:
            found |= {name for name in self._passes if name.startswith("Crypto")}
        return found

    def _ids(
        self,
        raw: "dict[str, NDArray[Any]]",
        arrays: "dict[str, NDArray[Any]]",
        instances_told: bool,
    ) -> Things:
        unknown = Things([], [])
        for kind in self._told.kinds:
            numbers = raw[kind]
            labels = self._objects if kind == "segmentations" else self._materials
            of_objects = kind == "segmentations"
            if not (of_objects and instances_told):
                self._renumber(numbers, kind, labels)
            names = ("instance", "category") if of_objects else ("material",)
            outs = [self._memory.array(name, numbers.shape, np.uint32) for name in names]
            left = labels.fill(numbers, outs)
            arrays.update(zip(names, outs, strict=True))
            if of_objects:
                found = [(name, self._shown.get(name, name)) for name in left]
                unknown = unknown._replace(objects=things.named(found))
            else:
                unknown = unknown._replace(materials=left)
        return unknown

    def _renumber(self, numbers: "NDArray[np.uint32]", kind: str, labels: ids.Labels) -> None:
        """From numbers of what was marked to those of names."""
        if self.engine == "WORKBENCH":
            names = self._colors[kind].names.names
        else:
            names = self._told.names(kind)
        table = np.array([0, *(labels.names.number(name) for name in names)], np.uint32)
        if len(table) != int(table[-1]) + 1 or (np.diff(table.astype(np.int64)) != 1).any():
            np.take(table, numbers, out=numbers, mode="clip")
