"""Where a scene's own Python modules are."""

import os
import sys

import bpy


def add_scene_dir_to_path() -> None:
    """Lets the script import modules that lie beside the scene's .blend file.

    For a scene that was never saved that is the working directory.
    """
    # Without the separator at its end, so that it is the entry others would make.
    folder = os.path.abspath(bpy.path.abspath("//"))
    if folder not in sys.path:
        sys.path.append(folder)
