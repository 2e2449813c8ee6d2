"""Renders frames one after another, and hands each to the writer.

Owns what is said of each frame, and that one which fails changes nothing for the next.
"""

import json
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from .. import asked, instance
from ..passes import Frame, Things
from ..passes.intrinsics import Intrinsics
from ..quiet import quiet
from . import networks
from .answers import is_expected, text_of, told
from .checks import LAST_FRAME, whole
from .guard import settings_kept
from .opened import Opened
from .prepared import Prepared
from .sequential import Walk
from .telling import event

# Seconds between two words of a way through frames that are not rendered.
_EVERY = 0.2


def run(opened: Opened, prepared: Prepared, frames: list[int]) -> dict[str, Any]:
    """Renders these frames in this order, until all are, a name has no id, or this instance is
    asked to stop: `left` are those that are not rendered, `unknown` what has no id.

    Raises:
        ValueError: one is no frame that Blender renders.
    """
    left = [whole(frame, "a frame", 0, LAST_FRAME) for frame in frames]
    unknown: Things | None = Things([], [])
    while left and unknown is not None and not unknown and not asked.stop_waits():
        print(f"blendtorch: frame {left[0]}", flush=True)
        instance.place(None, left[0])
        prepared.begin(left[0])
        event("began", frame=left[0], folder=_folder(prepared))
        start = perf_counter()
        try:
            with settings_kept(opened.scene):
                unknown = _frame(opened, prepared, left[0])
        except Exception as error:
            text = text_of(error) if is_expected(error) else told(error)["text"]
            event("failed", frame=left[0], kind="render", text=text, folder=_folder(prepared))
            _drop_composite(prepared, left.pop(0))
            prepared.give_back()
            continue
        if unknown is not None and not unknown:
            instance.frame_done(perf_counter() - start)
            left.pop(0)
    instance.place(None, None)
    return {"left": left, "unknown": (unknown or Things([], [])).plain()}


def _frame(opened: Opened, prepared: Prepared, frame: int) -> Things | None:
    """Renders one and hands it on, unless something has no id, which it returns. None where this
    instance is asked to stop while frames before it are played."""
    start = perf_counter()
    capture = prepared.capture()
    networks.begin()
    if prepared.sequential:
        prepared.walk = prepared.walk or Walk(opened.scene)
        if not prepared.walk.to(frame, _told(prepared, frame)):
            return None
    else:
        opened.scene.frame_set(frame)
    networks.check(frame)
    evaluated = perf_counter()
    instance.took("evaluate", evaluated - start)
    seconds = {"evaluate": evaluated - start}
    if prepared.dry_run:
        about = _about(prepared, frame, Intrinsics(opened.scene).about(), seconds)
        event("written", frame=frame, files=[], about=about, folder=_folder(prepared))
        return Things([], [])
    if "composites" in prepared.passes and prepared.folder is not None:
        capture.composite(str(_composite_place(prepared, prepared.folder, frame)))
    with quiet():
        rendered = capture.render()
    networks.check(frame)
    took = perf_counter() - evaluated
    instance.took("render", took)
    seconds["render"] = took
    if rendered.unknown:
        _drop_composite(prepared, frame)
        return rendered.unknown
    _hand_on(prepared, frame, rendered, seconds)
    return rendered.unknown


def _told(prepared: Prepared, frame: int) -> Callable[[], bool]:
    """Whether to give up the way to a frame; meanwhile a head hears that it goes on."""
    last = perf_counter()

    def gives_up() -> bool:
        nonlocal last
        if perf_counter() - last > _EVERY:
            last = perf_counter()
            event("playing", frame=frame, folder=_folder(prepared))
        return asked.stop_waits()

    return gives_up


def _hand_on(prepared: Prepared, frame: int, rendered: Frame, seconds: dict[str, float]) -> None:
    said = rendered.about.get("seconds", {})
    seconds = {**seconds, "render": said.get("render", seconds["render"])}
    seconds["read"] = said.get("passes", 0.0)
    about = _about(prepared, frame, rendered.about, seconds)
    if rendered.composite is not None:
        about["files"] = [_composite(Path(rendered.composite), prepared)]
    writer = prepared.writer()
    if writer is None:
        event("written", frame=frame, files=[], about=about, folder=_folder(prepared))
        return
    writer.write(frame, rendered.arrays, json.dumps(about, allow_nan=False))


def _about(
    prepared: Prepared, frame: int, camera: dict[str, Any], seconds: dict[str, float]
) -> dict[str, Any]:
    """What is said of a frame: what is said of its camera, and how it was made."""
    ids = len(prepared.instances) + len(prepared.materials)
    return {**camera, "frame": frame, "ids": ids, "seconds": seconds}


def _folder(prepared: Prepared) -> str:
    """What tells a head which render an event belongs to."""
    return str(prepared.folder or prepared.tag)


def _composite_place(prepared: Prepared, folder: Path, frame: int) -> Path:
    """Where Blender writes a composite, but for the ending."""
    name = f"{frame:06}.composites"
    if prepared.scratch is None:
        return folder / name
    return prepared.scratch.with_name(f"{prepared.scratch.name}.{name}")


def _drop_composite(prepared: Prepared, frame: int) -> None:
    """Of a frame that is not handed on no file stays."""
    if prepared.folder is not None:
        place = _composite_place(prepared, prepared.folder, frame)
        for path in place.parent.glob(f"{place.name}.*"):
            path.unlink(missing_ok=True)


def _composite(path: Path, prepared: Prepared) -> dict[str, Any]:
    """The file that Blender wrote, synced, as the writer tells of its own."""
    start = perf_counter()
    if prepared.scratch is not None and prepared.folder is not None:
        made, name = path, path.name.removeprefix(f"{prepared.scratch.name}.")
        path = prepared.folder / name
        shutil.copyfile(made, path)
        made.unlink()
    crc = size = 0
    with path.open("rb+") as file:
        while part := file.read(1 << 20):
            crc, size = zlib.crc32(part, crc), size + len(part)
        os.fsync(file.fileno())
    seconds = perf_counter() - start
    return {
        "pass": "composites", "file": path.name, "bytes": size, "crc": crc, "seconds": seconds
    }  # fmt: skip
