"""Steps about the scene as a whole: which one, its camera, engine, size and files."""

from pathlib import Path

import bpy

from ... import network, runtime
from ...network import plotted
from ..checks import whole
from ..opened import Opened, instance_number
from ..telling import some, warn
from .table import step


@step(renews=True)
def scene(opened: Opened, name: str) -> None:
    """Renders another scene of the file, with its own camera.

    Raises:
        KeyError: there is none of this name.
    """
    if name not in bpy.data.scenes:
        raise KeyError(f"there is no scene {name!r}; there are: {some(bpy.data.scenes.keys(), 20)}")
    chosen = bpy.data.scenes[name]
    bpy.context.window.scene = chosen
    opened.take(chosen.render, "use_persistent_data", True)
    opened.take(chosen.render, "film_transparent", False)


@step(renews=True)
def view_layer(opened: Opened, name: str) -> None:
    """Renders another view layer of the scene.

    Raises:
        KeyError: there is none of this name.
    """
    layers = opened.scene.view_layers
    if name not in layers:
        raise KeyError(
            f"scene {opened.scene.name!r} has no view layer {name!r}; there are: "
            f"{some(layers.keys(), 20)}"
        )
    bpy.context.window.view_layer = layers[name]


@step(renews=True)
def camera(opened: Opened, name: str) -> None:
    """Renders from another camera; markers of the timeline switch it no more.

    Raises:
        KeyError: the scene has no camera of this name.
    """
    found = opened.scene.objects.get(name)
    if found is None or found.type != "CAMERA":
        cameras = [obj.name for obj in opened.scene.objects if obj.type == "CAMERA"]
        raise KeyError(
            f"scene {opened.scene.name!r} has no camera {name!r}; there are: "
            f"{some(cameras, 20) or 'none'}"
        )
    for marker in opened.scene.timeline_markers:
        if marker.camera is not None:
            marker.camera = None
    opened.scene.camera = found


@step(renews=True)
def engine(opened: Opened, name: str) -> None:
    """Renders with `CYCLES`, `EEVEE` or `WORKBENCH`, or an engine by Blender's own name; networks
    of neurons also as a `PLOT`.

    Raises:
        ValueError: this Blender has no such engine, or there is nothing to be plotted.
    """
    wanted = str(name).upper().removesuffix("_NEXT").removeprefix("BLENDER_")
    if wanted not in ("EEVEE", "WORKBENCH"):
        wanted = str(name).upper()
    if wanted == plotted.ENGINE and not network.is_in(opened.scene):
        raise ValueError("plots are of networks of neurons, and this file shows none")
    try:
        plotted.choose(opened.scene, wanted)
    except TypeError:
        raise ValueError(
            f"this Blender has no engine {name!r}; say CYCLES, EEVEE or WORKBENCH"
        ) from None


@step(renews=True)
def threads(opened: Opened, count: int) -> None:
    """How many threads render; 0 is as many as there are cores.

    Raises:
        ValueError: it is no such number.
    """
    render = opened.scene.render
    number = whole(count, "threads", 0, 1024)
    opened.take(render, "threads_mode", "FIXED" if number else "AUTO")
    if number:
        opened.take(render, "threads", number)


@step(renews=True)
def set_resolution(
    opened: Opened,
    height: int | list[int] | None = None,
    width: int | None = None,
    resolution_percentage: int = 100,
) -> None:
    """The pictures' size in pixels, as `(height, width)` or one by one; None keeps what is.

    Raises:
        ValueError: it is no size.
    """
    if isinstance(height, list | tuple):
        if width is not None or len(height) != 2:
            raise ValueError(
                "set_resolution: pass a pair (height, width), or height and width, not "
                f"height={height!r}, width={width!r}"
            )
        height, width = height
    # What is wrong changes nothing.
    high = None if height is None else whole(height, "height", 4, 65536)
    wide = None if width is None else whole(width, "width", 4, 65536)
    percentage = whole(resolution_percentage, "resolution_percentage", 1, 32767)
    render = opened.scene.render
    if high is not None:
        render.resolution_y = high
    if wide is not None:
        render.resolution_x = wide
    render.resolution_percentage = percentage


@step(renews=True)
def image_settings(
    opened: Opened,
    file_format: str | None = None,
    bit_depth: int | str | None = None,
    color_mode: str | None = None,
    exr_codec: str | None = None,
) -> None:
    """The scene's own output settings; None keeps what is.

    Raises:
        ValueError: Blender has no such setting, or not with the others.
    """
    settings = opened.scene.render.image_settings
    wanted = {
        "file_format": file_format,
        "color_depth": None if bit_depth is None else str(bit_depth),
        "color_mode": color_mode,
        "exr_codec": exr_codec,
    }
    before = {name: getattr(settings, name) for name in wanted}
    try:
        for name, value in wanted.items():
            if value is not None:
                setattr(settings, name, value.upper())
    except TypeError as error:
        for name, value in before.items():
            setattr(settings, name, value)
        raise ValueError(f"image_settings: {str(error).rpartition(': ')[2]}") from None


@step(renews=True)
def use_motion_blur(opened: Opened, enable: bool) -> None:
    """Whether what moves is blurred; flows, depths and normals cannot be rendered with it."""
    opened.scene.render.use_motion_blur = bool(enable)
    eevee = getattr(opened.scene, "eevee", None)
    if eevee is not None and hasattr(eevee, "use_motion_blur"):  # Before 4.2 EEVEE had its own.
        eevee.use_motion_blur = bool(enable)


@step(renews=True)
def load_addons(opened: Opened, names: list[str] | str) -> None:
    """Enables add-ons, whose names' case does not matter.

    Raises:
        RuntimeError: there is none of this name, or it cannot be enabled. VisionSim goes on.
    """
    del opened
    import addon_utils  # type: ignore[import-not-found]

    there = {module.__name__.casefold(): module.__name__ for module in addon_utils.modules()}
    for name in [names] if isinstance(names, str) else names:
        module = there.get(name.strip().casefold())
        # Those of 4.2 and later have the name of their repository before their own.
        ends = [full for low, full in there.items() if low.endswith(f".{name.strip().casefold()}")]
        module = module or next(iter(ends), None)
        if module is None:
            raise RuntimeError(
                f"this Blender has no add-on {name!r}; install it for this Blender's user first"
            )
        if addon_utils.enable(module, default_set=True) is None:
            raise RuntimeError(
                f"the add-on {module!r} could not be enabled: this process's log says why"
            )


@step(renews=True)
def save_file(opened: Opened, path: str, first_only: bool = False) -> None:
    """Saves the scene as it is now, with the client's changes and without what rendering takes.

    Args:
        opened: what is open.
        path: where to.
        first_only: only the first instance of a fleet, for several that are asked at once.

    Raises:
        ValueError: it is the file that is open.
        RuntimeError: it cannot be written.
    """
    if first_only and instance_number() != 0:
        return
    into = Path(path).expanduser().absolute()
    same = into.exists() and opened.path.exists() and into.samefile(opened.path)
    if same or into == opened.path:
        raise ValueError(f"{into} is the file that is open: save the scene under another name")
    with opened.as_in_file():
        try:
            into.parent.mkdir(parents=True, exist_ok=True)
            bpy.ops.wm.save_as_mainfile(filepath=str(into), copy=True)
        except (OSError, RuntimeError) as error:
            raise RuntimeError(f"{into} could not be saved: {error}") from error


def warn_of_engine(opened: Opened, what: str) -> None:
    """What was asked for is another engine's."""
    warn(
        f"{what} is for Cycles alone: scene {opened.scene.name!r} renders with "
        f"{runtime.engine_of(opened.scene)}"
    )
