"""Which Blender a file was saved by, read from its first bytes: some Blenders crash on a newer
one's file (3.4.1 does on one of 4.5's), so it is asked before it is opened.
"""

import ctypes
import ctypes.util
import gzip
import re
from pathlib import Path

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
# `BLENDER-v405`, and from 5.0 on `BLENDER17-01v0500`.
_HEADER = re.compile(rb"BLENDER(?:[-_][vV](\d)(\d\d)|\d\d-\d\d[vV](\d\d)(\d\d))")
_START = 17
# As much of a compressed file as surely has its first block's beginning, and what that is at most.
_READ, _ROOM = 1 << 18, 1 << 18


def version_of(path: Path) -> tuple[int, int] | None:
    """Major and minor version of the Blender that saved the file; None where that cannot be read:
    it is no .blend file, or compressed in a way that nothing here can read.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_READ)
    if start.startswith(_GZIP):
        with gzip.open(path) as unpacked:
            try:
                start = unpacked.read(_START)
            except (EOFError, gzip.BadGzipFile):
                return None
    elif start.startswith(_ZSTD):
        start = _unpacked(start)
    found = _HEADER.match(start)
    if found is None:
        return None
    major, minor = [int(part) for part in found.groups() if part is not None]
    return major, minor


def _unpacked(packed: bytes) -> bytes:
    """The beginning of what is packed with Zstandard, by the system's library: Blender's Python
    has none. Empty where there is none."""
    name = ctypes.util.find_library("zstd") or "libzstd.so.1"
    try:
        zstd = ctypes.CDLL(name)
        zstd.ZSTD_createDStream.restype = ctypes.c_void_p
        zstd.ZSTD_decompressStream.restype = ctypes.c_size_t
    except (OSError, AttributeError):
        return b""

    class Buffer(ctypes.Structure):
        _fields_ = (
            ("data", ctypes.c_void_p),
            ("size", ctypes.c_size_t),
            ("position", ctypes.c_size_t),
        )

    room = ctypes.create_string_buffer(_ROOM)
    source = ctypes.create_string_buffer(packed, len(packed))
    into = Buffer(ctypes.cast(room, ctypes.c_void_p), _ROOM, 0)
    of = Buffer(ctypes.cast(source, ctypes.c_void_p), len(packed), 0)
    stream = ctypes.c_void_p(zstd.ZSTD_createDStream())
    try:
        for _ in range(100):
            before = into.position, of.position
            zstd.ZSTD_decompressStream(stream, ctypes.byref(into), ctypes.byref(of))
            if into.position >= _START or before == (into.position, of.position):
                break
    finally:
        zstd.ZSTD_freeDStream(stream)
    return room.raw[: into.position][:_START]
