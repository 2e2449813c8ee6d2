"""A video of a recording, with the calls of matplotlib's animations.

Owns that each interval is a frame, first to last, and where files lie until the video is there. The
frames are rendered by `blendtorch.render`, and joined by its `sequence`. It must never draw.
"""

import base64
import math
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import scene
from .plot import Plot
from .recording import Recording

_FRAMES_A_BLENDER = 150
"""Starting another one for fewer is slower than letting one go on."""
_OF_MATPLOTLIB = (
    "writer", "codec", "bitrate", "extra_args", "metadata", "extra_anim", "savefig_kwargs",
)  # fmt: skip


class Animation:
    """What `VideoVisualizer.generate_Animation` returns. Nothing is drawn before it is saved."""

    def __init__(self, recording: Recording, plot: Plot, slowdown: float = 10.0) -> None:
        """Of what was recorded.

        Raises:
            ValueError: nothing was, or pictures would follow each other too fast.
        """
        if not len(recording):
            raise ValueError("nothing was simulated: run the simulation first, then make the video")
        self.fps = scene.frames_a_second(recording.dt_ms, slowdown)
        self._recording, self._plot, self._slowdown = recording, plot, slowdown
        self._html: str | None = None

    @property
    def frames(self) -> int:
        """How many there are: one for each interval."""
        return len(self._recording)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._plot.size

    def __repr__(self) -> str:
        width, height = self.size
        return f"<animation: {self.frames} frames of {width} x {height}, {self.fps:g} a second>"

    def describe(self, folder: "str | os.PathLike[str]") -> Path:
        """Writes the scene into a folder, as a `network.json` with its arrays: `blendtorch render`
        takes it, on this host or another, and any number of Blenders."""
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        return scene.write(self._recording, self._plot, self._slowdown, path)

    def render(
        self,
        out: "str | os.PathLike[str]",
        *,
        frames: int | None = None,
        jobs: int | None = None,
        blender: "str | os.PathLike[str] | None" = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> dict[str, Any]:
        """Renders the frames into a folder, where `frames/000000.png` is the first interval's.

        Args:
            out: the folder. The scene lies in its `scene`.
            frames: only so many; all where nothing is said.
            jobs: how many Blenders; one for each 150 frames, as far as there are cores.
            blender: which Blender, as in launch.json.
            progress: hears how many frames are done, and of how many.

        Raises:
            RuntimeError: frames could not be rendered; why is said of the first.
        """
        from ..render import RenderFleet, RenderJob

        count = self.frames if frames is None else max(min(int(frames), self.frames), 1)
        if jobs is None:
            cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
            jobs = max(min(math.ceil(count / _FRAMES_A_BLENDER), cores), 1)
        out = Path(out)
        path = self.describe(out / "scene")
        job = RenderJob(scene=path, out=out, frames=f"0:{count - 1}", passes=["frames"], anew=True)
        update = None if progress is None else _Told(progress, count)
        with RenderFleet(jobs=jobs, blender=blender) as fleet:
            outcome = fleet.render(job, update)
        if outcome["failed"]:
            frame, reason = outcome["failed"][0]
            raise RuntimeError(
                f"{len(outcome['failed'])} of {count} frames could not be rendered; frame {frame}: "
                f"{reason}"
            )
        return outcome

    def save(
        self,
        filename: "str | os.PathLike[str]",
        writer: Any = None,
        fps: float | None = None,
        dpi: float | None = None,
        *,
        frames: int | None = None,
        jobs: int | None = None,
        quality: int | None = None,
        blender: "str | os.PathLike[str] | None" = None,
        progress_callback: Callable[[int, int], object] | None = None,
        **of_matplotlib: Any,
    ) -> None:
        """Draws all frames and saves them as a video, which replaces one of that name.

        Args:
            filename: .mp4, .mov, .webm, .mkv (which loses nothing) or .gif.
            writer: has no meaning here, as other arguments of matplotlib's: they are named.
            fps: frames a second, if others than `slowdown_factor` says.
            dpi: pixels an inch of the figure.
            frames: only the first so many.
            jobs: how many Blenders.
            quality: 0 is the best, as in `blendtorch sequence`.
            blender: which Blender, as in launch.json.
            progress_callback: hears the number of a frame that is done, and of how many.

        Raises:
            FileNotFoundError: there is no ffmpeg.
            OSError: the video cannot be written there.
            RuntimeError: frames could not be rendered.
        """
        from ..render import sequence

        target = Path(filename).absolute()
        if not target.parent.is_dir():
            raise FileNotFoundError(f"{target}: there is no folder {target.parent}")
        given = {"writer": writer, **of_matplotlib}
        if unknown := [name for name in given if name not in _OF_MATPLOTLIB]:
            raise TypeError(f"save() has no argument {unknown[0]!r}")
        if idle := [name for name, value in given.items() if value is not None]:
            text = f"Blender draws and ffmpeg writes this video: {', '.join(idle)} has no meaning"
            warnings.warn(text, stacklevel=2)
        if dpi is not None:
            self._plot = _at(self._plot, float(dpi))
            self._html = None
        with tempfile.TemporaryDirectory(prefix="blendtorch-cleo-") as folder:
            self.render(
                folder, frames=frames, jobs=jobs, blender=blender, progress=progress_callback
            )
            sequence(folder, target, fps=fps or self.fps, quality=quality, overwrite=True)

    def to_html5_video(self, embed_limit: float | None = 20.0) -> str:
        """The video as an HTML element that holds it, for notebooks. It is made once.

        Args:
            embed_limit: how large it may be, in MB; a larger one is said and not embedded.
        """
        if self._html is None:
            with tempfile.TemporaryDirectory(prefix="blendtorch-cleo-") as folder:
                file = Path(folder) / "video.mp4"
                self.save(file)
                data = file.read_bytes()
            limit = 20.0 if embed_limit is None else float(embed_limit)
            if len(data) > limit * 2**20:
                text = f"the video has {len(data) / 2**20:.1f} MB, and {limit:g} are embedded"
                warnings.warn(f"{text}; save it, or give embed_limit", stacklevel=2)
                return "Video too large to embed."
            width, height = self.size
            self._html = (
                f'<video width="{width}" height="{height}" controls autoplay loop>\n'
                '  <source type="video/mp4" src="data:video/mp4;base64,'
                f'{base64.b64encode(data).decode("ascii")}">\n'
                "  Your browser does not support the video tag.\n</video>"
            )
        return self._html

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return self.to_html5_video()


def _at(plot: Plot, dpi: float) -> Plot:
    """The same figure with other pixels."""
    from dataclasses import replace

    factor = dpi / plot.dpi
    width, height = (max(round(side * factor / 2) * 2, 4) for side in plot.size)
    return replace(plot, dpi=dpi, size=(width, height))


class _Told:
    """Says to a callback of matplotlib's what a render says."""

    def __init__(self, callback: Callable[[int, int], object], total: int) -> None:
        self._callback, self._total, self._done = callback, total, 0

    def __call__(self, **values: Any) -> None:
        before = self._done
        self._done += int(values.get("advance") or 0)
        for done in range(before, self._done):
            self._callback(done, self._total)
