"""Mesa keeps the shaders that it has compiled where blendtorch keeps what it has.

Owns the variable that says so, for Blenders that no launcher has started. It must come before the
first picture: Mesa reads the variable when the graphics context is made.
"""

import os

from . import _blendtorch


def keep() -> None:
    """Sets the variable, unless the user has, or there is no folder that could be written to."""
    kept = _blendtorch.shader_cache()
    if kept is not None:
        name, folder = kept
        os.environ[name] = folder
