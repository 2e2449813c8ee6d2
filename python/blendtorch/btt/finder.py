"""What the original has under this name."""

from .launcher import discover_blender

__all__ = ["discover_blender"]
