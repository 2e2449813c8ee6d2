"""Networks as our package shows them: what a script of a user writes, to be measured.

`scene` and `animate` are what the BSB's guide does, with the import changed.
"""

import time
from pathlib import Path

import bpy
import numpy as np
from blendtorch import bsb
from blendtorch.btb.network import activity

# What a cell's point has, by hand: Blender's types and its properties.
ATTRIBUTES = {
    "cell_id": ("INT", "value", np.int32, 1),
    "radius": ("FLOAT", "value", np.float32, 1),
    "tint": ("FLOAT_COLOR", "color", np.float32, 4),
    "rotation": ("FLOAT_VECTOR", "vector", np.float32, 3),
    "activity": ("FLOAT", "value", np.float32, 1),
}


def points(cells, drawn_as=None):
    """A mesh of as many points, with the same attributes, in one object; drawn as another."""
    mesh = bpy.data.meshes.new("by hand")
    mesh.vertices.add(cells)
    at = np.random.default_rng(0).uniform(0, 1000, 3 * cells).astype(np.float32)
    mesh.vertices.foreach_set("co", at)
    for name, (kind, prop, dtype, width) in ATTRIBUTES.items():
        data = mesh.attributes.new(name, kind, "POINT").data
        data.foreach_set(prop, np.ones(cells * width, dtype))
    mesh.update()
    made = bpy.data.objects.new("by hand", mesh)
    bpy.context.scene.collection.objects.link(made)
    for modifier in drawn_as.modifiers if drawn_as else ():
        made.modifiers.new(modifier.name, modifier.type).node_group = modifier.node_group
    bpy.context.view_layer.update()
    return mesh


class Ours:
    """What it made stays here."""

    def scene(self, network, engine="BLENDER_WORKBENCH"):
        """Every cell of a file; Cycles is given points, Workbench meshes."""
        bpy.context.scene.render.engine = engine
        self.network = bsb.core.from_hdf5(network)
        self.network.for_blender()
        self.network.blend(bpy.context.scene, "scaffold")
        self.populations = self.network.get_populations()
        bpy.context.view_layer.update()
        return {"cells": sum(len(one.cells) for one in self.populations.values())}

    def animate(self, results):
        """The activity of all of them."""
        self.network.animate.pulsar(results, self.populations)

    def view(self):
        """What its camera sees, for another scene."""
        camera = bpy.context.scene.camera
        data = camera.data
        return {
            "matrix": [list(row) for row in camera.matrix_world],
            "lens": data.lens,
            "sensor": data.sensor_width,
            "clip_end": data.clip_end,
        }

    def frame(self, frame):
        """Set, and drawn; what the file of a picture costs is nothing of it."""
        bpy.context.scene.frame_set(frame)
        bpy.ops.render.render()

    def picture(self, path):
        bpy.context.scene.render.filepath = path
        bpy.ops.render.render(write_still=True)

    def activity(self, frames):
        """Milliseconds of processor time of each frame's activity, and of one `foreach_set`."""
        scene = bpy.context.scene
        cells = sum(len(one.cells) for one in self.populations.values())
        shown = max(self.populations.values(), key=lambda one: len(one.cells)).object
        mesh, values = points(cells, shown), np.zeros(cells, np.float32)
        took, lit = {"ours": [], "set": []}, 0
        for number, frame in enumerate(frames):
            for way in ("ours", "set") if number % 2 else ("set", "ours"):
                began = time.process_time()
                if way == "ours":
                    written = activity.show(scene, frame)
                else:
                    mesh.attributes["activity"].data.foreach_set("value", values)
                    mesh.update_tag()
                took[way].append(1e3 * (time.process_time() - began))
                if way == "ours":
                    lit = max(lit, sum(written.values()))
            # As it is between two frames: what was set is evaluated.
            bpy.context.view_layer.update()
        return {**took, "lit": lit}

    def cloud(self, cells):
        """The same points, by hand."""
        points(cells)

    def used(self, frame):
        """Megabytes of this process when a frame is set, and at most until now."""
        bpy.context.scene.frame_set(frame)
        bpy.context.view_layer.update()
        lines = Path("/proc/self/status").read_text().splitlines()
        of = dict(line.split(":", 1) for line in lines)
        kb = {name: int(of[name].split()[0]) for name in ("VmRSS", "VmHWM")}
        return {"mb": kb["VmRSS"] * 1024 / 1e6, "peak": kb["VmHWM"] * 1024 / 1e6}
