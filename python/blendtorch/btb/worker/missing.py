"""What a file refers to that is not there, and what in it would write files of its own."""

import glob
import os
import re
from collections.abc import Iterator
from typing import Any

import bpy

from .. import runtime

# A tile's or a frame's number in a path.
_NUMBERED = re.compile(r"<UDIM>|<UVTILE>")
_LAST_DIGITS = re.compile(r"\d+(?=[^\d/]*$)")


def libraries() -> list[str]:
    """The files that this one links, as absolute paths."""
    return sorted({_absolute(one.filepath) for one in bpy.data.libraries})


def warnings() -> list[str]:
    """One text for each file that is missing."""
    found = [f"{what} {path} is missing: {so}" for what, path, so in _missing()]
    return list(dict.fromkeys(found))


def file_outputs(scene: Any) -> list[str]:
    """One text for each File Output node of the scene's own that would write."""
    tree = runtime.compositor_tree(scene)
    nodes = [] if tree is None else tree.nodes
    return [
        f"the File Output node {node.name!r} of scene {scene.name!r} writes nothing here"
        for node in nodes
        if node.bl_idname == "CompositorNodeOutputFile" and not node.mute
    ]


def _missing() -> Iterator[tuple[str, str, str]]:
    for library in bpy.data.libraries:
        path = _absolute(library.filepath)
        if not library.packed_file and not os.path.exists(path):
            yield "the library", path, "what it holds is not rendered"
    for image in bpy.data.images:
        if image.source not in ("FILE", "SEQUENCE", "MOVIE", "TILED") or image.packed_file:
            continue
        path = _absolute(image.filepath, image.library)
        if image.filepath and image.users and not _exists(path, image.source):
            yield "the texture", path, f"image {image.name!r} is rendered pink, or black"
    for kind, group in (
        ("the font", bpy.data.fonts),
        ("the cache", bpy.data.cache_files),
        ("the volume", bpy.data.volumes),
        ("the movie", bpy.data.movieclips),
    ):
        for one in group:
            packed = getattr(one, "packed_file", None)
            if not one.filepath or one.filepath == "<builtin>" or packed or not one.users:
                continue
            path = _absolute(one.filepath, one.library)
            sequence = (
                getattr(one, "is_sequence", False) or getattr(one, "source", "") == "SEQUENCE"
            )
            if not _exists(path, "SEQUENCE" if sequence else "FILE"):
                yield kind, path, f"{one.name!r} is not rendered as it should be"


def _exists(path: str, source: str) -> bool:
    if source == "TILED":
        return _any_of(_NUMBERED.split(path))
    if source == "SEQUENCE":  # Any frame of it.
        return _any_of(_LAST_DIGITS.split(path))
    return os.path.exists(path)


def _any_of(parts: list[str]) -> bool:
    return bool(glob.glob("*".join(map(glob.escape, parts))))


def _absolute(path: str, library: Any = None) -> str:
    return str(os.path.abspath(bpy.path.abspath(path, library=library)))
