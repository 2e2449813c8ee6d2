"""What surfaces look like in a picture: lit as Workbench lights them, as normals, or as numbers.

Owns which settings make pictures of another kind. It must never draw.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy

from . import light, programs, rules

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Color = tuple[float, ...]
SHEER = "a surface that is seen through"
POLISHED = "a metal that is polished"
"""Its highlights are as sharp as rounding makes them."""
ROUGH = 0.4
"""The roughness of what has no material, …"""
GREY = (0.8, 0.8, 0.8)
"""… and its colour."""


@dataclass(frozen=True)
class Look:
    """What surfaces look like."""

    program: programs.Kind
    lamps: "NDArray[np.float32]"
    """As `light.numbers` has them."""
    color: Callable[[Any, Any, int], Color | str]
    """Of an instance, its object and the place of a material: red, green, blue, and roughness and
    metalness in one; or why it is not drawn here."""
    kind: tuple[Any, ...]
    """What makes pictures of another kind: with another light, or another ground."""
    is_picture: bool = False
    """Whether colours are to be those that Blender draws."""
    ground: Color | None = None
    """The one colour behind everything, where a setting says it."""


def of_shading(shading: Any, space: Any) -> Look:
    """As a 3D view with that shading shows them."""
    kind: Color | tuple[Any, ...] = (
        space.as_pointer(), shading.light, shading.color_type, shading.show_specular_highlight,
        shading.studio_light if shading.light == "STUDIO" else None,
        bpy.context.scene.render.film_transparent, bpy.context.scene.world is None,
        *_theme(shading),
    )  # fmt: skip
    ground = _ground(shading)
    lamps, program = light.numbers(shading), light.kind(shading)
    return Look(program, lamps, _colors(shading), kind, is_picture=True, ground=ground)


def normals() -> Look:
    """Each pixel has the normal in the camera's space."""
    white = (1.0, 1.0, 1.0, 0.0)
    return Look("normals", light.none(), lambda instance, obj, slot: white, ("normals",))


def numbers(color: Callable[[Any, Any, int], Color | str], kind: str) -> Look:
    """Each pixel has the very colour of what it shows."""
    return Look("flat", light.none(), color, (kind,))


def _ground(shading: Any) -> Color | None:
    """The colour of a background that a script may set for each picture anew."""
    scene = bpy.context.scene
    if shading.background_type == "VIEWPORT":
        color = shading.background_color
    elif shading.background_type == "WORLD" or rules.is_of_render(shading):
        # Of renders it is the world's, whatever the setting says.
        color = (0.0, 0.0, 0.0) if scene.world is None else scene.world.color
    else:
        return None
    return *map(_of_a_byte, color), 1.0


def _of_a_byte(light: float) -> float:
    """Blender keeps the colour of a ground in bytes, as screens have colours."""
    light = min(max(light, 0.0), 1.0)
    coded = light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    coded = round(coded * 255) / 255
    return coded / 12.92 if coded <= 0.04045 else ((coded + 0.055) / 1.055) ** 2.4


def _theme(shading: Any) -> tuple[Any, ...]:
    """What else says which background is drawn."""
    if shading.background_type != "THEME":
        return (shading.background_type,)
    theme = bpy.context.preferences.themes[0].view_3d.space.gradients
    return theme.background_type, tuple(theme.high_gradient), tuple(theme.gradient)


def _colors(shading: Any) -> Callable[[Any, Any, int], Color | str]:
    plain = packed(ROUGH, 0.0)
    if shading.color_type == "SINGLE":
        single = (*shading.single_color, plain)
        return lambda instance, obj, slot: single
    if shading.color_type == "OBJECT":

        def of_object(instance: Any, obj: Any, slot: int) -> Color | str:
            # An instance has the colour of the object that makes it.
            owner = instance.parent if instance.is_instance else obj
            red, green, blue, alpha = owner.color
            return (red, green, blue, plain) if alpha >= 1 else SHEER

        return of_object
    known: dict[int, Color | str] = {}

    def of_material(instance: Any, obj: Any, slot: int) -> Color | str:
        material = material_of(obj, slot)
        if material is None:
            return *GREY, plain
        key = material.as_pointer()
        if key not in known:
            red, green, blue, alpha = material.diffuse_color
            both = packed(material.roughness, material.metallic)
            polished = both % 32 < 5 and both >= 3 * 32
            refusal = SHEER if alpha < 1 else POLISHED if polished else None
            known[key] = refusal or (red, green, blue, both)
        return known[key]

    return of_material


def material_of(obj: Any, slot: int) -> Any:
    """The material of faces with that place; None where there is none."""
    slots = obj.material_slots
    return slots[min(slot, len(slots) - 1)].material if len(slots) else None


def packed(roughness: float, metalness: float) -> float:
    """Both in the steps that Workbench has: from bytes of the root and of the value."""
    rough = round(max(roughness, 0.0) ** 0.5 * 255) / 255 * programs.ROUGHNESS_STEPS
    metal = round(metalness * 255) / 255 * programs.METALNESS_STEPS
    return 32.0 * int(metal) + int(rough)
