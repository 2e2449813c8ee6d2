"""A fleet of Blenders and the jobs that it renders, as in Rust."""

import json
from os import PathLike
from types import TracebackType
from typing import Any

from .plain import plain
from .progress import Update
from .started import Started


class RenderJob:
    """What is rendered: the keys of `render.json`, checked when it is rendered.

    job = RenderJob(scene="room.blend", out="renders/room", frames="1:250:2",
                    passes=["frames", "depths"], samples=64)
    """

    def __init__(self, **keys: Any) -> None:
        """Keys as in `render.json`; `anew=True` renders again what is done, `dry_run=True` only
        evaluates."""
        self.keys = {key: plain(value) for key, value in keys.items() if value is not None}

    def __repr__(self) -> str:
        """Its keys."""
        return f"RenderJob({', '.join(f'{key}={value!r}' for key, value in self.keys.items())})"


class RenderFleet:
    """Blenders that render. They end with the `with` block, and with this process.

    with RenderFleet(jobs=2) as fleet:
        outcome = fleet.render(RenderJob(scene="room.blend", out="renders/room"))
    """

    def __init__(
        self,
        jobs: "int | str" = "auto",
        timeout: float | None = None,
        log_dir: "str | PathLike[str] | None" = None,
        blender: "str | PathLike[str] | None" = None,
        **keys: Any,
    ) -> None:
        """Starts them; they come up meanwhile, unless `timeout` is given.

        Args:
            jobs: how many, or "auto": as many as cores and free memory have room for.
            timeout: seconds that they may take until they can be asked.
            log_dir: a folder for a log file of each.
            blender: which Blender, as in launch.json.
            **keys: further keys of render.json about the fleet: `max_memory`, `env`.

        Raises:
            TimeoutError: they were not ready in time.
            LaunchError: no Blender is found, or it does not start.
            ValueError: a key is wrong.
        """
        described = {"jobs": jobs, "log_dir": log_dir, "blender": blender, **keys}
        described = {key: plain(value) for key, value in described.items() if value is not None}
        self._fleet = Started(described, timeout)

    @property
    def workers(self) -> int:
        """How many Blenders there are."""
        return self._fleet.workers

    @property
    def blender(self) -> str:
        """Their version."""
        return self._fleet.blender

    def render(self, job: RenderJob, update_fn: Update | None = None) -> dict[str, Any]:
        """Renders a job on all Blenders. What came of it: `total`, `done`, `skipped` (done before),
        `failed` (pairs of frame and reason), `elapsed`, `seconds` (means of a frame's parts).

        Raises:
            ValueError: the job is wrong, or an engine lacks a pass.
            RuntimeError: the folder holds another job; the differences are named.
            OSError: the folder cannot be used, or its disk is full.
        """
        from .client import BlenderClient

        keys = dict(job.keys)
        client = BlenderClient(self._fleet)
        described = {key: value for key, value in keys.items() if key not in _ASIDE}
        with self._fleet.asked():
            client._session.open_described(json.dumps(described))
        return client._render(keys, update_fn)

    def stop(self) -> None:
        """Ends the Blenders."""
        self._fleet.stop()

    def __enter__(self) -> "RenderFleet":
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the Blenders."""
        self.stop()


_ASIDE = ("anew", "dry_run", "mixed")
