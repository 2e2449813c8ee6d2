"""Asks a scene what a render would see, without rendering.

Blender evaluates a scene twice: for its 3D view, and anew for each render, with other objects shown
and other modifiers used. The second evaluation exists during a render only. So a render is begun,
and its engine, instead of rendering, lets a function look at what was evaluated for it.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any, TypeVar

import bpy

from .quiet import quiet
from .settings import changed
from .stills import still_of
from .viewpoint import Viewpoint

T = TypeVar("T")

# Scripts do not expect these to be called for what is no render of theirs.
_RENDER_HANDLERS = (
    "render_init",
    "render_pre",
    "render_post",
    "render_write",
    "render_stats",
    "render_complete",
    "render_cancel",
)


class _Look:
    """One question to one render."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        self.done = False
        self.answer: Any = None
        self.error: Exception | None = None

    def at(self, depsgraph: Any) -> None:
        """Never raises: an engine's exception ends a render, and only the render."""
        if self.done:  # A render of two eyes has two.
            return
        self.done = True
        try:
            self.answer = self.function(depsgraph)
        except Exception as error:
            # Raised by whoever asked; its traceback would keep what ends with the render.
            self.error = error.with_traceback(None)


_look: _Look | None = None
_hooked = False


def in_render(camera: Viewpoint, scene: Any, layer: Any, function: Callable[[Any], T]) -> T:
    """What `function` makes of the depsgraph of a render of `camera`; that of `layer` of `scene`.

    It takes about as long as Blender takes to evaluate the scene for a render. The render result is
    an empty one afterwards.

    Raises:
        RuntimeError: this Blender cannot begin a render.
    """
    global _look
    _hook()
    look = _Look(function)
    with ExitStack() as stack:
        stack.enter_context(still_of(camera))
        stack.enter_context(changed(scene, camera=camera.bpy_camera))
        # The compositor would write files, and the sequencer would show its strips instead.
        off = changed(scene.render, engine="CYCLES", use_compositing=False, use_sequencer=False)
        stack.enter_context(off)
        stack.enter_context(_unheard())
        stack.enter_context(quiet())
        _look = look
        try:
            bpy.ops.render.render(layer=layer.name, scene=scene.name)
        finally:
            _look = None
    if look.error is not None:
        raise look.error
    if not look.done:
        raise RuntimeError("Blender did not begin a render to see what it would show")
    answer: T = look.answer
    return answer


@contextmanager
def _unheard() -> Iterator[None]:
    """Without the handlers that a script has for its renders."""
    lists = [getattr(bpy.app.handlers, name, []) for name in _RENDER_HANDLERS]
    kept = [list(handlers) for handlers in lists]
    for handlers in lists:
        handlers.clear()
    try:
        yield
    finally:
        for handlers, before in zip(lists, kept, strict=True):
            handlers[:] = before


def _hook() -> None:
    """Lets looks into Cycles, once a process. That engine is written in Python as far as this goes;
    it is used for the other engines' renders too: what is evaluated for them is the same."""
    global _hooked
    if _hooked:
        return
    try:
        import cycles
    except ImportError as error:
        raise RuntimeError(
            "this Blender has no Cycles (its add-on `cycles` cannot be imported): annotation "
            "cannot see what its renders show"
        ) from error
    render, update = cycles.CyclesRender.render, cycles.CyclesRender.update

    @wraps(render)
    def look_or_render(self: Any, depsgraph: Any) -> None:
        if _look is None:
            render(self, depsgraph)
        else:
            _look.at(depsgraph)

    @wraps(update)
    def look_or_update(self: Any, data: Any, depsgraph: Any) -> None:
        # With persistent data Cycles hears of a change once: it must hear of it here too.
        if _look is None or depsgraph.scene.render.use_persistent_data:
            update(self, data, depsgraph)

    cycles.CyclesRender.render = look_or_render
    cycles.CyclesRender.update = look_or_update
    _hooked = True
