"""Images of captures: what Blender itself would save; and a scene that is as it was afterwards."""

from pathlib import Path

import pytest
from support.captures import SCENE
from support.runtimes import Runtime

BALL = (
    SCENE
    + """
import os

def ball(engine="CYCLES"):
    scene = scene_of(engine=engine)
    bpy.ops.mesh.primitive_uv_sphere_add()
    bpy.context.active_object.data.materials.append(cubes.plain_material("plain", (.9, .2, .05)))
    cubes.camera((0, -5, 2), (0, 0, 0))
    cubes.set_background((.3, .1, .7))
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "GAUSSIAN", 1.5
    return scene

def pixels_of_file(path):
    image = bpy.data.images.load(path)
    image.colorspace_settings.name, image.alpha_mode = "Non-Color", "CHANNEL_PACKED"
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    shaped = pixels.reshape(image.size[1], image.size[0], -1)[::-1]
    bpy.data.images.remove(image)
    os.unlink(path)
    return shaped
"""
)


@pytest.mark.parametrize("engine", ["CYCLES", "BLENDER_WORKBENCH"])
def test_a_display_shows_what_blender_itself_saves(
    runtime: Runtime, tmp_path: Path, engine: str
) -> None:
    """View transform, exposure and dither in it; to the last bit."""
    got = runtime.reported(
        tmp_path,
        BALL
        + f"""
scene = ball({engine!r})
view, image = scene.view_settings, scene.render.image_settings
wide = "AgX" if bpy.app.version >= (4, 0) else "Filmic"
results = []
for transform, film, dither, color, bits in (
    ("Standard", False, 0, "RGB", 8), (wide, False, 1, "RGB", 8), (wide, True, 2, "RGBA", 8),
    (wide, False, 1, "BW", 8), (wide, True, 1, "RGBA", 16), ("Standard", False, 1, "RGB", 16),
):
    view.view_transform, view.exposure, view.gamma = transform, .7, 1.1
    scene.render.film_transparent, scene.render.dither_intensity = film, dither
    got = captured(["frames"], display=Display(color, bits)).arrays["display"]
    image.file_format, image.color_mode, image.color_depth = "PNG", color, str(bits)
    scene.render.filepath = {str(tmp_path / "plain.png")!r}
    bpy.ops.render.render(write_still=True)
    plain = pixels_of_file(scene.render.filepath)[..., :got.shape[2]]
    most = 255 if bits == 8 else 65535
    results.append([str(got.dtype), list(got.shape), len(np.unique(got)),
                    int(np.abs(np.rint(plain * most) - got).max())])
report(results=results)
""",
    )
    for (dtype, shape, values, off), channels in zip(
        got["results"], (3, 3, 4, 1, 4, 3), strict=True
    ):
        assert (shape, off) == ([48, 64, channels], 0) and values > 3, got
        assert dtype in ("uint8", "uint16"), got


COMPOSITE = """
scene = ball()
render, image = scene.render, scene.render.image_settings
scene.use_nodes = True
tree = scene.node_tree
tree.nodes.clear()
layers, invert = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeInvert")
result, file = tree.nodes.new("CompositorNodeComposite"), tree.nodes.new("CompositorNodeOutputFile")
file.base_path = FOLDER + "/node"
tree.links.new(layers.outputs["Image"], invert.inputs["Color"])
tree.links.new(invert.outputs["Color"], result.inputs["Image"])
tree.links.new(layers.outputs["Image"], file.inputs[0])
scene.view_settings.view_transform, render.dither_intensity = "Standard", 0
image.file_format, image.color_mode, render.filepath = "PNG", "RGB", "//somewhere"
layer = bpy.context.view_layer
def state():
    return [image.file_format, image.color_mode, image.color_depth, image.compression,
            render.filepath, render.use_compositing, render.use_persistent_data, file.mute,
            [layer.use_pass_z, layer.use_pass_vector, layer.use_pass_object_index],
            scene.cycles.use_auto_tile, scene.camera.name, bpy.context.active_object.pass_index,
            len(bpy.data.images), render.use_file_extension, render.use_border]
before = state()
capture = Capture({"frames": {}, "composites": {}, "depths": {}, "flows": {},
                   "segmentations": {}}, display=Display("RGB", 8))
forgotten = error_of(capture.render)
path, warnings = capture.composite(FOLDER + "/one"), capture.warnings
frame = capture.render()
capture.release()
images = len(bpy.data.images)
after = state()
after[12] = before[12] = 0  # Blender's own result of the render is an image.
shown = frame.arrays["display"].astype(int)
inverted = np.rint(pixels_of_file(path)[..., :3] * 255)
again = captured(["frames"], display=Display("RGB", 8)).arrays["display"]
linear = captured(["frames", "normals"]).arrays
capture = Capture({"frames": {"linear": True}}, display=Display("BW", 8))
both = sorted(capture.render().arrays)
capture.release()
capture = Capture({"depths": {}})
first, second = capture.render(), capture.render()
apart = not np.shares_memory(first.arrays["depth"], second.arrays["depth"])
third = np.shares_memory(capture.render().arrays["depth"], first.arrays["depth"])
capture.release()
# With persistent data Cycles must not have kept the passes of another capture.
more = captured(["depths", "normals", "flows", "diffuse", "emission", "materials"]).arrays
report(before=before, after=after, warnings=warnings, path=path, forgotten=forgotten,
       composite=frame.composite, nodes=os.path.isdir(FOLDER + "/node"), apart=apart, third=third,
       same=bool((again == shown).all()), inverted=np.abs(inverted.mean() - shown.mean()),
       both=both, linear=[linear["combined"].shape, sorted(linear)], more=sorted(more),
       far=more["depth"].max(), emission=more["emission"].max())
"""


def test_a_composite_is_rendered_along_and_the_scene_is_as_it_was(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(tmp_path, BALL + f"FOLDER = {str(tmp_path)!r}\n" + COMPOSITE)
    assert got["before"] == got["after"], got
    assert got["path"] == got["composite"] == str(tmp_path / "one.png"), got
    assert len(got["warnings"]) == 1 and got["warnings"][0].endswith("File Output"), got
    assert got["forgotten"].startswith("RuntimeError composites are wanted"), got
    assert not got["nodes"] and got["same"] and got["inverted"] > 10, got
    assert got["apart"] and got["third"], got
    assert got["linear"] == [[48, 64, 4], ["combined", "normal"]], got
    assert got["both"] == ["combined", "display"], got
    names = "depth diffuse_color diffuse_direct diffuse_indirect emission material normal vector"
    assert got["more"] == names.split(), got
    assert got["far"] == pytest.approx(1e10) and got["emission"] > 0.5, got
