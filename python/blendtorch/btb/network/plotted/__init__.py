"""Pictures of networks as plots are drawn: cells are discs, lights clouds of them, what is beside
them flat surfaces, and all of it is mixed on the screen from the farthest to the nearest.

A few draw calls of our own into the GPU's memory, or that of a machine without one, where Cycles
follows rays and Workbench draws surfaces: a frame of thousands of cells takes milliseconds. Owns
which scenes are drawn so, and what their pictures are; the scene is the same as for other engines.
"""

from typing import Any

from ... import runtime

ENGINE = "PLOT"
"""What it is called beside `CYCLES`, `EEVEE` and `WORKBENCH`."""
DISC = "blendtorch_disc"
"""On an object: its vertices are points of a light, discs of this radius, µm."""
_MARK = "blendtorch_plot"


def choose(scene: Any, engine: str = ENGINE) -> None:
    """Lets a scene be drawn so, or by another engine that we, or Blender, call so.

    Blender has no such engine: for Blender the scene's is Workbench, whose pictures show the same
    cells as surfaces.

    Raises:
        TypeError: this Blender has no such engine.
    """
    plot = engine == ENGINE
    name = runtime.engine_called("WORKBENCH" if plot else engine)
    if scene.render.engine != name:
        scene.render.engine = name
    if plot:
        scene[_MARK] = True
    elif _MARK in scene:
        del scene[_MARK]


def is_on(scene: Any) -> bool:
    """Whether a scene is drawn so: where a script chose another engine since, it is not."""
    return bool(scene.get(_MARK)) and scene.render.engine == "BLENDER_WORKBENCH"


def engine_of(scene: Any) -> str:
    """What draws a scene: `PLOT`, or what `runtime.engine_of` says."""
    return ENGINE if is_on(scene) else runtime.engine_of(scene)


def name_of(scene: Any) -> str:
    """What draws a scene, as Blender calls it; of plots, `PLOT`."""
    return ENGINE if is_on(scene) else str(scene.render.engine)
