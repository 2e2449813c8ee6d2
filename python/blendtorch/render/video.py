"""Frames to a video, as `blendtorch sequence` does it."""

import json
from collections.abc import Callable, Iterable
from fractions import Fraction
from os import PathLike
from typing import Any

from .. import _blendtorch


def sequence(
    folder: "str | PathLike[str]",
    out: "str | PathLike[str]",
    *,
    passes: "str | Iterable[str]" = (),
    frames: "str | Iterable[int] | None" = None,
    fps: "float | Fraction | str | None" = None,
    quality: int | None = None,
    allow_missing: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> dict[str, Any]:
    """Makes a video of the frames of a folder, each once, in the order of their numbers.

    Args:
        folder: one that was rendered into, one of its passes' folders, or one of numbered pictures.
        out: the video: .mp4, .mov, .webm, .mkv (which loses nothing) or .gif.
        passes: what is shown; several are a grid with their names. `frames`, if nothing is said.
        frames: which, as "1:250:2" or their numbers.
        fps: frames a second; the scene's, if nothing is said.
        quality: 0 is the best.
        allow_missing: leave out frames that are missing.
        overwrite: replace a video of that name.
        progress: hears how many frames are written, and of how many.

    Returns:
        `frames` and `missing` (numbers), `passes`, `fps`, `size` (width, height), `bytes` and
        `seconds`.

    Raises:
        FileNotFoundError: frames are missing, or there is no ffmpeg.
        ValueError: pictures of several sizes, one that cannot be read, or nobody says how fast.
        OSError: the video cannot be written there.
        RuntimeError: ffmpeg failed.
    """
    names = [passes] if isinstance(passes, str) else list(passes)
    if frames is not None and not isinstance(frames, str):
        frames = ",".join(str(int(frame)) for frame in frames)
    rate = None if fps is None else str(fps)
    made = _blendtorch.make_video(
        folder, out, names, frames, rate, quality, allow_missing, overwrite, progress
    )
    told: dict[str, Any] = json.loads(made)
    return told
