"""The folder that Blender makes for a session of its own, and removes at its end.

Loading this module needs no Blender.
"""

import os
import re
import sys


def folder() -> str | None:
    """Where it is; None where there is no Blender, or it could not make one."""
    bpy = sys.modules.get("bpy")
    folder = os.path.normpath(bpy.app.tempdir) if bpy and bpy.app.tempdir else ""
    # Where it could not make one it names the folder that it wanted it in, which is not its own.
    return folder if re.fullmatch("blender_[A-Za-z0-9]{6}", os.path.basename(folder)) else None
