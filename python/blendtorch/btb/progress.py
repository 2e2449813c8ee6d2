"""Where this instance is: what a publisher writes beside each item.

Set by `AnimationController`, read by whoever publishes. Knows no Blender, so that scripts without
one may set it too.
"""

episode: int = 0
"""Which episode is being played, counted from 0."""

index: int = 0
"""Which sample of the episode is next, counted from 0."""
