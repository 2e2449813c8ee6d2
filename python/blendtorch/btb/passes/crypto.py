"""Cryptomatte: what object or material covers most of a pixel.

Source: Friedman and Jones, Cryptomatte specification 1.2.0. A rank is a pair of floats, a name's
hash and the part of the pixel that it covers; ranks are sorted by that. It must never guess: a hash
that no name has is nothing.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MASK = 0xFFFFFFFF


@cache
def bits_of(name: str) -> int:
    """The bits of the float that stands for a name: MurmurHash3 (32 bits, seed 0) of its UTF-8, and
    no denormal, infinity or NaN."""
    value = _murmur3(name.encode())
    return value ^ (1 << 23) if (value >> 23) & 255 in (0, 255) else value


def manifest(names: Iterable[str]) -> dict[str, str]:
    """Names and their bits in eight hexadecimal digits, as Cryptomatte's files have them."""
    return {name: f"{bits_of(name):08x}" for name in names}


def most_covering(
    ranks: "NDArray[np.float32]", names: Sequence[str], out: "NDArray[np.uint32]"
) -> None:
    """Per pixel 1 + the place in `names` of what covers most of it; 0 where the background does, or
    what has none of the names.

    Args:
        ranks: all of them, H × W × 4 · n: hash, cover, hash, cover…
        names: sorted in any way.
        out: H × W.
    """
    bits = np.array([bits_of(name) for name in names], np.uint32)
    order = np.argsort(bits, kind="stable")
    known = bits[order]
    first = np.ascontiguousarray(ranks[..., 0]).view(np.uint32)
    out[...] = 0
    if not len(known):
        return
    place = np.searchsorted(known, first)
    np.minimum(place, len(known) - 1, out=place)
    hit = known[place] == first
    # What no rank covers is the background's.
    hit &= ranks[..., 1] >= 1 - ranks[..., 1::2].sum(-1)
    hit &= ranks[..., 1] > 0
    np.copyto(out, (order[place] + 1).astype(np.uint32), where=hit)


def _murmur3(data: bytes) -> int:
    def mixed(block: int) -> int:
        block = block * 0xCC9E2D51 & _MASK
        block = (block << 15 | block >> 17) & _MASK
        return block * 0x1B873593 & _MASK

    value, whole = 0, len(data) // 4 * 4
    for at in range(0, whole, 4):
        value ^= mixed(int.from_bytes(data[at : at + 4], "little"))
        value = (value << 13 | value >> 19) & _MASK
        value = (value * 5 + 0xE6546B64) & _MASK
    if tail := data[whole:]:
        value ^= mixed(int.from_bytes(tail, "little"))
    value ^= len(data)
    value = (value ^ value >> 16) * 0x85EBCA6B & _MASK
    value = (value ^ value >> 13) * 0xC2B2AE35 & _MASK
    return value ^ value >> 16


def ranks_of(arrays: "dict[str, NDArray[Any]]", kind: str) -> "NDArray[np.float32]":
    """The ranks of `CryptoObject` or `CryptoMaterial` in one array."""
    return np.concatenate([arrays[name] for name in sorted(arrays) if name.startswith(kind)], -1)
