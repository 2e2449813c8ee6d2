"""Renders of the current scene, as arrays."""

from collections.abc import Mapping
from typing import Any

from .kinds import Display, Frame, Ids, Things


class Capture:
    """Prepares the current scene and view layer for renders with passes, and renders them.

        capture = Capture({"depths": {}, "segmentations": {}}, display=None)
        capture.give({"instances": {"Cube": [1, 1]}, "materials": {}})
        frame = capture.render()
        capture.release()
    """

    def __init__(
        self,
        passes: Mapping[str, Mapping[str, Any]],
        *,
        persistent: bool = True,
        display: Display | None = None,
    ) -> None:
        """Prepares the scene.

        Args:
            passes: what is wanted, by the names of `PASSES`; options: `frames`, `diffuse` and so
                on have none that matter here.
            persistent: keep Cycles' data between frames.
            display: `frames` as the array `display`; without it they are the array `combined`.

        Raises:
            Lacks: the engine has no such pass.
            ValueError: an unknown pass, no camera, a panoramic one for what needs a plane.
            RuntimeError: motion blur is on, and a pass is wanted that it would spoil.
        """
        self.warnings: list[str] = []
        raise NotImplementedError

    def things(self) -> Things:
        """What can be seen in renders of the scene as it is now, and so can have ids."""
        raise NotImplementedError

    def give(self, table: Ids) -> None:
        """Gives ids: `{"instances": {name: [id, category]}, "materials": {name: id}}`. What has
        some already gets these."""
        raise NotImplementedError

    def composite(self, path: str) -> str:
        """Makes the NEXT `render()` also write the compositor's result, by the scene's own output
        settings, in the same render. Call it before each `render()` when `composites` is wanted.

        Args:
            path: without an extension; Blender's own is added.

        Returns: the file's path.
        """
        raise NotImplementedError

    def render(self) -> Frame:
        """Renders the scene as it is now: its frame, its camera."""
        raise NotImplementedError

    def release(self) -> None:
        """Gives the scene back as it was."""
        raise NotImplementedError
