"""The file that a worker has open, and what of it is the worker's doing."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from .. import arguments
from ..settings import changed
from . import fcurves
from .scripts import Kept
from .telling import some


@dataclass
class Opened:
    """A file, from its opening on."""

    path: Path
    autoexec: bool
    muted: set[fcurves.Key] = field(default_factory=set)
    """Curves that the file itself has muted."""
    ours: list[tuple[Any, str, Any]] = field(default_factory=list)
    """Settings that opening has changed: their owner, their name, and what the file says."""
    before: Kept = field(default_factory=Kept)
    """What this process had before the file's scripts."""
    frame: tuple[int, float] | None = None
    """The scene's current frame, whatever was rendered since, and the part of one behind it."""

    @property
    def scene(self) -> Any:
        """The scene that is rendered."""
        return bpy.context.scene

    @property
    def layer(self) -> Any:
        """The view layer that is rendered."""
        return bpy.context.view_layer

    @property
    def camera(self) -> Any:
        """The scene's camera.

        Raises:
            ValueError: it has none.
        """
        found = self.scene.camera
        if found is None:
            raise ValueError(
                f"scene {self.scene.name!r} of {self.path} has no camera; choose one with "
                f"camera(name): {cameras_told(self.scene)}"
            )
        return found

    def at_its_frame(self) -> None:
        """Makes current the frame that the file or a step made it, not one that was rendered."""
        scene = self.scene
        if self.frame not in (None, (scene.frame_current, scene.frame_subframe)):
            frame, part = self.frame
            scene.frame_set(frame, subframe=part)

    def stays_here(self) -> None:
        """The current frame is the scene's, from now on."""
        self.frame = (self.scene.frame_current, self.scene.frame_subframe)

    def take(self, owner: Any, name: str, value: Any) -> None:
        """Makes a setting what rendering takes; `as_in_file` knows what it was."""
        before = getattr(owner, name)
        if before != value:
            self.ours.append((owner, name, before))
            setattr(owner, name, value)

    def as_in_file(self) -> ExitStack:
        """Settings that are ours have the file's values within this."""
        stack = ExitStack()
        for owner, name, value in reversed(self.ours):  # What was changed twice, to the first.
            stack.enter_context(changed(owner, **{name: value}))
        return stack


def cameras_told(scene: Any) -> str:
    """The scene's cameras, for messages."""
    names = [obj.name for obj in scene.objects if obj.type == "CAMERA"]
    return f"it has {some(names, 20)}" if names else "it has none"


def instance_number() -> int:
    """Which of the fleet's instances this is, from 0."""
    try:
        return arguments.of_the_run()[0].btid or 0
    except ValueError:  # Run by hand, with a command line of another kind.
        return 0
