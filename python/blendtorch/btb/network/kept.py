"""What a .blend keeps of the networks that it shows, so that it can be shown again.

On a network's collection: the file, how frames and time go together, and the description if it was
made of one. On a population's: style, and what plays: how, from which files, or the spikes
themselves where they came of none. Also a text that says so to people. All is JSON in custom
properties. Owns that format. It must never make or change what is drawn.
"""

import hashlib
import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from . import marked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ... import circuit
    from .blended import BlenderNetwork
    from .population import BlenderPopulation
    from .sources import Origin

NETWORK, STYLE, PLAY = "blendtorch_network", "blendtorch_style", "blendtorch_play"
_CELLS, _TIMES = "blendtorch_spike_cells", "blendtorch_spike_ms"
LABEL, COLOR = "blendtorch_label", "blendtorch_color"
TEXT = "blendtorch network"
_INLINE = 2_000_000
"""Up to so many spikes that came of no file are kept in the .blend."""
_PIECE = 1 << 20

SAYS = """This file shows networks of neurons, drawn with blendtorch.

Opened without blendtorch, it shows their cells at rest: the activity is not in the file, but
calculated from the results when frames are drawn. To see it:

    blendtorch render {name} -o FOLDER

draws it, attached again by itself. In a script, in a Blender that has blendtorch:

    import bpy
    from blendtorch.btb import network

    network.attach(bpy.context.scene)  # plays it again
    network.bake(bpy.context.scene)    # writes it as keys, which any Blender plays
"""


def note_network(root: Any, network: "BlenderNetwork") -> None:
    """Keeps which network it is, in place of the one before."""
    said = read(root, NETWORK)
    said["files"] = {}
    path = network.path
    said["network"] = None if path is None else note_file(said, path)
    _write(root, NETWORK, said)
    _tell()


def is_another(root: Any, path: Path | None) -> bool:
    """Whether a collection has been another network's: of another file, or of arrays, and `path` is
    the file of the one that has it now, None of arrays."""
    said = read(root, NETWORK)
    before = said.get("network")
    if "network" not in said or before == (None if path is None else str(path.absolute())):
        return False
    if before is None or path is None:
        return True
    # A file that was moved is the same one.
    return bool(said.get("files", {}).get(before) != fingerprint(path))


def forget_network(root: Any) -> None:
    """Keeps nothing of it any more."""
    root.pop(NETWORK, None)


def note_population(population: "BlenderPopulation") -> None:
    """Keeps what is declared of a population."""
    style = population.style
    said = {
        "color": None if style.color is None else list(map(float, style.color)),
        "opacity": style.opacity,
        "radius": style.radius,
        "hidden": style.hidden,
        "draw_as": style.draw_as,
    }
    collection = population.collection
    _write(collection, STYLE, said)
    collection[LABEL], collection[COLOR] = population.label, list(population.color)


def note_play(
    population: "BlenderPopulation",
    said: Any,
    line: "circuit.Timeline",
    colors: Any,
    origin: "Origin",
    spikes: "tuple[NDArray[np.uint32], NDArray[np.float64]] | None",
) -> None:
    """Keeps what a population plays."""
    collection = population.collection
    play: dict[str, Any] = {"show": dict(said), "colors": _plain_colors(colors)}
    play["last"] = population.last
    play["time"] = {"fps": line.fps, "ms_per_s": line.ms_per_s, "start_ms": line.start_ms}
    for key in (_CELLS, _TIMES):
        collection.pop(key, None)
    play["files"] = {}
    if said["as"] == "report":
        play["show"]["report"] = note_file(play, Path(said["report"]))
    elif spikes is not None:
        if origin.paths:
            play["results"] = [note_file(play, one) for one in origin.paths]
            play["group"] = origin.group
        elif len(spikes[0]) <= _INLINE:
            collection[_CELLS] = np.ascontiguousarray(spikes[0], np.int32)
            collection[_TIMES] = np.ascontiguousarray(spikes[1], np.float64)
            play["inline"] = len(spikes[0])
        else:
            play["lost"] = f"{len(spikes[0])} spikes that are in no file"
    _write(collection, PLAY, play)


def forget_play(collection: Any) -> None:
    """Keeps that it plays nothing."""
    for key in (PLAY, _CELLS, _TIMES):
        collection.pop(key, None)


def note_time(root: Any, line: "circuit.Timeline") -> None:
    """Keeps how frames and time go together."""
    said = read(root, NETWORK)
    said["time"] = {"fps": line.fps, "ms_per_s": line.ms_per_s, "start_ms": line.start_ms}
    _write(root, NETWORK, said)


def note_description(root: Any, description: "dict[str, Any] | None") -> None:
    """Keeps what it was made of."""
    said = read(root, NETWORK)
    said["description"] = description
    _write(root, NETWORK, said)


def spikes(collection: Any) -> "tuple[NDArray[np.uint32], NDArray[np.float64]] | None":
    """The spikes that are kept in the file itself."""
    if _CELLS not in collection:
        return None
    cells = np.array(collection[_CELLS], np.int32).astype(np.uint32)
    return cells, np.array(collection[_TIMES], np.float64)


def read(block: Any, key: str) -> dict[str, Any]:
    """What is kept there under a key; nothing where somebody has broken it."""
    try:
        found = json.loads(block.get(key) or "{}")
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def files(scene: Any) -> list[Path]:
    """The files that the networks of a scene are made of, where they are now."""
    found: dict[Path, None] = {}
    for root in marked.networks(scene):
        said = [read(root, NETWORK)]
        said += [read(one, PLAY) for one in marked.populations(root)]
        for one in said:
            for path in one.get("files", {}):
                found[place(path)] = None
    return list(found)


def place(path: str) -> Path:
    """Where a file is: where it was, or beside the .blend."""
    given = Path(path)
    if not given.exists() and bpy.data.filepath:
        beside = Path(bpy.data.filepath).absolute().parent / given.name
        if beside.exists():
            return beside
    return given.absolute()


def changed(said: dict[str, Any]) -> list[str]:
    """What is to be said of the files of something that is kept: gone, or with other content."""
    told = []
    for path, print_ in said.get("files", {}).items():
        at = place(path)
        if not at.is_file():
            told.append(
                f"{path} is gone: put it back, or beside the .blend; until then cells are at rest"
            )
        elif print_ and fingerprint(at) != print_:
            told.append(f"{at} has other content than when the .blend was saved")
    return told


def note_file(said: dict[str, Any], path: Path) -> str:
    """Adds a file to what is kept; its absolute path."""
    at = str(Path(path).absolute())
    try:
        said.setdefault("files", {})[at] = fingerprint(Path(at))
    except OSError:
        said.setdefault("files", {})[at] = None
    return at


def fingerprint(path: Path) -> str:
    """What tells a file's content from another's: its length and a SHA-256 of its first and its
    last megabyte, and of 64 places between."""
    size = path.stat().st_size
    made = hashlib.sha256()
    with path.open("rb") as file:
        made.update(file.read(_PIECE))
        if size > _PIECE:
            for nth in range(64):
                file.seek(_PIECE + (size - _PIECE) * nth // 64)
                made.update(file.read(4096))
            file.seek(max(size - _PIECE, 0))
            made.update(file.read(_PIECE))
    return f"{size}-{made.hexdigest()[:32]}"


def said(heard: "Iterable[warnings.WarningMessage]") -> list[str]:
    """What of warnings is for people; those for programmers go on."""
    told = []
    for one in heard:
        if issubclass(one.category, RuntimeWarning):
            told.append(str(one.message))
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return list(dict.fromkeys(told))


def _plain_colors(colors: Any) -> Any:
    if colors is None or isinstance(colors, str | dict):
        return colors
    return {"map": colors.map, "low": colors.low, "high": colors.high}


def _write(block: Any, key: str, said: dict[str, Any]) -> None:
    text = json.dumps(said, sort_keys=True, default=str)
    if block.get(key) != text:
        block[key] = text


def _tell() -> None:
    """Says it to who opens the file."""
    text = bpy.data.texts.get(TEXT) or bpy.data.texts.new(TEXT)
    name = Path(bpy.data.filepath).name or "this.blend"
    said = SAYS.format(name=name)
    if text.as_string() != said:
        text.from_string(said)
