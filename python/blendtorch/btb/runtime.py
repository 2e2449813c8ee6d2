"""What differs between the Blenders that run scene scripts: `blender` programs from 3.4 on, and the
`bpy` module.

Owns every such difference, under a name and with its reason: no other module compares versions. It
must never hold what is the same everywhere. Loading it needs no Blender.
"""

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from . import instance, seeds

if TYPE_CHECKING:
    from collections.abc import Iterator


def settle() -> None:
    """Makes a `blender` program treat its script as Python does; called when `btb` is imported.

    The `bpy` module needs none of it: `blendtorch.bpy_main` has done it, and run by hand it is
    Python that runs the script.
    """
    if is_program():
        _end_on_interrupt()
        _forget_multiprocessing()
        _find_neighbours()
    instance.begin(is_program())
    seeds.begin()


def is_program() -> bool:
    """Whether this is the Python inside a `blender` program."""
    # A program has loaded bpy before any script; elsewhere, what is not loaded is not running.
    app = getattr(sys.modules.get("bpy"), "app", None)
    return bool(app and app.binary_path)


def make_gpu_context() -> None:
    """Makes a graphics context in background mode, where there is none yet.

    From 5.2 on `gpu.init` does so. Before, one only comes into being with a render: the smallest
    Workbench render there is takes a tenth of a second.
    """
    import gpu

    if hasattr(gpu, "init"):
        gpu.init()
    else:
        _render_once()


def eevee() -> str:
    """The name of the engine EEVEE: from 4.2 on the rewritten one, which took over the old name
    in 5.0."""
    import bpy

    return "BLENDER_EEVEE_NEXT" if (4, 2) <= bpy.app.version < (5, 0) else "BLENDER_EEVEE"


def engine_called(name: str) -> str:
    """Blender's name of the engine that we call `CYCLES`, `EEVEE` or `WORKBENCH`."""
    return {"EEVEE": eevee(), "WORKBENCH": "BLENDER_WORKBENCH"}.get(name, name)


def engine_of(scene: Any) -> str:
    """What we call a scene's engine: `CYCLES`, `EEVEE`, `WORKBENCH`, or a name of its own."""
    name = str(scene.render.engine)
    return "EEVEE" if "EEVEE" in name else name.removeprefix("BLENDER_")


def eevee_is_rewritten() -> bool:
    """Whether EEVEE is that of 4.2 and later. It draws what has the display type of a wire or of
    bounds in the 3D view, and leaves out what is not visible to the camera; the one before has both
    the other way round."""
    import bpy

    return bool(bpy.app.version >= (4, 2))


def read_pass(render_pass: Any, pixels: Any) -> None:
    """Copies a pass of a render result into `pixels`, an array of pixels × channels.

    Early versions (3.4 does) count the pass in pixels, later ones (4.5) in values.
    """
    try:
        render_pass.rect.foreach_get(pixels.reshape(-1))
    except TypeError:
        render_pass.rect.foreach_get(pixels)


_RESULT_NAMES_5 = {
    "IndexOB": "Object Index",
    "IndexMA": "Material Index",
    "DiffDir": "Diffuse Direct",
    "DiffInd": "Diffuse Indirect",
    "DiffCol": "Diffuse Color",
    "GlossDir": "Glossy Direct",
    "GlossInd": "Glossy Indirect",
    "GlossCol": "Glossy Color",
    "Emit": "Emission",
}


def result_name(render_pass: str) -> str:
    """The name of a pass in render results, of that which it has before 5.0."""
    import bpy

    new = bpy.app.version >= (5, 0)
    return _RESULT_NAMES_5.get(render_pass, render_pass) if new else render_pass


def slotted(action: Any) -> "Iterator[tuple[str, Any]]":
    """The curves of an action, each with the identifier of its slot, which is empty without slots.

    Until 4.3 an action has a list of curves; from 4.4 on it has slots, whose curves lie in layers,
    strips and channelbags, and its list has the first slot's alone; 5.0 has no list.
    """
    layers = getattr(action, "layers", None)
    if layers is None:
        for curve in action.fcurves:
            yield "", curve
        return
    names = {slot.handle: str(slot.identifier) for slot in action.slots}
    for layer in layers:
        for strip in layer.strips:
            for bag in getattr(strip, "channelbags", ()):
                for curve in bag.fcurves:
                    yield names.get(bag.slot_handle, ""), curve


def compositor_tree(scene: Any) -> Any:
    """The nodes that composite a scene, or None where it uses none. From 5.0 on they are a group of
    their own."""
    if hasattr(scene, "compositing_node_group"):
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def output_slots(node: Any) -> list[tuple[str, ...]]:
    """The slots of a File Output node: the name of each one's layer, then what else it is called.

    Before 5.0 a slot has a path for separate files beside the name of its layer.
    """
    if hasattr(node, "file_output_items"):
        return [(str(item.name),) for item in node.file_output_items]
    pairs = zip(node.layer_slots, node.file_slots, strict=True)
    return [(str(layer.name), str(slot.path)) for layer, slot in pairs]


def output_path(folder: str, name: str) -> dict[str, str]:
    """The attributes that make a File Output node write `folder/name…exr`."""
    import bpy

    if bpy.app.version >= (5, 0):
        return {"directory": folder, "file_name": name}
    return {"base_path": f"{folder}/{name}"}


def leaves_background_out() -> bool:
    """Whether the 3D view can be drawn without its background. 3.4 cannot: there its picture has
    alpha 1 everywhere."""
    import gpu

    return "draw_background" in (gpu.types.GPUOffScreen.draw_view3d.__doc__ or "")


def region_3d(space: Any, region: Any) -> Any:
    """How a region of a 3D view looks at the scene; where regions do not say it (3.4 does), their
    space's."""
    return getattr(region, "data", None) or space.region_3d


LARGEST_TILE = 8192
"""The longest side that Cycles' tiles can have."""


def most_pixels_without_tiles() -> float:
    """Up to how many pixels Cycles renders without tiles, where it is told to. From 5.0 on tiles
    cannot be switched off."""
    import bpy

    return LARGEST_TILE**2 if bpy.app.version >= (5, 0) else float("inf")


def matcap_towards(projection: Any) -> float:
    """The z that Workbench gives the direction to the viewer of a perspective camera when it looks
    a material capture up, with x and y those of a point in the plane at distance 1.

    Early versions invert the projection wrongly (`get_view_vector_from_screen_uv` in their
    common_view_lib.glsl), which shows the more the farther the near plane is.
    """
    import bpy

    if bpy.app.version < (4, 4):
        return -float(projection[2][2]) - float(projection[2][3])
    return 1.0


def _end_on_interrupt() -> None:
    """A program in background mode takes SIGINT for itself: the first Ctrl-C only asks a render to
    stop, and a script that waits or loops never hears of it. Now it ends the process."""
    # None: the handler is not Python's, so it is Blender's. What a script has set stays.
    theirs = signal.getsignal(signal.SIGINT) is None
    if theirs and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _forget_multiprocessing() -> None:
    """Importing `multiprocessing` keeps the script's module under a second name, with which some
    programs do not end as they should. Python's exit hooks come too late; imported here, no later
    import brings the name back."""
    import multiprocessing  # noqa: F401

    sys.modules.pop("__mp_main__", None)


def _find_neighbours() -> None:
    """A program runs a script without putting its folder first in `sys.path`. One that imports a
    neighbour before `btb` is helped by the launcher alone, through PYTHONPATH."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if script and os.path.isfile(script):
        folder = os.path.dirname(os.path.realpath(script))
        if sys.path[:1] != [folder]:
            sys.path.insert(0, folder)


def _render_once() -> None:
    """Renders an empty scene of its own: the user's may be heavy, and keeps its settings."""
    import bpy

    scene: Any = bpy.data.scenes.new("first render")
    camera = bpy.data.cameras.new("first render")
    scene.camera = bpy.data.objects.new("first render", camera)
    scene.collection.objects.link(scene.camera)
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = 16
    try:
        bpy.ops.render.render(scene=scene.name)
    finally:
        bpy.data.objects.remove(scene.camera)
        bpy.data.cameras.remove(camera)
        bpy.data.scenes.remove(scene)
