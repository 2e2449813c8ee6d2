"""Opens a scene file for a worker, and says what it is.

Owns the errors of a file that cannot be rendered: each names the file and what to do. A network of
neurons that a file shows, or that is all of it (`network.json`), is in networks.py.
"""

import os
from pathlib import Path
from typing import Any

import bpy

from ..cycles import has_denoiser
from . import fcurves, header, missing, networks, sequential
from .opened import Opened, cameras_told
from .steps.info import resolution
from .telling import some


def open_file(scene: str, autoexec: bool, options: dict[str, Any]) -> tuple[Opened, dict[str, Any]]:
    """Opens it; what is open, and what the head is told of it.

    Args:
        scene: the file.
        autoexec: let scripts and Python drivers in it run.
        options: further arguments of `bpy.ops.wm.open_mainfile`.

    Raises:
        FileNotFoundError: there is no such file.
        RuntimeError: it cannot be read, or opened by this Blender.
        ValueError: it has no camera; or an option that is not to be given.
    """
    path = _checked(scene)
    if taken := {"filepath", "use_scripts"} & options.keys():
        raise ValueError(f"open: {some(taken)} cannot be an option: say `scene` and `autoexec`")
    known = bpy.ops.wm.open_mainfile.get_rna_type().properties.keys()
    if unknown := options.keys() - set(known):
        raise ValueError(f"open: bpy.ops.wm.open_mainfile has no option {some(unknown)}")
    opened = Opened(path, autoexec)
    try:
        return opened, _opened(opened, options)
    except BaseException:
        close(opened)
        raise


def _share_cores(opened: Opened) -> None:
    """On another host than the head, that host says how many threads each of its Blenders has."""
    number = os.environ.get("BLENDTORCH_THREADS", "")
    if number.isdecimal() and 0 < int(number) <= 1024:
        opened.take(opened.scene.render, "threads_mode", "FIXED")
        opened.take(opened.scene.render, "threads", int(number))


def _opened(opened: Opened, options: dict[str, Any]) -> dict[str, Any]:
    """Opens it, makes it what is rendered, and says what it is."""
    if networks.is_description(opened.path):
        warnings = networks.show(opened.path)
    else:
        _load(opened.path, opened.autoexec, options)
        warnings = networks.attach(opened.scene)
    _check_camera(opened)
    opened.stays_here()
    warnings += [*missing.warnings(), *missing.file_outputs(opened.scene)]
    opened.muted = {key for key, curve in fcurves.keyed() if curve.mute}
    opened.take(opened.scene.render, "use_persistent_data", True)
    opened.take(opened.scene.render, "film_transparent", False)
    _share_cores(opened)
    warnings += _without_denoiser(opened)
    warnings += _without_python(opened)
    return {**about(opened), "warnings": warnings}


def about(opened: Opened) -> dict[str, Any]:
    """What the file is, as it is now."""
    scene = opened.scene
    return {
        "scene": scene.name,
        "view_layer": opened.layer.name,
        "frame_start": scene.frame_start,
        "frame_end": scene.frame_end,
        "frame_step": scene.frame_step,
        "fps": scene.render.fps / scene.render.fps_base,
        "engine": networks.engine(scene),
        "camera": scene.camera.name if scene.camera else None,
        "resolution": resolution(scene),
        "sequential": sequential.reasons(scene, opened.autoexec),
        "version": ".".join(map(str, bpy.app.version)),
        "libraries": sorted({*missing.libraries(), *networks.files(scene)}),
    }


def close(opened: Opened) -> None:
    """Back to factory settings."""
    bpy.ops.wm.read_factory_settings()
    opened.before.put_back(str(opened.path))


def _checked(scene: str) -> Path:
    """The file, if this Blender may open it."""
    path = Path(scene).expanduser().absolute()
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file; give the path of a .blend file")
    if not path.is_file():
        raise RuntimeError(f"{path} is no file: give the path of a .blend file")
    if not os.access(path, os.R_OK):
        raise RuntimeError(f"{path} cannot be read: its permissions do not let this user")
    if networks.is_description(path):
        return path
    if (refused := networks.refusal(path)) is not None:
        raise ValueError(f"{path} {refused}")
    saved = header.version_of(path)
    if saved is not None and saved > bpy.app.version[:2]:
        raise RuntimeError(_newer(path, saved))
    return path


def _newer(path: Path, saved: tuple[int, ...]) -> str:
    theirs = ".".join(map(str, saved))
    return (
        f"{path} was saved by Blender {theirs}, and this is {bpy.app.version_string}: what is new "
        f"in it would be lost. Render it with Blender {theirs} or later"
    )


def _load(path: Path, autoexec: bool, options: dict[str, Any]) -> None:
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path), use_scripts=autoexec, **options)
    except RuntimeError as error:
        # What is reported as an error may be about a part of it, a library that is missing.
        if bpy.data.filepath and Path(bpy.data.filepath).samefile(path):
            return
        said = str(error).strip().removeprefix("Error: ")
        raise RuntimeError(
            f"{path} does not open in Blender {bpy.app.version_string}: it is no .blend file, or "
            f"damaged ({said}); open it in Blender and save it again"
        ) from error
    saved = tuple(bpy.data.version[:2])
    if saved > bpy.app.version[:2]:
        raise RuntimeError(_newer(path, saved))


def _check_camera(opened: Opened) -> None:
    scene = opened.scene
    if scene.camera is None and not any(marker.camera for marker in scene.timeline_markers):
        raise ValueError(
            f"{opened.path}: its scene {scene.name!r} has no camera ({cameras_told(scene)}); set "
            "one in Blender (Ctrl Numpad 0 on a camera), and save the file"
        )


def _without_denoiser(opened: Opened) -> list[str]:
    """Without the library denoising fails once, then all pictures are black."""
    cycles = getattr(opened.scene, "cycles", None)
    if cycles is None or not cycles.use_denoising or has_denoiser():
        return []
    opened.take(cycles, "use_denoising", False)
    if opened.scene.render.engine != "CYCLES":
        return []
    return [
        f"scene {opened.scene.name!r} is to be denoised, which this Blender cannot (it is built "
        "without OpenImageDenoise): it is rendered without"
    ]


def _without_python(opened: Opened) -> list[str]:
    """What does not run, since it was not asked for."""
    if opened.autoexec:
        return []
    # What is simple, and what Blender deems safe, runs all the same.
    python = [
        fcurves.named(owner, curve)
        for owner, curve in fcurves.drivers()
        if curve.driver.type == "SCRIPTED" and not curve.driver.is_valid and not curve.mute
    ]
    texts = [text.name for text in bpy.data.texts if text.use_module]
    found = []
    if python:
        found.append(f"drivers that are Python do not run without autoexec=True: {some(python)}")
    if texts:
        found.append(f"scripts in the file do not run without autoexec=True: {some(texts)}")
    return found
