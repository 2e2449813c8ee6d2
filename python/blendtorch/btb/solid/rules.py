"""Which pictures are drawn here, and why others are not.

Owns the words of a reason. It must never draw, nor change a setting.
"""

from typing import Any

import bpy

from ..rendering import is_software

_SURFACES = ("TEXTURED", "SOLID")
_COLORS = ("MATERIAL", "OBJECT", "SINGLE")


def most() -> int:
    """Of more surfaces than this Blender's own loop is faster than one in Python: measured without
    a GPU, and assumed to be sooner where one draws."""
    return 2000 if is_software() else 300


def is_of_render(shading: Any) -> bool:
    """Whether it is the scene's, by which Workbench renders, and not a 3D view's own."""
    return bool(shading.as_pointer() == bpy.context.scene.display.shading.as_pointer())


def of_shading(shading: Any) -> str | None:
    """Why surfaces with that shading are not drawn here; None where they are."""
    if shading.light not in ("STUDIO", "FLAT"):
        return f"light {shading.light}"
    if shading.color_type not in _COLORS:
        return f"colours of the kind {shading.color_type}"
    for name, what in (
        ("show_shadows", "shadows"),
        ("show_cavity", "cavity"),
        ("show_object_outline", "outlines"),
        ("show_xray", "X-ray"),
        ("use_dof", "depth of field"),
        ("show_backface_culling", "backface culling"),
    ):
        if getattr(shading, name):
            return what
    render = is_of_render(shading)
    smooth = bpy.context.scene.display if render else bpy.context.preferences.system
    if smooth.viewport_aa != "OFF":
        return "smoothing"
    if shading.light == "STUDIO" and shading.use_world_space_lighting:
        return "lights of the world's space"
    return None


def of_space(space: Any, region_3d: Any) -> str | None:
    """Why a 3D view is not drawn here; None where it is."""
    if space.overlay.show_overlays or space.show_gizmo:
        return "overlays"
    if space.local_view is not None or space.use_local_collections:
        return "a local view"
    if not space.show_object_viewport_mesh:
        return "hidden kinds of objects"
    if getattr(region_3d, "use_clip_planes", False):
        return "clipping planes"
    if bpy.context.mode != "OBJECT":
        return f"the mode {bpy.context.mode}"
    return None


def of_instance(instance: Any, obj: Any) -> str | None:
    """Why an instance of a depsgraph, whose object that is, is not drawn here."""
    if obj.type != "MESH":
        return f"an object of type {obj.type}"
    if instance.is_instance and instance.parent.display_type not in _SURFACES:
        return f"an object shown as {instance.parent.display_type}"
    if obj.show_in_front:
        return "an object in front of all"
    if obj.display_type not in _SURFACES:
        return f"an object shown as {obj.display_type}"
    if instance.is_instance and _has_nodes(instance.parent, obj):
        return "instances of geometry nodes"
    if _is_subdivided_later(obj):
        return "a surface that the graphics library subdivides"
    if len(obj.particle_systems) and any(
        one.settings.render_type == "PATH" for one in obj.particle_systems
    ):
        return "hair"
    return None


def _is_subdivided_later(obj: Any) -> bool:
    """Whether the mesh that Blender draws is finer than the one that it evaluates, with normals of
    its own."""
    if not obj.modifiers or not bpy.context.preferences.system.use_gpu_subdivision:
        return False
    shown = [one for one in obj.modifiers if one.show_viewport]
    return bool(shown) and shown[-1].type == "SUBSURF" and shown[-1].levels > 0


def _has_nodes(*objects: Any) -> bool:
    return any(one.type == "NODES" for obj in objects for one in obj.original.modifiers)
