"""What of a scene a renderer draws: annotation is of that, and of nothing else.

Owns the rules, which are those of docs/camera.md: what is hidden from a drawing of the 3D view is
not hidden from a render, and the other way round. It must never change what is drawn.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from weakref import ReferenceType, ref

import bpy

from . import alive, looking, runtime
from .view3d import find_first_view3d
from .viewpoint import Viewpoint

T = TypeVar("T")

WAYS = ("CYCLES", "EEVEE", "WORKBENCH", "VIEW", "RENDER")
"""By what a picture is drawn: `EEVEE` and `WORKBENCH` draw the 3D view, `VIEW` is the one of them
that the scene has, `RENDER` is Blender's own render with the scene's engine, as of Cycles."""

# Modifiers that do the same for the 3D view and for a render, where they are switched on for both.
# fmt: off
_SAME_IN_BOTH = {
    "ARMATURE", "ARRAY", "BEVEL", "BOOLEAN", "CAST", "CORRECTIVE_SMOOTH", "CURVE",
    "DATA_TRANSFER", "DECIMATE", "DISPLACE", "EDGE_SPLIT", "HOOK", "LAPLACIANDEFORM",
    "LAPLACIANSMOOTH", "LATTICE", "MASK", "MESH_DEFORM", "MIRROR", "NORMAL_EDIT",
    "SHRINKWRAP", "SIMPLE_DEFORM", "SKIN", "SMOOTH", "SOLIDIFY", "SURFACE_DEFORM",
    "TRIANGULATE", "UV_PROJECT", "UV_WARP", "VERTEX_WEIGHT_EDIT", "VERTEX_WEIGHT_MIX", "WARP",
    "WEIGHTED_NORMAL", "WELD", "WIREFRAME",
}
# fmt: on
# What has no surface, wherever it is shown.
WITHOUT_SURFACE = ("ARMATURE", "CAMERA", "EMPTY", "LATTICE", "LIGHT", "LIGHT_PROBE", "SPEAKER")

# What renderers said, in the order in which they did: who, of which Blender camera, and by what.
_told: list[tuple["ReferenceType[Any]", str, str]] = []


def tell(renderer: Any, way: str) -> None:
    """Said by a renderer: by what it draws, one of `WAYS`. Whatever annotates its Blender camera is
    of its pictures as long as it is there, unless another one says so later."""
    others = [one for one in _told if one[0]() not in (None, renderer)]
    _told[:] = [*others, (ref(renderer), renderer.camera.bpy_camera.name_full, way)]


def told_way(camera: Viewpoint) -> str | None:
    """By what the pictures of `camera` are drawn, or None where it was neither set nor told."""
    return camera._drawn_by or _told_by_renderer(camera)


def _told_by_renderer(camera: Viewpoint) -> str | None:
    """What the renderer has told last that is there and draws what `camera` sees; one made with the
    very same `btb.Camera` goes before others of its Blender camera."""
    of_camera = camera.bpy_camera.name_full
    own: list[str] = []
    others: list[str] = []
    for one, name, way in _told:
        renderer = one()
        if renderer is not None and renderer.camera is camera:
            own.append(way)
        elif renderer is not None and name == of_camera:
            others.append(way)
    ways = own or others
    return ways[-1] if ways else None


def engine_of(renderer: Any) -> str:
    """The engine that makes a renderer's pictures, as the scene is now."""
    ways = [way for one, _, way in _told if one() is renderer]
    way = ways[-1] if ways else "VIEW"
    return runtime.engine_of(bpy.context.scene) if way in ("VIEW", "RENDER") else way


def way_of_scene(scene: Any) -> str:
    """By what pictures are drawn where no renderer has told, one of `WAYS`."""
    # Cycles does not draw the 3D view, nor is it known that another engine does.
    return "VIEW" if runtime.engine_of(scene) in ("EEVEE", "WORKBENCH") else "RENDER"


def drawable(obj: Any) -> bool:
    """Whether the object is of a kind that has a surface."""
    return obj.type not in WITHOUT_SURFACE


@dataclass(frozen=True)
class Drawing:
    """What a renderer draws of a view layer, and from where; evaluated, as it is now."""

    engine: str
    """`CYCLES`, `EEVEE`, `WORKBENCH` or another."""
    final: bool
    """Whether it is a render; else it is a drawing of the 3D view."""
    depsgraph: Any
    """Where it is evaluated."""
    layer: Any
    """The view layer."""
    camera: Viewpoint
    """Where it is seen from: its matrices stay."""
    space: Any
    """The 3D view, where that is drawn; None where there is none."""

    def of(self, obj: Any) -> Any:
        """The evaluated object, or None if no pixel is its own: because it is hidden, stands for
        its instances only, or shows as a hole. Its instances are not it."""
        obj = alive.there(obj).original
        if self._has(obj) and self._by_itself(obj) and not self._is_hole(obj):
            return obj.evaluated_get(self.depsgraph)
        return None

    def surfaces(self) -> Iterator[tuple[Any, Any]]:
        """What may stand before something: each instance, valid until the next one, and the
        original object that it is itself; None where it is an instance of one."""
        carried: dict[Any, bool] = {}
        for instance in self.depsgraph.object_instances:
            obj = instance.object
            if obj.type != "MESH" or not instance.show_self or not self._shows(obj):
                continue
            carrier = (instance.parent if instance.is_instance else obj).original
            if carrier not in carried:
                carried[carrier] = self._carries(carrier)
            if carried[carrier]:
                yield instance, self._itself(instance)

    @cached_property
    def _objects(self) -> set[Any]:
        return {obj.original for obj in self.depsgraph.objects}

    def _has(self, obj: Any) -> bool:
        """Whether the object takes part in the picture."""
        if self.depsgraph.mode == "RENDER":
            there = obj in self._objects
        else:
            there = obj.visible_get(view_layer=self.layer) or self._is_of_set(obj)
        return there and self._shows(obj) and self._carries(obj)

    def _shows(self, obj: Any) -> bool:
        """Whether an object in this state shows its surface."""
        if not obj.visible_camera and self._knows_rays:
            return False
        # Edges are drawn by the editor's overlays, which renderers leave out.
        outlined = not self.final and obj.display_type in ("BOUNDS", "WIRE")
        return not outlined or (self.engine == "EEVEE" and runtime.eevee_is_rewritten())

    def _carries(self, obj: Any) -> bool:
        """Whether an object in this place shows what is there: itself or its instances."""
        if not self.final:
            seen = obj.visible_get(view_layer=self.layer, viewport=self.space)
            if not seen and not self._is_of_set(obj):
                return False
        if not obj.visible_camera and self._knows_rays:
            return False
        return self.engine != "CYCLES" or not obj.indirect_only_get(view_layer=self.layer)

    @property
    def _knows_rays(self) -> bool:
        """Whether the engine knows what only other rays than the camera's meet."""
        return self.engine == "CYCLES" or (self.engine == "EEVEE" and runtime.eevee_is_rewritten())

    def _is_of_set(self, obj: Any) -> bool:
        """Whether the object is not in the view layer, but in a scene behind it, and drawn."""
        background = self.depsgraph.scene.background_set is not None
        return background and obj.name not in self.layer.objects and obj in self._objects

    def _by_itself(self, obj: Any) -> bool:
        """Whether not only its instances, or its particles, are drawn."""
        mode = "render" if self.depsgraph.mode == "RENDER" else "viewport"
        return getattr(obj, f"show_instancer_for_{mode}") or any(
            instance.show_self and not instance.is_instance and instance.object.original == obj
            for instance in self.depsgraph.object_instances
        )

    def _is_hole(self, obj: Any) -> bool:
        if self.engine not in ("CYCLES", "EEVEE"):
            return False
        return bool(obj.is_holdout or obj.holdout_get(view_layer=self.layer))

    def _itself(self, instance: Any) -> Any:
        original = instance.object.original
        if not instance.is_instance:
            return original
        # The surface of a text, a curve or a metaball comes as an instance of it in its own place.
        if original.type == "MESH" or instance.parent.original != original:
            return None
        evaluated = original.evaluated_get(self.depsgraph)
        return original if instance.matrix_world == evaluated.matrix_world else None


def look(
    camera: Viewpoint,
    objs: tuple[Any, ...],
    function: Callable[[Drawing], T],
    scene: Any = None,
    layer: Any = None,
) -> T:
    """What `function` makes of the pictures of `camera`, of a view layer of a scene as they are
    now; by default the current ones. It is about `objs`."""
    scene = scene or bpy.context.scene
    if layer is None:
        layer = bpy.context.view_layer if scene == bpy.context.scene else scene.view_layers[0]
    layer.update()
    way = told_way(camera)
    if way is None:
        # Whose pictures they are is not known: what only a render shows is labelled as of one.
        only_in_renders = any(_only_in_renders(obj, layer) for obj in objs)
        way = "RENDER" if only_in_renders else way_of_scene(scene)
    engine = runtime.engine_of(scene) if way in ("VIEW", "RENDER") else way
    final = way in ("CYCLES", "RENDER")

    def at(depsgraph: Any) -> T:
        space = None if final else _space()
        still = camera._still(depsgraph)
        return function(Drawing(engine, final, depsgraph, layer, still, space))

    if final and not _same_in_both(scene, layer):
        return looking.in_render(camera, scene, layer, at)
    return at(layer.depsgraph)


def _only_in_renders(obj: Any, layer: Any) -> bool:
    obj = obj.original
    hidden = not obj.hide_render and not obj.visible_get(view_layer=layer)
    return hidden and obj.name in layer.objects


def _space() -> Any:
    try:
        return find_first_view3d()[1]
    except RuntimeError:
        return None


def _same_in_both(scene: Any, layer: Any) -> bool:
    """Whether a render certainly shows what the 3D view has evaluated already: then nothing needs
    to be evaluated anew."""
    if scene.render.use_simplify or scene.background_set is not None:
        return False
    if any(one.hide_viewport or one.hide_render for one in bpy.data.collections):
        return False
    return all(map(_is_same_in_both, bpy.data.objects)) and all(
        obj.visible_get(view_layer=layer) != obj.hide_render
        for obj in layer.objects
        if drawable(obj)
    )


def _is_same_in_both(obj: Any) -> bool:
    if obj.instance_type != "NONE":
        return False
    if obj.type in ("CURVE", "FONT", "SURFACE"):
        if obj.data.render_resolution_u or obj.data.render_resolution_v:
            return False
    elif obj.type != "MESH" and drawable(obj):
        return False
    return all(
        one.show_viewport == one.show_render
        and (
            one.type in _SAME_IN_BOTH
            or (one.type in ("SUBSURF", "MULTIRES") and one.levels == one.render_levels)
        )
        for one in obj.modifiers
    )
