"""Blender's own limits, the same in all versions.

Owns only those that more than one module heeds.
"""

LAST_FRAME = 1_048_574
"""The last frame that a scene can have."""
