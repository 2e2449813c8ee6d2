"""The 3D view that drawing borrows."""

from typing import Any

import bpy


def find_first_view3d() -> tuple[Any, Any, Any]:
    """The first 3D view: its area, its space, and its largest window region.

    Works in background mode, where the factory layout is still loaded.

    Raises:
        RuntimeError: no screen has a 3D view.
    """
    current = [bpy.context.screen] if bpy.context.screen else []
    for screen in [*current, *bpy.data.screens]:
        for area in screen.areas:
            if area.type == "VIEW_3D":
                regions = [r for r in area.regions if r.type == "WINDOW"]
                return area, area.spaces.active, max(regions, key=lambda r: r.width * r.height)
    raise RuntimeError("no 3D view in any screen of this file: open one, or load a factory scene")
