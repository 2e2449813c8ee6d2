"""What `OffScreenRenderer.render()` costs beside drawing and reading back alone, in one process.

    python -m blendtorch.bpy_main --background --python benches/offscreen.blend.py -- --frames 200
    blender --background --python-use-system-env --python benches/offscreen.blend.py

Frames of both kinds alternate; an object moves before each, as in a scene script. Prints one line
of JSON: the median and the quartiles of each in milliseconds, and the ratio of the medians.
"""

import argparse
import json
import sys
import time

import bpy
import gpu
import numpy as np
from blendtorch import btb


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=480)
    parser.add_argument("--frames", type=int, default=200, help="of each kind")
    parser.add_argument("--shading", default="SOLID")
    parser.add_argument("--mode", default="rgba", choices=["rgba", "rgb"])
    parser.add_argument("--srgb", action="store_true")
    arguments = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    return parser.parse_args(arguments)


def scene(width, height):
    """A cube, a sphere and a floor."""
    for obj in list(bpy.data.objects):
        bpy.data.objects.remove(obj)
    render = bpy.context.scene.render
    render.engine = "BLENDER_WORKBENCH"
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    bpy.ops.mesh.primitive_plane_add(size=20)
    bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32, location=(2, 0, 1))
    bpy.ops.mesh.primitive_cube_add(location=(-1, 0, 1))
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    btb.Camera().look_at((0, 0, 1), (0, -9, 4))
    return bpy.context.active_object


def bare(off):
    """Draws and reads back, as `off` does, into memory that is used again."""
    height, width = off.camera.shape
    pixels = np.empty((height, width, 4), np.uint8)
    buffer = gpu.types.Buffer("UBYTE", pixels.shape, pixels)
    target = gpu.types.GPUOffScreen(width, height, format="RGBA8")

    def draw():
        context = bpy.context
        context.view_layer.update()
        target.draw_view3d(
            context.scene,
            context.view_layer,
            off.space,
            off.region,
            off.camera.view_matrix,
            off.camera.proj_matrix,
            do_color_management=False,
        )
        with target.bind():
            gpu.state.active_framebuffer_get().read_color(
                0, 0, width, height, 4, 0, "UBYTE", data=buffer
            )
        return pixels

    return draw


def main():
    opts = options()
    cube = scene(opts.width, opts.height)
    off = btb.OffScreenRenderer(mode=opts.mode, srgb=opts.srgb)
    off.set_render_style(shading=opts.shading)
    out = np.empty((opts.height, opts.width, off.channels), np.uint8)
    kinds = {
        "draw_and_read": bare(off),
        "render": off.render,
        "render_out": lambda: off.render(out=out),
    }
    times = {name: [] for name in kinds}
    for frame in range(opts.frames + 10):
        for name, draw in kinds.items():
            cube.rotation_euler.z += 0.01
            start = time.perf_counter()
            draw()
            if frame >= 10:  # Before that, shaders are compiled and caches filled.
                times[name].append((time.perf_counter() - start) * 1e3)
    result = {"blender": bpy.app.version_string, "renderer": gpu.platform.renderer_get()}
    result |= vars(opts)
    for name, values in times.items():
        lower, median, upper = np.percentile(values, [25, 50, 75])
        result[name] = {"median_ms": median, "quartiles_ms": [lower, upper]}
    for name in ("render", "render_out"):
        result[f"{name}_ratio"] = result[name]["median_ms"] / result["draw_and_read"]["median_ms"]
    print(json.dumps(result, default=float))


main()
