"""One render of Blender's own, told what it shall leave where.

Owns which of the scene's settings that takes, beside what `Capture` changes for its whole life.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .. import runtime
from ..cycles import only
from ..quiet import quiet
from ..settings import changed
from .kinds import Display
from .memory import Memory
from .saved import Saves

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Job:
    """What one frame's render is to give."""

    scene: Any
    layer: Any
    passes: tuple[str, ...]
    """Blender's passes, as Blender 4 names them."""
    display: Display | None
    """The image as for a display, under the name `display`."""
    composite: str | None
    """Where Blender is to write what the compositor makes."""
    memory: Memory
    saves: Saves

    def array(self, name: str, shape: tuple[int, ...], dtype: Any = np.float32) -> "NDArray[Any]":
        """Memory for an array."""
        return self.memory.array(name, shape, dtype)

    def run(self) -> "dict[str, NDArray[Any]]":
        """Renders, and gives `display` where it is wanted and no compositor has changed the image:
        after one `shown_of` makes it."""
        with ExitStack() as stack:
            shown = None
            if self.composite is not None:
                stack.enter_context(self._composited(self.composite))
            else:
                stack.enter_context(only(self.scene, self.layer))
                stack.enter_context(changed(self.scene.render, use_compositing=False))
                if self.display is not None:
                    shown = stack.enter_context(self.saves.still(self.scene, self.display))
            stack.enter_context(quiet())
            still = self.composite is not None or shown is not None
            bpy.ops.render.render(write_still=still, layer=self.layer.name, scene=self.scene.name)
        if shown is None or self.display is None:
            return {}
        return {"display": self.saves.shown(shown, self.display, self.array)}

    def shown_of(self, combined: "NDArray[np.float32]") -> "dict[str, NDArray[Any]]":
        """`display`, where it is wanted and the render has been composited."""
        if self.composite is None or self.display is None:
            return {}
        return {"display": self.saves.of_pixels(self.scene, combined, self.display, self.array)}

    def layers(self) -> "dict[str, NDArray[np.float32]]":
        """The passes of the render that was made last, by way of a file."""
        if not self.passes:
            return {}
        names = {name: runtime.result_name(name) for name in self.passes}
        return self.saves.layers(self.scene, self.layer.name, names, self.array)

    @contextmanager
    def _composited(self, path: str) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(
                changed(
                    self.scene.render, use_compositing=True, filepath=path, use_file_extension=False
                )
            )
            for node in output_nodes(self.scene):
                stack.enter_context(changed(node, mute=True))
            yield


def output_nodes(scene: Any) -> list[Any]:
    """The File Output nodes of a scene's compositor that write, those in groups too."""
    found: list[Any] = []
    left, seen = [runtime.compositor_tree(scene)], []
    while left:
        tree = left.pop()
        if tree is None or tree in seen:
            continue
        seen.append(tree)
        found += [node for node in tree.nodes if node.type == "OUTPUT_FILE" and not node.mute]
        left += [node.node_tree for node in tree.nodes if node.type == "GROUP"]
    return found
