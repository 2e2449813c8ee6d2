"""Colours that say which object or material a pixel shows, for Workbench.

Owns that the user's colours come back. A number is in red and green, eight bits each, which floats
of 16 bits hold exactly; blue is 1 where there is a surface.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .ids import Names

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGEST = 65535


class Colors:
    """Numbers of objects, or of materials, as their colours."""

    def __init__(self, kind: str) -> None:
        """Of `OBJECT` or `MATERIAL`."""
        self.kind = kind
        self.names = Names()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """All have the colours of their numbers. Those without a surface too: an instance has the
        colour of what makes it.

        Raises:
            RuntimeError: there are more than two colours' channels can tell apart.
        """
        name = "color" if self.kind == "OBJECT" else "diffuse_color"
        owners: list[Any] = list(bpy.data.objects if self.kind == "OBJECT" else bpy.data.materials)
        before = [tuple(getattr(owner, name)) for owner in owners]
        try:
            for owner in owners:
                setattr(owner, name, self.color(owner.name_full))
            yield
        finally:
            for owner, color in zip(owners, before, strict=True):
                setattr(owner, name, color)

    def color(self, name: str) -> "tuple[float, float, float, float]":
        """That of the number of a name.

        Raises:
            RuntimeError: there are more than two colours' channels can tell apart.
        """
        number = self.names.number(name)
        if number > _LARGEST:
            raise RuntimeError(f"more than {_LARGEST} objects: too many for colours")
        return ((number & 255) / 256, (number >> 8) / 256, 1.0, 1.0)

    def read(self, pixels: "NDArray[np.float32]", out: "NDArray[np.uint32]") -> None:
        """The numbers of a picture (H × W × 4) of such colours; 0 where nothing is."""
        np.copyto(out, np.rint(pixels[..., 1] * 256), casting="unsafe")
        out <<= 8
        low = np.rint(pixels[..., 0] * 256).astype(np.uint32)
        out += low
        # What has no such colour, as a surface without a material, is nothing.
        out[(pixels[..., 2] < 0.99) | (out > len(self.names))] = 0
