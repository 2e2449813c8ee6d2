"""Videos, made by `blendtorch sequence` and read back by ffmpeg."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from support import HANG_S
from support.programs import program
from support.renders import Rendered, run


def ffmpeg() -> Path:
    """The program that `blendtorch` finds."""
    found = os.environ.get("BLENDTORCH_FFMPEG") or shutil.which("ffmpeg")
    if found:
        return Path(found)
    cache = os.environ.get("BLENDTORCH_CACHE") or Path.home() / ".cache" / "blendtorch"
    ours = sorted(Path(cache).glob("ffmpeg-imageio-*/ffmpeg"))
    assert ours, "no ffmpeg: blendtorch setup --video"
    return ours[-1]


def command(folder: Path, out: Path, *words: Any) -> list[Any]:
    return [program("blendtorch"), "sequence", folder, out, *words]


def sequence(folder: Path, out: Path, *words: Any, **options: Any) -> Rendered:
    """`blendtorch sequence`, to its end."""
    return run(command(folder, out, *words), **options)


def pictures(folder: Path, shown: dict[int, np.ndarray], name: str = "{:06}.png") -> Path:
    """A folder of pictures, by number."""
    folder.mkdir(parents=True)
    for number, picture in shown.items():
        Image.fromarray(picture).save(folder / name.format(number))
    return folder


def plain(value: int, size: tuple[int, int] = (32, 48)) -> np.ndarray:
    """A grey picture, rows × columns."""
    return np.full((*size, 3), value, np.uint8)


def frames(video: Path) -> np.ndarray:
    """All frames of a video, N × H × W × 3, as ffmpeg decodes them, none added or left out."""
    width, height = size(video)
    words = ["-v", "error", "-i", video, "-fps_mode", "passthrough"]
    done = subprocess.run(
        [ffmpeg(), *words, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        check=True,
        capture_output=True,
        timeout=HANG_S,
    )
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)


def about(video: Path) -> str:
    """What ffmpeg says of its stream."""
    done = subprocess.run(
        [ffmpeg(), "-hide_banner", "-i", video], capture_output=True, text=True, timeout=HANG_S
    )
    found = re.search(r"Stream #0:0.*Video: .*", done.stderr)
    assert found, done.stderr
    return found[0]


def size(video: Path) -> tuple[int, int]:
    found = re.search(r", (\d+)x(\d+)", about(video))
    assert found
    return int(found[1]), int(found[2])


def fps(video: Path) -> float:
    found = re.search(r"([\d.]+) fps", about(video))
    assert found
    return float(found[1])
