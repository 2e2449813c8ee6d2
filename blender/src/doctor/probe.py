# What `blendtorch doctor` runs inside a Blender. It prints one line, and must not change anything.
import json
import sys

import bpy

said = {
    "version": ".".join(map(str, bpy.app.version)),
    "python": ".".join(map(str, sys.version_info[:3])),
}
try:
    import numpy

    said["numpy"] = numpy.__version__
except Exception as error:
    said["numpy_error"] = str(error)
try:
    import importlib.metadata

    import blendtorch
    import blendtorch._blendtorch  # noqa: F401

    said["blendtorch"] = importlib.metadata.version("blendtorch")
except Exception as error:
    said["blendtorch_error"] = str(error)
try:
    import gpu

    if hasattr(gpu, "init"):
        gpu.init()  # Blender 5.2 and later.
    else:
        # Until then only a render makes a GPU context where there is no window.
        import os
        import tempfile

        scene = bpy.context.scene
        scene.render.engine = "BLENDER_WORKBENCH"
        scene.render.resolution_x = scene.render.resolution_y = 16
        scene.render.resolution_percentage = 100
        with tempfile.TemporaryDirectory() as folder:
            scene.render.filepath = os.path.join(folder, "probe.png")
            bpy.ops.render.render()
    said["vendor"] = gpu.platform.vendor_get()
    said["renderer"] = gpu.platform.renderer_get()
    said["gpu_version"] = gpu.platform.version_get()
except Exception as error:
    said["gpu_error"] = str(error)
print("blendtorch-doctor", json.dumps(said), flush=True)
