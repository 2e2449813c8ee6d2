"""The light of a scene of networks: one sun, for cells that do not shine themselves."""

from typing import Any

import bpy

from . import marked

NAME = "BSB Solar"


def ensure(scene: Any) -> Any:
    """The sun; made in the scene's own collection where the scene has none of that name."""
    for obj in scene.objects:
        if obj.type == "LIGHT" and obj.data.name.partition(".")[0] == NAME:
            return obj
    data = bpy.data.lights.get(NAME) or bpy.data.lights.new(NAME, "SUN")
    if data.type != "SUN":
        data = bpy.data.lights.new(NAME, "SUN")
    data.energy = 1.5
    sun = marked.mark(bpy.data.objects.new(NAME, data), "light", NAME)
    # From behind the camera's left shoulder, so that cells have a dark side, but not towards it.
    sun.rotation_euler = (0.6, -0.2, -0.9)
    scene.collection.objects.link(sun)
    return sun


def remove(scene: Any) -> None:
    """Takes our sun out of a scene."""
    for obj in list(scene.objects):
        if obj.get(marked.ROLE) == "light":
            bpy.data.objects.remove(obj)
