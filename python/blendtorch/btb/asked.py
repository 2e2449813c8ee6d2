"""What others ask of this instance, done by its main thread: between frames, and what whoever is
waited for asks first.

Owns when that is, and how a script comes to its end that is asked to stop. What a parameter or a
service is, is known in `parameter.py` and `service.py`. It must never wait for anybody, but in
`serve`. Knows no Blender where there is none.
"""

import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from .._blendtorch import do_meanwhile
from . import instance, progress
from .parameter import parameters
from .service import services

_playing = 0
"""How many controllers play; with windows, there may be several."""
_doing = False
"""Something that was asked for is being done: what it plays or publishes is no boundary."""
_calling = False
"""A service is being called."""
_left: list[dict[str, Any]] = []
"""What was wanted while somebody was waited for, and is to be done when the frame is over."""
_ahead: list[dict[str, Any]] = []
"""What is done now, behind what is being done."""
_has_frames = False
"""The script has played or published: what it waits for may be within a frame."""
_conversing = False
"""The main thread waits for a message."""
_stop: str | None = None
"""Why this instance was asked to stop; None where it was not."""
_play_was_ended = False
"""A play came to its end because of that, and the script goes on behind it."""
_passed: set[tuple[tuple[CodeType, int], ...]] = set()
"""The places where the script has played, published or served since, each with who called it."""


def serve(until: Callable[[], bool] | None = None) -> None:
    """Serves calls and parameters, and nothing else, until this instance is asked to stop.

    For scripts that work on demand: they register services, and end with this. Where no launcher
    listens nobody can ask, and it returns at once with a warning.

    Args:
        until: asked several times a second; where it says True, this returns too.

    Raises:
        RuntimeError: it is called by another thread than the main one, or by a service.
        SystemExit: the instance was asked to stop, and the script has come back here since.
    """
    if not _is_main_thread():
        raise RuntimeError("btb.serve is for the main thread: services are called by that alone")
    if _doing:
        raise RuntimeError("btb.serve was called by a service: it serves already")
    if not instance.has_line():
        warnings.warn(
            "btb.serve: this process was not started by a launcher, so nobody can ask anything of "
            "it",
            RuntimeWarning,
            stacklevel=2,
        )
        return
    if _stop is not None:
        _pass_once()
        return
    try:
        while _stop is None and not (until is not None and until()):
            # What is called belongs to that: how long it may take is the caller's to say.
            instance.enter("waiting_for_request")
            if _left or instance.wait():
                _do()
    finally:
        instance.enter("quiet")
    if _stop is not None:
        _ends_play()


def look() -> None:
    """Between two frames: does what is wanted."""
    if _left or instance.due():
        _do()


def meanwhile() -> None:
    """While this thread waits for a consumer, an agent or a message, whoever that is may call
    something first. A frame may be in the making, whose parameters stay what they are: those that
    are set get their values when it is over. A stop is heeded when the wait is over."""
    if instance.due() and not _in_handler():
        _do(in_frame=_has_frames or not _conversing)


@contextmanager
def conversing() -> Iterator[None]:
    """A message is waited for. Where nothing was played or published yet, that is what a script
    does between frames."""
    global _conversing
    before = _conversing
    _conversing = before or _is_main_thread()
    try:
        yield
    finally:
        if _is_main_thread():
            _conversing = before


def is_stopping() -> bool:
    """Whether this instance ends after this episode."""
    return _stop is not None


def stop_waits() -> bool:
    """Within a service that takes long: whether this instance was asked to stop meanwhile. That,
    and what else was asked, is done behind the service."""
    if _stop is None and _is_main_thread() and instance.due():
        _left.extend(instance.take())
    return _stop is not None or any(work["work"] == "stop" for work in [*_ahead, *_left])


def has_stopped() -> bool:
    """Whether it was asked to, and nothing is played any more."""
    return _stop is not None and not _playing


@contextmanager
def playing() -> Iterator[None]:
    """Frames are played, which are the boundaries then."""
    global _playing, _has_frames
    _playing += 1
    _has_frames = True
    instance.set_playing(True)
    _stay_called()
    try:
        yield
    finally:
        _playing -= 1
        instance.set_playing(_playing > 0)
        _stay_called()
        if _stop is not None:
            _ends_play()


def refuses_play() -> bool:
    """A `play` call begins: whether it is over at once, since this instance was asked to stop. One
    within an episode that is played belongs to that.

    Raises:
        SystemExit: the script has been here before since.
    """
    if _doing or _playing:
        return False
    look()
    if _stop is None:
        return False
    _ends_play()
    _pass_once()
    return True


def published() -> None:
    """An item was published. Where nothing is played that is what a script does between frames.

    Raises:
        SystemExit: the instance was asked to stop.
    """
    global _has_frames
    _has_frames = True
    _stay_called()
    if _playing or _doing:
        return
    if progress.episode is not None:
        instance.place(progress.episode, progress.index)
    look()
    if _stop is None or not _is_main_thread():
        return
    if not _play_was_ended:
        raise SystemExit(0)
    _pass_once()


def _do(in_frame: bool = False) -> None:
    """Does what is wanted, once the last is done; within a frame all but what may change it. What
    others than the main thread publish is no moment for it."""
    global _doing, _stop
    if _doing or not _is_main_thread():
        return
    _doing = True
    failed: Exception | None = None
    try:
        wanted = [*_left, *instance.take()]
        _left[:] = [work for work in wanted if in_frame and work["work"] == "set"]
        _ahead[:] = wanted
        while _ahead:
            work = _ahead.pop(0)
            if work["work"] == "stop":
                _stop = work["why"]
            elif work["work"] == "call":
                _call(work)
            elif not in_frame:
                try:
                    parameters._set(work["values"])
                except Exception as error:  # What else is wanted is still answered.
                    failed = error
    finally:
        _doing = False
        _ahead.clear()
    if failed is not None:
        raise failed


def _call(work: dict[str, Any]) -> None:
    """Calls a service. However long it takes is no hang: its caller gives up when he likes."""
    global _calling
    before = instance.enter("waiting_for_request")
    _calling = True
    try:
        services._serve(work["id"], work["service"], work["name"], work["arguments"])
    finally:
        _calling = False
        instance.enter(before)


def _stay_called() -> None:
    """What a service plays or publishes says otherwise what this instance is at."""
    if _calling and _is_main_thread():
        instance.enter("waiting_for_request")


def _in_handler() -> bool:
    """Whether a handler of Blender's is running, where much must not be done that a service may."""
    bpy = sys.modules.get("bpy")
    if bpy is None:
        return False
    lists = (getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers))
    handlers = {
        getattr(function, "__code__", None)
        for functions in lists
        if isinstance(functions, list)
        for function in functions
    }
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code in handlers:
            return True
        frame = frame.f_back
    return False


def _ends_play() -> None:
    global _play_was_ended
    _play_was_ended = True


def _pass_once() -> None:
    """The script goes on to its end behind a play that was ended. If it comes back to a place it
    loops, and would go on without end.

    Raises:
        SystemExit: it has come back.
    """
    frame: FrameType | None = sys._getframe(1)
    calls = []
    while frame is not None:
        calls.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back
    place = tuple(calls)
    if place in _passed:
        raise SystemExit(0)
    _passed.add(place)


def _is_main_thread() -> bool:
    return threading.get_ident() == threading.main_thread().ident


# What was wanted of its parent is not wanted of a child.
os.register_at_fork(after_in_child=_left.clear)
os.register_at_fork(after_in_child=_ahead.clear)
do_meanwhile(meanwhile)
