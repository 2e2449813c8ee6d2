"""What a worker has prepared to render: passes, ids, the writer.

Owns how long a `Capture` lives: steps that it would not survive have it given back before, and it
is made anew, with the same passes and ids, when the next frame needs it.
"""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import _blendtorch
from ..passes import Capture, Display
from .sequential import Walk

if TYPE_CHECKING:
    from ..passes import Things

NOTE = "at"
"""The file that names the frame which is rendered."""

_FOR_DISPLAYS = ("png", "jpeg")


@dataclass
class Prepared:
    """Passes that are rendered, and where they go."""

    passes: dict[str, dict[str, Any]]
    spec: dict[str, Any] | None
    folder: Path | None
    sequential: bool
    persistent: bool
    dry_run: bool
    scratch: Path | None = None
    """Where files are made on their way to `folder`: a folder that is there while some are."""
    tag: str = ""
    """What tells a head of which render events are; by default the folder."""
    instances: dict[str, Any] = field(default_factory=dict)
    materials: dict[str, Any] = field(default_factory=dict)
    walk: Walk | None = None
    """How far the scene has been played, where its frames depend on those before."""
    _capture: Capture | None = None
    _writer: Any = None

    def capture(self) -> Capture:
        """What renders; made now if there is none.

        Raises:
            Lacks: the engine has no such pass.
            ValueError, RuntimeError: the scene cannot be rendered so.
        """
        if self._capture is None:
            display = display_of(self.spec)
            made = Capture(
                self.passes, persistent=self.persistent, display=display, free=self.flush
            )
            made.give({"instances": self.instances, "materials": self.materials})
            self._capture = made
        return self._capture

    def things(self) -> "Things":
        """What can have an id."""
        return self.capture().things()

    def give(self, instances: dict[str, Any], materials: dict[str, Any]) -> None:
        """Ids, beside those that were given before."""
        self.instances.update(instances)
        self.materials.update(materials)
        if self._capture is not None:
            self._capture.give({"instances": instances, "materials": materials})

    def writer(self) -> Any:
        """What writes; None where nothing is to be written.

        Raises:
            ValueError: it cannot write such files.
            RuntimeError: not there.
        """
        if self.spec is None or self.folder is None or self.dry_run:
            return None
        if self._writer is None:
            try:
                self._writer = _blendtorch.FrameWriter(
                    json.dumps(self.spec), str(self.folder), **self._way()
                )
            except ValueError as error:
                raise ValueError(str(error)) from error
            except OSError as error:
                raise RuntimeError(str(error)) from error
        return self._writer

    def _way(self) -> dict[str, Any]:
        """The writer's option for files that come by way of scratch."""
        return {} if self.scratch is None else {"scratch": str(self.scratch)}

    def warnings(self) -> list[str]:
        """What the user should know of how it is rendered and written."""
        writer = self.writer()
        return [*self.capture().warnings, *(writer.warnings() if writer is not None else ())]

    def begin(self, frame: int) -> None:
        """Leaves a note of the frame that is begun: what is said of it may not be sent yet when
        this process dies of it, and another frame would be blamed."""
        if self.folder is not None:
            with suppress(OSError):  # No room: the frame itself will say so.
                (self.folder / NOTE).write_bytes(b"%-12d" % frame)

    def flush(self) -> None:
        """Waits until nothing is being written."""
        if self._writer is not None:
            self._writer.flush()

    def give_back(self) -> None:
        """Gives the scene back as it was; a next frame prepares it again."""
        capture, self._capture = self._capture, None
        self.flush()  # The writer may still read the arrays of the last frame.
        if capture is not None:
            capture.release()

    def close(self) -> None:
        """The same, and writes no more."""
        try:
            self.give_back()
        finally:
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.close()


def display_of(spec: dict[str, Any] | None) -> Display | None:
    """How frames are for a display, where any file of them is."""
    for file in (spec or {}).get("files", ()):
        if file.get("pass") == "frames" and file.get("format") in _FOR_DISPLAYS:
            deep = file.get("bits") == 16 and file["format"] == "png"
            return Display(color=file.get("color") or "RGB", bits=16 if deep else 8)
    return None
