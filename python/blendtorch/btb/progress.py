"""Where this instance is: what a publisher writes beside each item, and its launcher sees.

Set by `AnimationController`, read by whoever publishes. Knows no Blender, so that scripts without
one may set it too.
"""

from . import instance

episode: int | None = None
"""Which episode is being played, counted from 0; None while none is."""

index: int | None = None
"""Which frame of the episode is being played, counted from 0; None while none is."""


def at(now: int | None, frame: int | None) -> None:
    """This episode and this frame of it are played now; None where none is."""
    global episode, index
    episode, index = now, frame
    instance.place(now, frame)
