"""What the scripts of a file leave in this process, which outlives the file: handlers that are to
persist, and names that drivers see. The next file must not be rendered with them.
"""

from typing import Any

import bpy


class Kept:
    """What there is before a file is opened."""

    def __init__(self) -> None:
        """Looks."""
        self._names = dict(bpy.app.driver_namespace)

    def put_back(self, path: str) -> None:
        """Takes away what scripts within the file have added since."""
        for handlers in (getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)):
            if isinstance(handlers, list):
                handlers[:] = [one for one in handlers if not _is_of(one, path)]
        for name in set(bpy.app.driver_namespace) - set(self._names):
            del bpy.app.driver_namespace[name]
        bpy.app.driver_namespace.update(self._names)


def _is_of(function: Any, path: str) -> bool:
    """Whether a function is of a script in the file: such have paths as if in a folder."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return getattr(code, "co_filename", "").startswith((f"{path}/", f"{path}\\"))
