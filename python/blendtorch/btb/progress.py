"""Where this instance is: what a publisher writes beside each item.

Set by `AnimationController`, read by whoever publishes. Knows no Blender, so that scripts without
one may set it too.
"""

episode: int | None = None
"""Which episode is being played, counted from 0; None while none is."""

index: int | None = None
"""Which frame of the episode is being played, counted from 0; None while none is."""
