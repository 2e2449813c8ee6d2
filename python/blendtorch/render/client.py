"""One Blender, or several as one, with VisionSim's words.

Owns how a call becomes a step, and which values come back. What a step does is in Blender
(`btb/worker/steps`), how frames are dealt out in Rust.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any

from .asynchronous import AsyncResult
from .gone import Gone, _gone
from .passes import Passes
from .plain import absolute, plain
from .progress import Update
from .started import Started, started
from .steps import Steps


class BlenderClient(Passes, Steps, Gone):
    """One Blender that opens a file, changes it, and renders it to disk.

        with BlenderClient.spawn(timeout=30, log="logs") as client:
            client.initialize("monkey.blend", "renders/monkey")
            client.include_frames()
            client.render_animation()

    What was done to a scene is remembered: a Blender that is lost comes back with it. Frames that
    are done are skipped (`allow_skips`), also in another program: `root_path` has a ledger.
    Values are plain: they stay when the Blender has ended.
    """

    _only_one = True

    def __init__(self, fleet: Any = None, *workers: Any) -> None:
        """Made by `spawn`, `BlenderClients.spawn` and pools.

        Raises:
            NotImplementedError: it was called as VisionSim's is, with the address of a server.
        """
        if not isinstance(fleet, Started):
            _gone(f"{type(self).__name__}(address)", "start Blenders by its spawn(), or by a pool")
        self._fleet = fleet
        self._session = fleet.session(*workers)
        self._root: str | None = None
        self._autoexec = False
        self._included: dict[str, dict[str, Any]] = {}
        self._previews: dict[str, bool] = {}
        self._keys: dict[str, Any] = {}
        self._asked: list[AsyncResult] = []
        self._warned: set[str] = set()
        # The current frame, where no step has needed it: pictures do not depend on it, so it is no
        # part of what a frame was rendered with.
        self._frame: int | None = None

    @classmethod
    @contextmanager
    def spawn(
        cls,
        timeout: float = -1.0,
        log: Any = None,
        autoexec: bool = False,
        executable: "str | PathLike[str] | None" = None,
        log_dir: "str | PathLike[str] | None" = None,
    ) -> "Iterator[BlenderClient]":
        """Starts a Blender, and ends it with the `with` block.

        Args:
            timeout: seconds that it may take until it can be asked; below 0 it is not waited for.
            log: a folder for its log; without one nothing is logged.
            autoexec: whether scripts and drivers of files may run.
            executable: which Blender: a path, or a name on PATH. By default the managed one.
            log_dir: another name of `log`, of VisionSim 0.1.

        Raises:
            TimeoutError: it was not ready in time.
            LaunchError: no Blender is found, or it does not start.
        """
        fleet = started(1, timeout, log if log is not None else log_dir, executable)
        try:
            client = cls(fleet)
            client._autoexec = autoexec
            yield client
        finally:
            fleet.stop()

    def initialize(
        self,
        blend_file: "str | PathLike[str]",
        root_path: "str | PathLike[str]",
        **open_mainfile_kwargs: Any,
    ) -> None:
        """Opens a file; what is rendered goes below `root_path`.

        Args:
            blend_file: relative paths are those of this program.
            root_path: is made, with a ledger of what is done.
            **open_mainfile_kwargs: further arguments of Blender's `wm.open_mainfile`.

        Raises:
            ValueError, RuntimeError, FileNotFoundError: it does not open, or has no camera.
        """
        self._included, self._previews, self._keys, self._frame = {}, {}, {}, None
        self._warned.clear()
        self._root = absolute(root_path)
        options = json.dumps(plain(open_mainfile_kwargs))
        with self._fleet.asked():
            said = self._session.open(absolute(blend_file), self._autoexec, options)
        for warning in json.loads(said[0]).get("warnings", ()):
            self._warn(warning)

    def set_current_frame(self, frame_number: int) -> None:
        """Sets the scene's current frame, which rendering leaves as it is."""
        self._frame = None
        self._ask("set_current_frame", frame_number=frame_number)
        self._frame = frame_number

    def _step(self, step: str, /, **arguments: Any) -> Any:
        """Changes the scene in all Blenders, and in those that come after them."""
        if self._frame is not None:
            self._applied("set_current_frame", {"frame_number": self._frame}, keep=True)
            self._frame = None
        return self._applied(step, arguments, keep=True)

    def _ask(self, step: str, /, **arguments: Any) -> Any:
        """Asks all Blenders."""
        if self._frame is not None:  # Also one that has begun since.
            self._applied("set_current_frame", {"frame_number": self._frame}, keep=False)
        return self._applied(step, arguments, keep=False)

    def _applied(self, step: str, arguments: dict[str, Any], keep: bool) -> Any:
        """What a step returned, of each Blender where there are several."""
        with self._fleet.asked():
            texts = self._session.apply(step, json.dumps(plain(arguments)), keep)
        values = [json.loads(text) for text in texts]
        if self._only_one:
            return values[0]
        return None if all(value is None for value in values) else tuple(values)

    # Rendering.

    def render_animation(
        self,
        frame_start: int | None = None,
        frame_end: int | None = None,
        frame_step: int | None = None,
        allow_skips: bool = True,
        dry_run: bool = False,
        update_fn: Update | None = None,
    ) -> None:
        """Renders the scene's frames, or a range of them.

        Args:
            frame_start: the first; by default the scene's.
            frame_end: the last, which is rendered too; by default the scene's.
            frame_step: by default the scene's.
            allow_skips: frames that are done are skipped.
            dry_run: everything but rendering and writing.
            update_fn: called with `total=n` once, then with `advance=1` for each frame.

        Raises:
            ValueError: nothing is included, an engine lacks a pass, or the range is empty.
            RuntimeError: frames could not be rendered (named; the others are done), or the folder
                holds another job.
            OSError: the folder cannot be used, or its disk is full.
        """
        parts = (frame_start, frame_end, frame_step)
        texts = ["" if part is None else str(int(part)) for part in parts]
        self._frames(":".join(texts if texts[2] else texts[:2]), allow_skips, dry_run, update_fn)

    def render_frames(
        self,
        frame_numbers: Iterable[int],
        allow_skips: bool = True,
        dry_run: bool = False,
        update_fn: Update | None = None,
    ) -> None:
        """Renders these frames. See `render_animation`."""
        numbers = [int(number) for number in frame_numbers]
        if not numbers:
            raise ValueError("render_frames: there are no frame numbers")
        self._frames(numbers, allow_skips, dry_run, update_fn)

    def render_frame(
        self, frame_number: int, allow_skips: bool = True, dry_run: bool = False
    ) -> None:
        """Renders one frame."""
        self.render_frames([frame_number], allow_skips, dry_run)

    def render_current_frame(self, allow_skips: bool = True, dry_run: bool = False) -> None:
        """Renders the scene's current frame."""
        now = self._frame
        if now is None:
            asked = self._ask("current_frame")
            now = asked if self._only_one else asked[0]
        self.render_frame(now, allow_skips, dry_run)

    def render_animation_async(self, *args: Any, **kwargs: Any) -> AsyncResult:
        """`render_animation` without waiting for its end; see `wait`."""
        return self._later(self.render_animation, *args, **kwargs)

    def render_frames_async(self, *args: Any, **kwargs: Any) -> AsyncResult:
        """`render_frames` without waiting for its end; see `wait`."""
        return self._later(self.render_frames, *args, **kwargs)

    def wait(self) -> None:
        """Waits until all that was asked for without waiting has ended.

        Raises what the first one raised whose error nobody has taken.
        """
        asked, self._asked = self._asked, []
        for one in asked:
            one.wait()
        for one in asked:
            one._raise()

    def _later(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> AsyncResult:
        result = AsyncResult(function, *args, **kwargs)
        self._asked.append(result)
        return result

    def _frames(
        self, wanted: Any, allow_skips: bool, dry_run: bool, update_fn: Update | None
    ) -> None:
        if self._root is None:
            raise RuntimeError("no file is open: call initialize(blend_file, root_path) first")
        if not self._included and not dry_run:
            raise ValueError(
                "nothing is included: call include_frames() or another include_… first"
            )
        keys = {
            "out": self._root,
            "frames": wanted,
            "passes": self._included or {"frames": {}},
            "previews": any(self._previews.values()),
            "anew": not allow_skips,
            "dry_run": dry_run,
            # A program may change the scene between frames.
            "mixed": True,
            **self._keys,
        }
        outcome = self._render(keys, update_fn)
        if outcome["failed"]:
            told = "; ".join(f"frame {frame}: {why}" for frame, why in outcome["failed"])
            number = len(outcome["failed"])
            frames = "1 frame" if number == 1 else f"{number} frames"
            raise RuntimeError(f"{frames} could not be rendered: {told}")

    def _render(self, keys: dict[str, Any], update_fn: Update | None) -> dict[str, Any]:
        def tell(text: str) -> None:
            said = json.loads(text)
            if said["what"] == "warning":
                self._warn(said["text"])
            if update_fn is None:
                return
            if said["what"] == "planned":
                update_fn(total=said["total"])
                for _ in range(said["skipped"]):
                    update_fn(advance=1)
            elif said["what"] in ("frame", "failed"):
                update_fn(advance=1)

        with self._fleet.asked():
            outcome: dict[str, Any] = json.loads(self._session.render(json.dumps(keys), tell))
        return outcome

    def _warn(self, text: str) -> None:
        """Says it once for a file: each render says again what it found."""
        if text not in self._warned and not self._fleet.stopped:
            self._warned.add(text)
            print(f"blendtorch: warning: {text}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Closes the file: the Blender has factory settings again."""
        self._root = self._frame = None
        with self._fleet.asked():
            self._session.close()
