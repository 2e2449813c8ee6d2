"""Networks drawn as plots, in real Blenders: colours and places that can be reckoned by hand."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.renders import render
from support.runtimes import Runtime

# A pixel is a µm, (0, 0) is in the middle, and the camera looks down the z axis.
SCENE = """
from blendtorch.btb import network
from blendtorch.btb.network import plotted
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
def shown(populations, show, **more):
    said = dict(populations=populations, show=show, background=[1, 1, 1], light=False, legend=False,
                engine="plot", resolution="96x64", **more)
    return network.show(said)
def flat(size=96):
    data = bpy.data.cameras.new("flat")
    data.type, data.ortho_scale, data.clip_end = "ORTHO", size, 1000
    eye = bpy.data.objects.new("flat", data)
    scene.collection.objects.link(eye)
    eye.location = (0, 0, 500)
    scene.camera = eye
    bpy.context.view_layer.update()
def at(image, x, y):
    return image[32 - int(y) - 1, 48 + int(x)].astype(int).tolist()
"""


def test_discs_have_their_colours_places_and_sizes_and_near_ones_are_over_far_ones(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
net = shown(dict(
    red=dict(positions=[[-30, 0, 0]], color="#ff0000", radius=10.0),
    sheer=dict(positions=[[10, 0, 50], [14, 0, -50]], color="#0000ff", radius=8.0, opacity=0.5),
    green=dict(positions=[[18, 0, 0], [30, 20, 0]], color="#00ff00", radius=8.0),
), dict({"as": "rest"}))
flat()
renderer = btb.Renderer(passes=("image",), srgb=True)
image = renderer.render()["image"]
again = renderer.render()["image"]
net.populations["red"].style.color = None
net.populations["red"].colors = [[0, 0, 0, 1]]
net.populations["sheer"].locations = [[10, 0, -50], [14, 0, -60]]
changed = renderer.render()["image"]
net.populations["green"].collection.hide_render = True
hidden = renderer.render()["image"]
scene.camera.data.ortho_scale = 4.8  # A disc that is larger than a picture.
scene.camera.location = (-30, 0, 500)
net.populations["sheer"].collection.hide_render = True
large = renderer.render()["image"]
scene.camera.location.x = -20
edge = renderer.render()["image"]
# A cell whose middle is beside the picture, moved there by its population's object.
scene.camera.location.x, scene.camera.data.ortho_scale = 0, 96
net.populations["red"].object.location.x = -22
beside = renderer.render()["image"]
renderer.free()
report(
    beside=[at(beside, -48, 0), at(beside, -30, 0)],
    red=at(image, -30, 0), ground=at(image, 40, -25), same=bool((image == again).all()),
    area=int((np.abs(image.astype(int) - [255, 0, 0]).sum(2) < 300).sum()),
    sheer=at(image, 5, 0), over=at(image, 14, 0), green=at(image, 22, 0),
    black=at(changed, -30, 0), behind=at(changed, 14, 0), gone=at(hidden, 30, 20),
    large=[at(large, 0, 0), at(large, 40, 30)], half=[at(edge, -40, 0), at(edge, 40, 0)],
)
""",
    )
    assert got["red"] == [255, 0, 0] and got["ground"] == [255, 255, 255] and got["same"]
    assert got["area"] == pytest.approx(np.pi * 100, rel=0.05)
    # Blue, half seen through, over white; the same over green; green over the other blue one.
    assert got["sheer"] == pytest.approx([127, 127, 255], abs=1)
    assert got["over"] == pytest.approx([0, 127, 127], abs=1)
    assert got["green"] == [0, 255, 0]
    assert got["black"] == [0, 0, 0] and got["behind"] == [0, 255, 0]
    assert got["gone"] == [255, 255, 255]
    assert got["beside"] == [[0, 0, 0], [255, 255, 255]]
    assert got["large"] == [[0, 0, 0]] * 2 and got["half"] == [[0, 0, 0], [255, 255, 255]]


def test_looks_are_those_of_a_screen_and_surfaces_stand_where_they_are(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
places = dict(positions=[[-30, 0, 0], [0, 0, 0], [30, 0, 0]], radius=9.0, color="#ff0000")
net = shown(dict(cells=places), {"as": "flash", "rest": 0.2}, results=[])
flat()
cells = net.populations["cells"]
renderer = btb.Renderer(passes=("image",), srgb=True)
def row():
    image = renderer.render()["image"]
    return [at(image, x, 0) for x in (-30, 0, 30)]
from blendtorch.btb.network.looks import Look
def as_(look, values=(0.0, 0.5, 1.0)):
    cells.dress(scene, look)
    cells.activity = list(values)
    return row()
seen = dict(flash=as_(Look("flash", low=0.2)), map=as_(Look("map", map="gray")),
            glow=as_(Look("glow")), pulsar=as_(Look("pulsar"), (0.0, 1.0, 3.0)),
            plain=as_(Look("plain")))
# A surface of a script's own, before the first cell and behind the others.
bpy.ops.mesh.primitive_plane_add(size=20, location=(-30, 0, 100))
over = bpy.context.object
blue = bpy.data.materials.new("blue")
blue.diffuse_color = (0, 0, 1, 1)
over.data.materials.append(blue)
bpy.ops.mesh.primitive_plane_add(size=20, location=(0, 0, -100))
bpy.context.object.data.materials.append(blue)
surfaces = row()
over.location.x = 30
moved = row()
blue.diffuse_color = (0, 0, 1, 0.5)
sheer = row()
bpy.ops.object.delete()
over.hide_render = True
gone = row()
scene.render.film_transparent = True
clear = btb.Renderer(passes=("image",), srgb=True, mode="rgba").render()["image"]
scene.render.film_transparent = False
linear = btb.Renderer(passes=("image",)).render()["image"]
lacks = error_of(lambda: btb.Renderer(passes=("depth",)))
samples = error_of(lambda: btb.Renderer(passes=("image",), samples=4))
described = btb.rendering.describe()["engine"]
scene.render.engine = "CYCLES"
network.settle(scene)
shape = cells.object.modifiers[0].show_render
report(surfaces=surfaces, moved=moved, sheer=sheer, gone=gone, lacks=lacks, samples=samples,
       clear=[at(clear, -30, 0), at(clear, 15, 20)], linear=linear.max(), cycles=shape,
       on=plotted.is_on(scene), described=described, **seen)
""",
    )
    red, blue = [255, 0, 0], [0, 0, 255]
    assert got["flash"] == [pytest.approx([255, 204, 204], abs=1),
                            pytest.approx([255, 102, 102], abs=1), red]  # fmt: skip
    assert got["map"] == [[0, 0, 0], pytest.approx([128] * 3, abs=2), [255] * 3]
    # 0.08 of light is 81 of 255 on a screen, 0.54 is 193.
    assert got["glow"] == [pytest.approx([one, 0, 0], abs=1) for one in (81, 193, 255)]
    assert got["pulsar"] == [[255] * 3, pytest.approx([255, 127, 127], abs=1), red]
    assert got["plain"] == [red] * 3
    assert got["surfaces"] == [blue, red, red]
    assert got["moved"] == [red, red, blue]
    assert got["sheer"] == [red, red, pytest.approx([128, 0, 127], abs=1)]
    assert got["gone"] == [red] * 3
    assert got["clear"] == [[255, 0, 0, 255], [0, 0, 0, 0]]
    assert got["linear"] == 255
    assert got["lacks"].startswith("ValueError PLOT has no pass depth")
    assert got["samples"].startswith("ValueError PLOT takes no samples")
    assert got["cycles"] is True and got["on"] is False and got["described"] == "PLOT"


def test_a_described_plot_is_rendered_by_a_fleet(bpy_runtime: Runtime, tmp_path: Path) -> None:
    np.save(tmp_path / "cells.npy", np.array([[-20.0, 0, 0], [20, 0, 0], [0, 15, 0]], np.float32))
    (tmp_path / "network.json").write_text(
        """{"populations": {"cells": {"positions": "cells.npy", "color": "#ff0000"}},
            "engine": "plot", "background": [1, 1, 1], "resolution": "64x48", "light": false}"""
    )
    out = tmp_path / "out"
    render(tmp_path / "network.json", out, "-f", "0:0").well()
    with Image.open(out / "frames/000000.png") as picture:
        seen = np.asarray(picture.convert("RGB")).astype(int)
    assert seen.shape == (48, 64, 3) and seen[0, 63].tolist() == [255] * 3
    assert (np.abs(seen - [255, 0, 0]).sum(2) < 30).sum() > 20, "cells are red"
    said = render(
        tmp_path / "network.json", tmp_path / "depth", "-f", "0:0", "-p", "depths"
    ).error()
    assert "PLOT has no pass" in said, said


def test_what_a_script_makes_anew_or_empties_is_drawn(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
def show(places):
    return shown(dict(cells=dict(positions=places, color="#ff0000", radius=10.0)), {"as": "rest"})
net = show([[0, 0, 0]])
flat()
renderer = btb.Renderer(passes=("image",), srgb=True)
seen = [at(renderer.render()["image"], 0, 0)]
bpy.data.objects.remove(net.populations["cells"].object)
net = show([[30, 0, 0]])
flat()
renderer.camera = btb.Camera()
image = renderer.render()["image"]
seen += [at(image, 0, 0), at(image, 30, 0)]
# Blender evaluates what a handler has changed without a word to other handlers.
def paint(*_):
    net.populations["cells"].colors = [[0, 0, 1, 1]]
bpy.app.handlers.frame_change_post.append(paint)
scene.frame_set(5)
seen.append(at(renderer.render()["image"], 30, 0))
bpy.app.handlers.frame_change_post.clear()
bpy.app.handlers.depsgraph_update_post.clear()
net.populations["cells"].colors = [[0, 1, 0, 1]]
seen.append(at(renderer.render()["image"], 30, 0))
other = btb.network.from_arrays({"none": np.zeros((0, 3), np.float32)})
other.blend(scene, "none")
other.load_populations()
seen.append(at(renderer.render()["image"], 30, 0))
report(seen=seen)
""",
    )
    white, red, blue, green = [255] * 3, [255, 0, 0], [0, 0, 255], [0, 255, 0]
    assert got["seen"] == [red, white, red, blue, green, green]
