"""What the graphics library draws, made of arrays.

Owns which of its formats an array has: float32 as it is, uint8 as parts of 1. It must never draw.
"""

from typing import TYPE_CHECKING, Any

import gpu
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def vertices(**attributes: "NDArray[np.float32] | NDArray[np.uint8]") -> Any:
    """A vertex for each row, with attributes of those names: (n,) or (n, up to 4)."""
    form = gpu.types.GPUVertFormat()
    for name, rows in attributes.items():
        width = 1 if rows.ndim == 1 else rows.shape[1]
        bytes_ = rows.dtype == np.uint8
        form.attr_add(
            id=name,
            comp_type="U8" if bytes_ else "F32",
            len=width,
            fetch_mode="INT_TO_FLOAT_UNIT" if bytes_ else "FLOAT",
        )
    made = gpu.types.GPUVertBuf(form, len(next(iter(attributes.values()))))
    for name, rows in attributes.items():
        made.attr_fill(name, np.ascontiguousarray(rows))
    return made


def triangles(of: Any, corners: "NDArray[np.int32] | None" = None) -> Any:
    """A batch of triangles: of `vertices` as they follow each other, or of those that `corners`
    (m, 3) say."""
    if corners is None:
        return gpu.types.GPUBatch(type="TRIS", buf=of)
    faces = gpu.types.GPUIndexBuf(type="TRIS", seq=np.ascontiguousarray(corners))
    return gpu.types.GPUBatch(type="TRIS", buf=of, elem=faces)
