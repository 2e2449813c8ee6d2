"""Depth and normals against scenes whose geometry is known: a sphere, a tilted plane."""

from pathlib import Path
from typing import Any

import pytest
from support.runtimes import Runtime

# A scene, and what a camera must see of it, by the camera's matrices.
SCENE = """
from mathutils import Euler

def build(kind, lens, shape=(120, 160)):
    scene = cubes.empty_scene(shape[1], shape[0])
    if kind == "sphere":
        bpy.ops.mesh.primitive_uv_sphere_add(
            segments=256, ring_count=128, radius=1.2, location=(0.5, 0.3, 0.4))
        bpy.ops.object.shade_smooth()
    else:
        bpy.ops.mesh.primitive_plane_add(size=60)
        bpy.context.active_object.rotation_euler = (0.4, -0.3, 0)
    obj = bpy.context.active_object
    obj.data.materials.append(cubes.plain_material("plain", (0.5, 0.25, 0.1)))
    cubes.set_background((0.0, 0.0, 0.0))
    cam = cubes.camera((1, -4, 5), (0.2, 0, 0.2))
    data = cam.bpy_camera.data
    data.clip_start, data.clip_end = 0.5, 60
    if lens == "ortho":
        data.type, data.ortho_scale = "ORTHO", 5
    else:
        data.lens, data.shift_x, data.shift_y = 24, 0.07, -0.05
    # Rays through the centres of pixels only.
    scene.cycles.filter_width = 0.01
    return btb.Camera(), obj

def expected(cam, obj, kind):
    (h, w), p, v = cam.shape, np.array(cam.proj_matrix), np.array(cam.view_matrix)
    bpy.context.view_layer.update()
    model = v @ np.array(obj.matrix_world)
    x, y = np.meshgrid((np.arange(w) + .5) / w * 2 - 1, 1 - (np.arange(h) + .5) / h * 2)
    one, zero = np.ones_like(x), np.zeros_like(x)
    if p[3, 3] == 0:
        start = np.stack([zero, zero, zero], -1)
        ray = np.stack([(x + p[0, 2]) / p[0, 0], (y + p[1, 2]) / p[1, 1], -one], -1)
    else:
        start = np.stack([(x - p[0, 3]) / p[0, 0], (y - p[1, 3]) / p[1, 1], zero], -1)
        ray = np.stack([zero, zero, -one], -1)
    if kind == "sphere":
        a, o = (ray ** 2).sum(-1), start - model[:3, 3]
        b, c = (ray * o).sum(-1), (o ** 2).sum(-1) - 1.2 ** 2
        under = b * b - a * c
        depth = np.where(under > 0, (-b - np.sqrt(np.maximum(under, 0))) / a, np.inf)
        at = start + ray * np.where(np.isfinite(depth), depth, 0)[..., None]
        normal = (at - model[:3, 3]) / 1.2
        towards = -(normal * ray).sum(-1) / np.linalg.norm(ray, axis=-1)
    else:
        n = model[:3, 2] / np.linalg.norm(model[:3, 2])
        depth = ((model[:3, 3] - start) @ n) / (ray @ n)
        normal = np.broadcast_to(n, ray.shape)
        towards = np.abs(ray @ n) / np.linalg.norm(ray, axis=-1)
    return depth, normal * [1, -1, -1], towards

def compared(got, cam, obj, kind):
    depth, normal, towards = expected(cam, obj, kind)
    both = np.isfinite(depth) & np.isfinite(got["depth"])
    # At the outline a pixel may fall to either side, and a polygon is no sphere.
    inner = both & (towards > 0.2)
    angle = np.degrees(np.arccos(np.clip((got["normal"] * normal).sum(-1)[inner], -1, 1)))
    away = ~np.isfinite(got["depth"])
    return dict(
        surface=inner.sum(), other=int((np.isfinite(depth) != np.isfinite(got["depth"])).sum()),
        depth=np.abs(got["depth"] - depth)[inner].max() / depth[inner].max(),
        far=float(depth[inner].max()),
        angle=[np.median(angle), angle.max()],
        length=np.abs(np.linalg.norm(got["normal"][both], axis=-1) - 1).max(),
        nowhere=np.abs(got["normal"][away]).max() if away.any() else 0.0,
        color=np.abs(got["image"][inner] / 255 - (0.5, 0.25, 0.1)).max(),
        shapes=[got["image"].shape, got["depth"].shape, got["normal"].shape],
        dtypes=[str(value.dtype) for value in got.values()], keys=list(got),
    )
"""

RENDER = """
results = {}
for kind in ("sphere", "plane"):
    for lens in LENSES:
        cam, obj = build(kind, lens)
        renderer = btb.Renderer(camera=cam, engine=ENGINE, samples=SAMPLES)
        results[f"{kind} {lens}"] = compared(renderer.render(), cam, obj, kind)
        renderer.free()
report(**results)
"""


def as_in_the_formulas(
    runtime: Runtime, tmp_path: Path, engine: str, lenses: tuple[str, ...]
) -> None:
    samples = None if engine == "WORKBENCH" else 1
    settings = f"ENGINE, SAMPLES, LENSES = {engine!r}, {samples!r}, {lenses!r}\n"
    results = runtime.reported(tmp_path, SCENE + settings + RENDER)
    assert len(results) == 2 * len(lenses)
    for name, got in results.items():
        check(name, got, exact=engine == "CYCLES")


def check(name: str, got: dict[str, Any], exact: bool) -> None:
    said = f"{name}: {got}"
    assert got["keys"] == ["image", "depth", "normal"], said
    assert got["dtypes"] == ["uint8", "float32", "float32"], said
    assert got["shapes"] == [[120, 160, 3], [120, 160], [120, 160, 3]], said
    assert got["surface"] > 1000, said
    # Of 19,200 pixels.
    assert got["other"] <= (12 if name.startswith("sphere") else 0), said
    # The sphere has facets: 0.3 mm of its radius.
    assert got["depth"] < 5e-4, said
    median, largest = got["angle"]
    assert median < (0.05 if exact else 0.25), said
    assert largest < (0.5 if exact else 1.5), said
    assert got["length"] < 1e-5 and got["nowhere"] == 0, said
    assert got["color"] <= 1.01 / 255, said


@pytest.mark.parametrize("engine", ["WORKBENCH", "CYCLES"])
def test_depth_and_normals_are_those_of_the_geometry(
    runtime: Runtime, tmp_path: Path, engine: str
) -> None:
    as_in_the_formulas(runtime, tmp_path, engine, ("persp", "ortho"))


def test_depth_and_normals_beside_an_image_of_eevee(runtime: Runtime, tmp_path: Path) -> None:
    as_in_the_formulas(runtime, tmp_path, "EEVEE", ("persp",))


def test_image_and_depth_of_workbench_are_one_drawing(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
cam, obj = build("sphere", "persp")
cubes.set_background((0.2, 0.2, 0.2))
both = btb.Renderer(("image", "depth"), cam, "WORKBENCH")
apart = btb.Renderer(("image", "depth", "normal"), cam, "WORKBENCH")
first, second = both.render(), apart.render()
report(drawings=both._surfaces is None, surface=int(np.isfinite(first["depth"]).sum()),
       image=bool((first["image"] == second["image"]).all()),
       depth=bool((first["depth"] == second["depth"]).all()))
""",
    )
    assert got["drawings"] and got["surface"] > 1000
    assert got["image"] and got["depth"]


def test_a_scene_and_a_camera_changed_since_are_rendered_as_they_are(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
moved, kept = {}, {}
for engine in ("WORKBENCH", "CYCLES"):
    cam, obj = build("plane", "ortho", (48, 64))
    obj.rotation_euler = (0, 0, 0)
    renderer = btb.Renderer(("depth", "normal"), cam, engine, None if engine == "WORKBENCH" else 1)
    first = renderer.render()
    held = first["depth"].copy()
    obj.location.z = 1
    second = renderer.render()
    cam.bpy_camera.location = (0, 0, 9)
    cam.bpy_camera.rotation_euler = (0, 0, 0)
    third = renderer.render()
    moved[engine] = [float(np.ptp(r["depth"])) for r in (first, second, third)]
    moved[engine].append(float(third["depth"].mean()))
    moved[engine].append(third["normal"].mean(axis=(0, 1)))
    moved[engine].append(float((first["depth"] - second["depth"]).min()))
    kept[engine] = bool((first["depth"] == held).all()) and list(first) == ["depth", "normal"]
report(moved=moved, kept=kept)
""",
    )
    assert got["kept"] == {"WORKBENCH": True, "CYCLES": True}
    for first, _, third, depth, normal, nearer in got["moved"].values():
        assert first > 1, "the camera looks at the plane from aside"
        assert third < 1e-3, "and then straight down, from 8 above it"
        assert depth == pytest.approx(8, abs=1e-3)
        assert normal == pytest.approx([0, 0, -1], abs=5e-3)
        assert nearer > 0.5


def test_what_cannot_be_is_said(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
cam, obj = build("plane", "persp", (24, 32))
said = []
def attempt(*args, **kwargs):
    said.append(error_of(lambda: btb.Renderer(*args, **kwargs)))
attempt(("image", "flow"))
attempt(())
attempt(engine="LUXCORE")
attempt(("image", "linear"), engine="WORKBENCH")
attempt(engine="WORKBENCH", samples=4)
attempt(mode="bgr")
# Cycles, with what it keeps between frames.
bpy.context.scene.render.use_persistent_data = True
few = btb.Renderer("image", engine="CYCLES", samples=1)
few.render()
attempt("depth")
attempt("image", samples=2)
attempt("image", samples=1)
report(said=said)
""",
    )
    pass_, none, engine, lacks, samples, mode, depth, more, same = got["said"]
    assert pass_.startswith("ValueError passes must be some of image, linear, depth, normal, flow_")
    assert pass_.endswith(", not ['flow']")
    assert none.startswith("ValueError passes must be some of")
    assert (
        engine == "ValueError engine must be CYCLES, EEVEE, WORKBENCH, PLOT or None, not 'LUXCORE'"
    )
    has = "image, depth, normal, instance, category, material, points"
    assert lacks == f"ValueError WORKBENCH has no pass linear; it has {has}"
    assert samples == "ValueError WORKBENCH takes no samples"
    assert mode.startswith('ValueError mode must be "rgb" or "rgba"')
    assert depth.startswith("RuntimeError use_pass_z cannot change after the first frame")
    assert more.startswith("RuntimeError samples cannot change after the first frame")
    assert same == "nothing"


def test_cycles_linear_image_and_the_users_settings(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
cam, obj = build("plane", "persp", (24, 32))
scene = bpy.context.scene
obj.data.materials[0] = cubes.plain_material("bright", (3.0, 0.5, 0.002))
other = bpy.data.objects.new("other", bpy.data.cameras.new("other"))
scene.camera = other
scene.render.resolution_x, scene.render.resolution_percentage = 500, 50
scene.use_nodes = True
renderer = btb.Renderer(("image", "linear"), cam, "CYCLES", samples=1, mode="rgba", srgb=True)
got = renderer.render()
report(linear=got["linear"].mean(axis=(0, 1)), image=got["image"].mean(axis=(0, 1)),
       dtype=str(got["linear"].dtype), shapes=[got["linear"].shape, got["image"].shape],
       camera=scene.camera.name, size=[scene.render.resolution_x,
       scene.render.resolution_percentage], compositing=scene.render.use_compositing)
""",
    )
    assert got["linear"] == pytest.approx([3.0, 0.5, 0.002, 1.0], rel=1e-3)
    assert got["image"] == pytest.approx([255, 188, 7, 255], abs=1)
    assert got["dtype"] == "float32" and got["shapes"] == [[24, 32, 4], [24, 32, 4]]
    assert got["camera"] == "other" and got["size"] == [500, 50] and got["compositing"]


def test_the_3d_view_is_left_as_it_was(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
cam, obj = build("plane", "persp", (24, 32))
_, space, _ = btb.utils.find_first_view3d()
shading = space.shading
shading.type = "SOLID"
shading.light, shading.color_type, shading.show_cavity = "STUDIO", "MATERIAL", True
names = ("type", "light", "studio_light", "color_type", "single_color", "background_type",
         "background_color", "show_cavity", "show_xray", "show_shadows")
def all_of(): return [str(getattr(shading, name)) for name in names]
bpy.ops.object.text_add()  # Of what is no mesh Blender draws the normals.
renderer = btb.Renderer(("depth", "normal"), cam, "WORKBENCH")
before = all_of()
renderer.render()
after = all_of()
# The matcap's file is gone, and it is still there for the next renderer.
btb.Renderer(("normal",), cam, "WORKBENCH").render()
from pathlib import Path
lights = [one for one in bpy.context.preferences.studio_lights if "blendtorch" in one.name]
report(before=before, after=after, files=[Path(light.path).exists() for light in lights],
       images=[image.name for image in bpy.data.images])
""",
    )
    assert got["before"] == got["after"] and got["before"][1] == "STUDIO"
    assert got["files"] == [False], "one matcap, whose file is gone"
    assert "blendtorch normals" not in got["images"]
