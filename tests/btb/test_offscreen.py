"""What is rendered, headless, in a real Blender: the right colours at the right pixels."""

from pathlib import Path

import pytest
from support.runtimes import Runtime

SCRIPT = """
scene = cubes.empty_scene(320, 240)
scene.render.engine = ENGINE
cube = cubes.colored_cube("cube")
cam = cubes.camera((6, -6, 5), (0, 0, 0))
background = (0.25, 0.5, 0.1)
cubes.set_background(background)

off = btb.OffScreenRenderer(cam)
image = off.render()
kept = image.copy()
again = off.render()
rgb = btb.OffScreenRenderer(cam, mode="rgb").render()
lower = btb.OffScreenRenderer(cam, origin="lower-left").render()
srgb = btb.OffScreenRenderer(cam, mode="rgb", srgb=True).render()

def color_at(image, xyz):
    x, y = cam.ndc_to_pixel(cam.world_to_ndc(xyz))[0]
    return image[int(y), int(x), :3].astype(float) / 255

def encode(rgb):
    rgb = np.asarray(rgb)
    return np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)

# The three faces towards the camera, at their centres and just inside each of their corners.
linear_error = srgb_error = 0
for name in ("right", "front", "top"):
    corners, color = cubes.FACES[name]
    corners = np.array([cubes.CORNERS[i] for i in corners], float)
    centre = corners.mean(axis=0)
    for point in (centre, *(centre + 0.94 * (corners - centre))):
        linear_error = max(linear_error, np.abs(color_at(image, point) - color).max())
        srgb_error = max(srgb_error, np.abs(color_at(srgb, point) - encode(color)).max())

# The outline of the cube is that of its corners, to the pixel.
rows, columns = np.nonzero((rgb != rgb[0, 0]).any(axis=-1))
xy = cam.object_to_pixel(cube)
outline = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
report(
    shapes=[image.shape, rgb.shape], dtype=str(image.dtype),
    linear_error=linear_error, srgb_error=srgb_error,
    background=np.abs(image[0, 0, :3] / 255 - background).max(), alpha=image[..., 3].min(),
    outline=np.abs(outline - np.r_[xy.min(axis=0), xy.max(axis=0)]).max(),
    stable=bool((image == kept).all() and (image == again).all()),
    own=again is not image and not np.shares_memory(again, image) and image.flags.owndata,
    rgb=bool((rgb == image[..., :3]).all()), flipped=bool((lower == image[::-1]).all()),
    described=btb.rendering.describe(), **beside(),
)
"""

# What else the 3D view could show instead, and how a transparent film comes out.
BESIDE = """
def beside():
    _, space, _ = btb.utils.find_first_view3d()
    other = bpy.data.objects.new("other", bpy.data.cameras.new("other"))
    scene.collection.objects.link(other)
    other.data.dof.use_dof, other.data.dof.aperture_fstop = True, 0.01
    scene.display.shading.use_dof = True
    scene.camera = other
    space.region_3d.view_perspective = "CAMERA"
    through = off.render()
    space.region_3d.view_perspective = "PERSP"
    space.use_render_border, space.render_border_max_x = True, 0.5
    border = off.render()
    space.use_render_border = False
    scene.render.film_transparent = True
    clear = off.render()
    blended = ""
    material = cube.data.materials[0]
    material.blend_method = "BLEND"
    try: off.render()
    except RuntimeError as error: blended = str(error)
    surface = (np.abs(rgb.astype(int) - rgb[0, 0]) > 2).any(axis=-1)  # The background is dithered.
    return dict(
        whole=[int(np.abs(image.astype(int) - one).max()) for one in (through, border)],
        clear=[clear[~surface].max(), clear[surface, 3].min(),
               int(np.abs(clear[surface].astype(int) - image[surface]).max())],
        blended=blended,
    )
"""


@pytest.mark.parametrize("engine", ["WORKBENCH", "EEVEE"])
def test_faces_have_their_colors_where_they_are_projected(
    runtime: Runtime, tmp_path: Path, engine: str
) -> None:
    name = "'BLENDER_WORKBENCH'" if engine == "WORKBENCH" else "btb.rendering.eevee()"
    got = runtime.reported(tmp_path, BESIDE + SCRIPT.replace("ENGINE", name))
    assert got["shapes"] == [[240, 320, 4], [240, 320, 3]]
    assert got["dtype"] == "uint8"
    step = 1 / 255
    assert got["linear_error"] <= 1.01 * step
    assert got["background"] <= 1.01 * step
    assert got["srgb_error"] <= 1.01 * step
    assert got["alpha"] == 255
    assert got["outline"] <= 1.0
    assert got["stable"] and got["own"] and got["rgb"] and got["flipped"]
    assert got["described"]["engine"] == engine
    assert got["described"]["blender"].count(".") == 2
    assert isinstance(got["described"]["software"], bool)
    assert max(got["whole"]) <= 1, "of the camera, and not of the 3D view's own"
    background, alpha, color = got["clear"]
    assert background == 0 and alpha == 255 and color <= 1
    # Where the 3D view has no alpha of its own, blended materials have none.
    if engine == "EEVEE" and got["described"]["blender"].startswith("3."):
        assert got["blended"].startswith("scene.render.film_transparent: ")
        assert "cube left" in got["blended"]
    else:
        assert got["blended"] == ""


def test_a_scene_changed_since_is_rendered_as_it_is(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        """
cubes.empty_scene(64, 48)
cube = cubes.colored_cube("cube")
off = btb.OffScreenRenderer(cubes.camera((0, -9, 0), (0, 0, 0)), mode="rgb")
seen = [off.render()]
cube.location.x = 2
seen.append(off.render())
cube.data.materials[2].diffuse_color = (1, 1, 1, 1)
seen.append(off.render())
out = np.zeros((48, 64, 3), np.uint8)
same = off.render(out=out) is out
wrong = np.zeros((48, 64, 2), np.uint8), np.zeros((48, 64, 3), np.float32), out[:, ::-1]
errors = [error_of(lambda: off.render(out=bad)) for bad in wrong]
out.flags.writeable = False
errors.append(error_of(lambda: off.render(out=out)))
report(moved=bool((seen[0] != seen[1]).any()), colored=bool((seen[1] != seen[2]).any()),
       same=same, filled=bool((out == seen[2]).all()), errors=errors)
""",
    )
    assert got["moved"] and got["colored"] and got["same"] and got["filled"]
    shape, dtype, contiguous, readonly = got["errors"]
    assert "shape" in shape
    assert "uint8" in dtype
    assert "contiguous" in contiguous
    assert "read-only" in readonly


@pytest.mark.usefixtures("no_display")
def test_conformance_20_output_is_linear_in_both_modes_and_origins_unless_srgb(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        """
# Above, a plane of linear mid grey; below, the background.
scene = cubes.empty_scene(40, 30)
scene.render.engine = "BLENDER_WORKBENCH"
scene.view_settings.view_transform, scene.view_settings.exposure = "Filmic", 2
bpy.ops.mesh.primitive_plane_add(size=20, location=(0, 10, 0))
bpy.context.active_object.data.materials.append(cubes.plain_material("plain", (0.5, 0.2, 0.05)))
cubes.set_background((0.25, 0.25, 0.25))
cubes.camera((0, 0, 5), (0, 0, 0))
images = {}
for mode in ("rgba", "rgb"):
    for origin in ("upper-left", "lower-left"):
        for srgb in (False, True):
            off = btb.OffScreenRenderer(mode=mode, origin=origin, srgb=srgb)
            images[f"{mode} {origin} {srgb}"] = off.render()[[0, 29], 20]
            off.free()
default = btb.OffScreenRenderer()
report(background=bpy.app.background, images=images, default=default.render()[[0, 29], 20],
       dtype=str(default.render().dtype))
""",
        alone=True,
    )
    assert got["background"] and got["dtype"] == "uint8"
    linear = {"above": [128, 51, 13], "below": [64, 64, 64]}
    # 0.5 → 188, 0.2 → 124, 0.05 → 63, 0.25 → 137 (IEC 61966-2-1).
    srgb = {"above": [188, 124, 63], "below": [137, 137, 137]}
    assert len(got["images"]) == 8
    for name, rows in got["images"].items():
        mode, origin, encoded = name.split()
        expected = srgb if encoded == "True" else linear
        order = ("above", "below") if origin == "upper-left" else ("below", "above")
        for row, part in zip(rows, order, strict=True):
            alpha = [255] if mode == "rgba" else []
            assert row == pytest.approx([*expected[part], *alpha], abs=1), name
    assert got["default"] == got["images"]["rgba upper-left False"]


def test_conformance_20_styles_draw_differently_and_each_renderer_keeps_its_own(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        """
scene = cubes.empty_scene(64, 48)
scene.render.engine = "BLENDER_WORKBENCH"
cubes.colored_cube("cube")
cubes.camera((6, -6, 5), (0, 0, 0))
rendered, solid, wire, grid = (btb.OffScreenRenderer(mode="rgb") for _ in range(4))
solid.set_render_style(shading="SOLID")
wire.set_render_style("WIREFRAME", overlays=False)
grid.set_render_style("SOLID", overlays=True)
every = [rendered, solid, wire, grid]
first = [off.render() for off in every]
again = [off.render() for off in reversed(every)][::-1]
names = ("rendered", "solid", "wire", "grid")
report(
    same=[bool((a == b).all()) for a, b in zip(first, again)],
    different=[bool((first[i] != first[j]).any()) for i in range(4) for j in range(i)],
    styles=[off.space.shading.type for off in every if off.render() is not None],
)
""",
        # Where other scenes were drawn before, one byte of the first picture may differ by one.
        alone=True,
    )
    assert got["same"] == [True] * 4
    assert got["different"] == [True] * 6


def test_material_style_draws_with_eevee(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        """
scene = cubes.empty_scene(48, 32)
scene.render.engine = btb.rendering.eevee()
cubes.colored_cube("cube")
cubes.camera((0, -6, 0), (0, 0, 0))
off = btb.OffScreenRenderer(mode="rgb")
off.set_render_style("MATERIAL")
report(centre=off.render()[16, 24] / 255, front=cubes.FACES["front"][1])
""",
    )
    assert got["centre"] == pytest.approx(got["front"], abs=1.01 / 255)


def test_what_cannot_be_drawn_is_said(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        """
scene = cubes.empty_scene(32, 24)
scene.render.engine = "BLENDER_WORKBENCH"
cam = cubes.camera((6, -6, 5), (0, 0, 0))
off = btb.OffScreenRenderer(cam)
said = []
def attempt(act):
    said.append(error_of(act))
attempt(lambda: btb.OffScreenRenderer(cam, mode="bgr"))
attempt(lambda: btb.OffScreenRenderer(cam, origin="top"))
attempt(lambda: off.set_render_style("PRETTY"))
attempt(lambda: off.set_render_style("MATERIAL"))
scene.render.engine = "CYCLES"
attempt(off.render)
off.set_render_style("SOLID")
attempt(off.render)
cam.shape = (10, 10)
attempt(off.render)
report(said=said)
""",
    )
    mode, origin, style, material, cycles, solid, shape = got["said"]
    assert mode == 'ValueError mode must be "rgba" or "rgb", not \'bgr\''
    assert origin == 'ValueError origin must be "upper-left" or "lower-left", not \'top\''
    assert style.endswith("one of RENDERED, MATERIAL, SOLID, WIREFRAME, not 'PRETTY'")
    assert material.startswith("ValueError Workbench has no style MATERIAL: set")
    assert cycles.startswith("RuntimeError the 3D view of a scene with the engine CYCLES stays")
    assert solid == "nothing"
    assert shape == "ValueError the camera's shape became (10, 10): make a new OffScreenRenderer"


def test_a_script_that_leaves_with_a_renderer_ends_well(
    blender_runtime: Runtime, tmp_path: Path
) -> None:
    """Regression: Blender 3.4.1 ended by SIGSEGV where GPU memory was left after `sys.exit`."""
    code = """
bpy.context.scene.render.engine = "BLENDER_WORKBENCH"
off = btb.OffScreenRenderer(btb.Camera(shape=(8, 8)))
sys.exit(0)
"""
    done = blender_runtime.run_script(tmp_path, code)
    assert done.returncode == 0, done.stderr
