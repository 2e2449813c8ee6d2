"""One object a cell, in plain `bpy`: what a loop of twenty lines gives, to be measured beside.

Nothing of ours is imported. What it makes is what the BSB's module for Blender documents: a mesh of
a kind of cells that its objects share, an object a cell with its id, and keys of "pulsar" in the
object's colour.
"""

import json
import math
from itertools import pairwise

import bpy
import h5py
import numpy as np
from mathutils import Matrix

FLOOR = {"granule_cell": 0.0, "glomerulus": 0.0}
MPF, WIDTH, AFTERBURN = 25 / 60, math.ceil(2.5 / (25 / 60)), 30.0


def kinds_of(path):
    """Of each kind: its name, radius, colour, ids and places."""
    with h5py.File(path) as file:
        if "cells" in file:
            config = json.loads(file.attrs["configuration_string"])["cell_types"]
            for name, group in file["cells/placement"].items():
                runs = group["identifiers"][()].reshape(-1, 2)
                ids = np.concatenate([np.arange(a, a + n) for a, n in runs])
                about = config[name]
                radius = about["placement"]["soma_radius"]
                at = group["positions"][()][:, [0, 2, 1]]
                yield name, radius, about["plotting"]["color"], ids, at
            return
        configs = (
            text for text in file["files"].values() if '"active_config": true' in text.attrs["meta"]
        )
        config = json.loads(next(configs)[()])["cell_types"]
        for name, group in file["placement"].items():
            chunks = sorted(group, key=int)
            at = np.concatenate([group[chunk]["position"][()] for chunk in chunks])
            about = config[name]
            radius = about["spatial"]["radius"]
            yield name, radius, about["plotting"]["color"], np.arange(len(at)), at


def keys(times, floor):
    """Frames and values: kept where the slope changes."""
    at = [int(t / MPF) for t in times]
    end = at[-1] + WIDTH
    level = [max(0, *(WIDTH - abs(k - f) for f in at)) for k in range(end + 1)]
    steps = [0] + [b - a for a, b in pairwise(level)]
    kept = [0] + [k for k in range(end) if k and steps[k + 1] != steps[k]] + [end]
    return [(k, floor + (1 - floor) * level[k] / WIDTH) for k in kept]


class Plain:
    """What it made stays here."""

    def scene(self, network):
        """Every cell of a file as an object."""
        scene = bpy.context.scene
        self.objects, self.floors = {}, {}
        for name, radius, color, ids, at in kinds_of(network):
            bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=1, radius=radius)
            made = bpy.context.object
            mesh = made.data
            bpy.data.objects.remove(made)
            rgba = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)] + [1.0]
            material = bpy.data.materials.new(name)
            material.diffuse_color = rgba
            mesh.materials.append(material)
            collection = bpy.data.collections.new(name)
            scene.collection.children.link(collection)
            for cell, place in zip(ids.tolist(), at.tolist(), strict=True):
                obj = bpy.data.objects.new(f"{name} #{cell}", mesh)
                obj["cell_id"] = cell
                obj.location = place
                collection.objects.link(obj)
                self.objects[cell] = obj
                self.floors[cell] = FLOOR.get(name, 0.3)
        bpy.context.view_layer.update()
        return {"cells": sum(len(one.objects) for one in scene.collection.children)}

    def animate(self, results):
        """The keys of every cell that spikes, as "pulsar" sets them."""
        with h5py.File(results) as file:
            (device,) = file["recorders/soma_spikes"].values()
            table = device[()]
        order = np.argsort(table[:, 0], kind="stable")
        ids, starts = np.unique(table[order, 0], return_index=True)
        trains = np.split(table[order, 1], starts[1:])
        made = {
            int(cell): keys(times.tolist(), self.floors[int(cell)])
            for cell, times in zip(ids, trains, strict=True)
        }
        last = max(one[-1][0] for one in made.values())
        for cell, obj in self.objects.items():
            floor = self.floors[cell]
            frames = made.get(cell, [(0, floor)])
            frames += [(last + AFTERBURN / 2 / MPF, floor), (last + AFTERBURN / MPF, 0.0)]
            action = bpy.data.actions.new(obj.name)
            obj.animation_data_create().action = action
            table = np.array(frames, np.float32)
            for channel in range(4):
                curve = action.fcurves.new("color", index=channel)
                curve.keyframe_points.add(len(table))
                curve.keyframe_points.foreach_set("co", table.ravel())
                curve.update()
        return {"keys": sum(map(len, made.values())), "last": last}

    def camera(self, matrix, lens, sensor, clip_end):
        """The same view as ours has."""
        data = bpy.data.cameras.new("camera")
        data.lens, data.sensor_width, data.clip_end = lens, sensor, clip_end
        made = bpy.data.objects.new("camera", data)
        made.matrix_world = Matrix(matrix)
        scene = bpy.context.scene
        scene.collection.objects.link(made)
        scene.camera = made
        scene.display.shading.color_type = "OBJECT"

    def frame(self, frame):
        """Set, and drawn; what the file of a picture costs is nothing of it."""
        bpy.context.scene.frame_set(frame)
        bpy.ops.render.render()

    def picture(self, path):
        bpy.context.scene.render.filepath = path
        bpy.ops.render.render(write_still=True)
