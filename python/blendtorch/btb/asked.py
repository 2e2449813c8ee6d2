"""What others ask of this instance, done between frames by its main thread.

Owns when that is, and how a script comes to its end that is asked to stop. What a parameter or a
service is, is known in `parameter.py` and `service.py`. It must never wait for anybody, but in
`serve`. Knows no Blender where there is none.
"""

import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType

from .._blendtorch import do_meanwhile
from . import instance, progress
from .parameter import parameters
from .service import services

_playing = 0
"""How many controllers play; with windows, there may be several."""
_doing = False
"""Something that was asked for is being done: what it plays or publishes is no boundary."""
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
            instance.enter("waiting_for_request")
            if instance.wait():
                instance.enter("rendering")
                _do()
    finally:
        instance.enter("quiet")
    if _stop is not None:
        _ends_play()


def look() -> None:
    """Between two frames: does what is wanted."""
    if instance.due():
        _do()


def meanwhile() -> None:
    """While this thread waits for a consumer, an agent or a message, whoever that is may ask for
    something first. A stop is heeded when the wait is over."""
    look()


def is_stopping() -> bool:
    """Whether this instance ends after this episode."""
    return _stop is not None


def has_stopped() -> bool:
    """Whether it was asked to, and nothing is played any more."""
    return _stop is not None and not _playing


@contextmanager
def playing() -> Iterator[None]:
    """Frames are played, which are the boundaries then."""
    global _playing
    _playing += 1
    instance.set_playing(True)
    try:
        yield
    finally:
        _playing -= 1
        instance.set_playing(_playing > 0)
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


def _do() -> None:
    """Does what is wanted, once the last is done. What others than the main thread publish is no
    moment for it."""
    global _doing, _stop
    if _doing or not _is_main_thread():
        return
    _doing = True
    failed: Exception | None = None
    try:
        for work in instance.take():
            if work["work"] == "stop":
                _stop = work["why"]
            elif work["work"] == "call":
                services._serve(work["id"], work["service"], work["name"], work["arguments"])
            else:
                try:
                    parameters._set(work["values"])
                except Exception as error:  # What else is wanted is still answered.
                    failed = error
    finally:
        _doing = False
    if failed is not None:
        raise failed


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


do_meanwhile(meanwhile)
