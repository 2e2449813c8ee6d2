"""Which engine has which pass, and what of Blender's each is made of.

Owns those tables, and the refusals that follow from them. It must never render.
"""

from collections.abc import Iterable
from typing import Any

from .. import runtime
from ..cycles import OF_A_MOMENT
from ..network import plotted
from .kinds import PASSES, Lacks

SOURCES = {
    "Combined": "combined",
    "Depth": "depth",
    "Normal": "normal",
    "Vector": "vector",
    "Position": "points",
    "Emit": "emission",
    "DiffDir": "diffuse_direct",
    "DiffInd": "diffuse_indirect",
    "DiffCol": "diffuse_color",
    "GlossDir": "specular_direct",
    "GlossInd": "specular_indirect",
    "GlossCol": "specular_color",
}
"""The arrays of a frame, by Blender's passes (as Blender 4 names them); others have their names."""

EEVEE_SOURCES = {**SOURCES, "DiffDir": "diffuse_light", "GlossDir": "specular_light"}
"""The same of EEVEE, whose light is direct and indirect in one."""

# A pass that is not here is one that the engine lacks. Ids follow from what `ids.Way` says.
_CYCLES: dict[str, tuple[str, ...]] = {
    "frames": ("Combined",),
    "composites": (),
    "depths": ("Depth",),
    "normals": ("Normal",),
    "flows": ("Vector",),
    "segmentations": (),
    "materials": (),
    "diffuse": ("DiffDir", "DiffInd", "DiffCol"),
    "specular": ("GlossDir", "GlossInd", "GlossCol"),
    "points": ("Position",),
    "emission": ("Emit",),
    "cryptomatte": (),
}
_EEVEE: dict[str, tuple[str, ...]] = {
    **_CYCLES,
    "diffuse": ("DiffDir", "DiffCol"),
    "specular": ("GlossDir", "GlossCol"),
}
_PLOT: dict[str, tuple[str, ...]] = {"frames": ("Combined",)}
_WORKBENCH: dict[str, tuple[str, ...]] = {
    "frames": ("Combined",),
    "composites": (),
    "depths": ("Depth",),
    "normals": (),
    "segmentations": (),
    "materials": (),
    "points": ("Depth",),
}


def engine_of(scene: Any) -> str:
    """`CYCLES`, `EEVEE`, `WORKBENCH`, or `PLOT` of networks that we draw ourselves.

    Raises:
        ValueError: the scene has another engine.
    """
    short = plotted.engine_of(scene)
    if short not in ("CYCLES", "EEVEE", "WORKBENCH", plotted.ENGINE):
        raise ValueError(
            f"{scene.render.engine}, the scene's engine, gives no passes: use Cycles, EEVEE or "
            "Workbench"
        )
    return short


def made_of(engine: str) -> "dict[str, tuple[str, ...]]":
    """What each pass that an engine has is made of."""
    if engine == "CYCLES":
        return _CYCLES
    if engine == plotted.ENGINE:
        return _PLOT
    if engine == "WORKBENCH":
        return _WORKBENCH
    if runtime.eevee_is_rewritten():
        return _EEVEE
    # The old EEVEE knows no motion, and no places: those follow from the depth.
    old = {**_EEVEE, "points": ("Depth",)}
    del old["flows"]
    return old


def check(names: Iterable[str], engine: str) -> None:
    """Refuses passes that do not exist, or that the engine lacks.

    Raises:
        ValueError: there are no such passes.
        Lacks: the engine has none such.
    """
    names = list(names)
    unknown = [name for name in names if name not in PASSES]
    if unknown or not names:
        raise ValueError(f"passes must be some of {', '.join(PASSES)}, not {unknown or names}")
    has = made_of(engine)
    for name in names:
        if name not in has:
            raise Lacks(name, engine, tuple(has))


def check_blur(scene: Any, layer: Any, engine: str, names: Iterable[str]) -> None:
    """Refuses what motion blur spoils.

    Raises:
        RuntimeError: it is on, and something is wanted that is of one moment.
    """
    if engine in ("WORKBENCH", plotted.ENGINE) or not scene.render.use_motion_blur:
        return
    if engine == "CYCLES" and not getattr(layer, "use_motion_blur", True):
        return
    has = made_of(engine)
    of_a_moment = [
        name
        for name in names
        if OF_A_MOMENT & set(has[name]) or name in ("segmentations", "materials")
    ]
    if of_a_moment:
        raise RuntimeError(
            f"with motion blur {', '.join(of_a_moment)} would be of any moment within the shutter, "
            "not of the frame: switch scene.render.use_motion_blur off, or leave them out"
        )
