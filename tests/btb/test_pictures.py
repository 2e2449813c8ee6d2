"""A picture is of its camera at the current frame, whole, whatever else the scene says."""

from pathlib import Path

from support.runtimes import Runtime

# A cube below a camera; another camera above both, which sees the cube smaller.
SCENE = """
scene = cubes.empty_scene(32, 24)
render = scene.render
cube = cubes.colored_cube("cube")
cubes.set_background((0.2, 0.2, 0.2))

def camera_above(name, height):
    obj = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    scene.collection.objects.link(obj)
    obj.location = (0, 0, height)
    return obj

cam = cubes.camera((0, 0, 8), (0, 0, 0))
other, third = camera_above("other", 14), camera_above("third", 20)

def renderer(engine, passes=("image", "depth"), camera=cam, samples=1, **options):
    samples = samples if engine == "CYCLES" else None
    return btb.Renderer(passes, camera, engine, samples, **options)
"""


def test_nothing_but_its_camera_chooses_what_a_picture_shows(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
_, space, _ = btb.utils.find_first_view3d()
layer = bpy.context.view_layer
empty = scene.view_layers.new("empty")
for child in empty.layer_collection.children: child.exclude = True
empty.layer_collection.exclude = True

def markers():
    for frame, bound in ((-3, third), (1, other), (9, third)):
        scene.timeline_markers.new(bound.name, frame=frame).camera = bound
    scene.frame_set(1)
def no_markers():
    scene.timeline_markers.clear()
    scene.camera = cam.bpy_camera
def settings(owner, **values):
    before = {name: getattr(owner, name) for name in values}
    return (lambda: [setattr(owner, *pair) for pair in values.items()],
            lambda: [setattr(owner, *pair) for pair in before.items()])

disturbances = {
    "markers": (markers, no_markers),
    "the scene's camera": settings(scene, camera=other),
    "stereo": settings(render, use_multiview=True, views_format="STEREO_3D"),
    "layer not used": settings(layer, use=False),
    "one layer": settings(render, use_single_layer=True),
    "border": settings(render, use_border=True, border_max_x=0.4, use_crop_to_border=True),
    "size": settings(render, resolution_x=100, resolution_percentage=50),
    "pixels of previews": settings(render, preview_pixel_size="8"),
    "tiles": settings(scene.cycles, use_auto_tile=True, tile_size=8),
    "view through a camera": settings(space.region_3d, view_perspective="CAMERA"),
    "border of the view": settings(space, use_render_border=True, render_border_max_x=0.4),
}
different, changed = [], []
for engine in ("WORKBENCH", "CYCLES"):
    one = renderer(engine)
    plain = one.render()
    for name, (disturb, undo) in disturbances.items():
        disturb()
        state = lambda: [m.camera.name for m in scene.timeline_markers] + [
            scene.camera.name, layer.use, empty.use, render.use_multiview, render.use_border,
            render.resolution_x, space.region_3d.view_perspective, space.use_render_border]
        before = state()
        picture = one.render()
        if state() != before: changed.append([engine, name, before, state()])
        if any((picture[key] != plain[key]).any() for key in plain):
            different.append([engine, name, float(picture["depth"].min())])
        undo()
report(different=different, changed=changed, depth=float(plain["depth"].min()),
       surface=int(np.isfinite(plain["depth"]).sum()), tried=len(disturbances))
""",
    )
    assert got["tried"] == 11 and got["depth"] == 7.0 and got["surface"] > 20
    assert got["different"] == []
    assert got["changed"] == [], "the user's settings are as they were"


def test_a_picture_is_of_the_current_frame(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
for frame, z in ((1, 0), (41, 4)):
    cube.location.z = z
    cube.keyframe_insert("location", frame=frame)
action = cube.animation_data.action
bag = getattr(action, "layers", None) and action.layers[0].strips[0].channelbag(action.slots[0])
for curve in (bag or action).fcurves:
    for key in curve.keyframe_points: key.interpolation = "LINEAR"

depths = {}
def look(name):
    for engine in ("WORKBENCH", "CYCLES"):
        depths[f"{name} {engine}"] = float(renderer(engine).render()["depth"][12, 16])
scene.frame_set(11)
look("frame")
scene.frame_set(11, subframe=0.5)
look("between")
scene.frame_step = 7
scene.frame_set(11)
look("step")
render.frame_map_old, render.frame_map_new = 100, 50
scene.frame_set(11)
look("remapped")
render.frame_map_new = 100

# The shutter is open around the frame: where it is said to open makes no difference.
scene.frame_set(11)
render.use_motion_blur, render.motion_blur_shutter = True, 6
place = next(p for p in (render, scene.cycles) if hasattr(p, "motion_blur_position"))
blurred = {}
for position in ("START", "CENTER", "END"):
    place.motion_blur_position = position
    blurred[position] = renderer("CYCLES", "image", samples=8).render()["image"]
now = renderer("CYCLES", "image", samples=8)
late = error_of(lambda: renderer("CYCLES", ("image", "depth")))
render.use_motion_blur = False
sharp = now.render()["image"]
either = renderer("CYCLES", ("normal",))
render.use_motion_blur = True
report(depths=depths, position=place.motion_blur_position, frame=scene.frame_current,
       same=[bool((blurred[p] == blurred["CENTER"]).all()) for p in ("START", "END")],
       blurred=bool((blurred["CENTER"] != sharp).any()),
       said=[late, error_of(either.render), error_of(renderer("WORKBENCH").render)])
""",
    )
    at = {"frame": 1.0, "between": 1.05, "step": 1.0, "remapped": 2.1}
    for name, z in at.items():
        for engine in ("WORKBENCH", "CYCLES"):
            assert abs(got["depths"][f"{name} {engine}"] - (7 - z)) < 1e-3, (name, engine)
    assert got["same"] == [True, True] and got["blurred"]
    assert got["position"] == "END" and got["frame"] == 11
    late, later, drawn = got["said"]
    assert late.startswith(
        "RuntimeError with motion blur Cycles' depth, normals, flow, places and ids"
    )
    assert "scene.render.use_motion_blur" in later
    assert drawn == "nothing", "the 3D view has no motion blur"


def test_a_renderer_stays_what_it_was_made_for(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
# Light that is noisy, so that pictures tell how many samples they have.
cube.data.materials[5] = bpy.data.materials.new("grey")
drawn, traced = renderer("WORKBENCH"), renderer("CYCLES")
few, many = renderer("CYCLES", "image", samples=1), renderer("CYCLES", "image", samples=64)
alone = [r.render() for r in (drawn, traced, few, many)]
again = [r.render() for r in (many, few, traced, drawn)][::-1]
same = [all((a[k] == b[k]).all() for k in a) for a, b in zip(alone, again)]

# The view layer's own samples, and engines and scenes that a script changes since.
layer = bpy.context.view_layer
layer.samples = 64
render.engine = "BLENDER_WORKBENCH"
samples = bool((few.render()["image"] == alone[2]["image"]).all())
second = bpy.data.scenes.new("second")
second.collection.objects.link(cube)
second.collection.objects.link(cam.bpy_camera)
second.camera = cam.bpy_camera
cube.scale.z = 2
bpy.context.window.scene = second
moved = [float(r.render()["depth"].min()) for r in (drawn, traced)]
small = btb.Camera(cam.bpy_camera, shape=(3, 20))
report(same=same, samples=samples, moved=moved,
       differ=bool((alone[2]["image"] != alone[3]["image"]).any()),
       size=error_of(renderer("CYCLES", camera=small).render))
""",
    )
    assert got["differ"], "else the number of samples is not seen"
    assert got["same"] == [True] * 4
    assert got["samples"]
    assert all(abs(depth - 6) < 1e-3 for depth in got["moved"])
    assert got["size"].startswith(
        "ValueError the camera's shape is (3, 20): Blender renders images"
    )


def test_panoramic_cameras_have_an_image_by_cycles_and_nothing_else(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
before = {engine: renderer(engine) for engine in ("WORKBENCH", "CYCLES")}
off = btb.OffScreenRenderer(cam)
data = cam.bpy_camera.data
flat = renderer("CYCLES", "image").render()["image"]
data.type = "PANO"
place = data if hasattr(data, "panorama_type") else data.cycles
place.panorama_type = "EQUIRECTANGULAR"
round_ = renderer("CYCLES", ("image", "linear")).render()["image"]
report(image=[flat[0, 0], round_[0, 0], int((round_ != flat).sum())],
       traced=[error_of(lambda: renderer("CYCLES", passes)) for passes in (("depth",), "normal")],
       drawn=[error_of(act) for act in (
           lambda: renderer("WORKBENCH"), lambda: renderer("WORKBENCH", "normal"),
           lambda: btb.OffScreenRenderer(cam), off.render, before["WORKBENCH"].render)],
       since=error_of(before["CYCLES"].render))
""",
    )
    flat, seen, different = got["image"]
    assert flat == seen == [51, 51, 51] and different > 0
    depth, normal = got["traced"]
    assert depth.startswith("ValueError camera 'camera' is of type PANO: it has no depth")
    assert normal.startswith("ValueError camera 'camera' is of type PANO: it has no normal")
    assert got["since"] == depth
    assert len(set(got["drawn"])) == 1
    assert got["drawn"][0].startswith(
        "ValueError camera 'camera' is of type PANO: the 3D view draws only what PERSP and ORTHO"
    )


def test_the_background_of_a_transparent_film_is_nothing(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
cube.location = (0.8, 0.5, 0)  # Above and to the right.
colors = {}
def look(name, off):
    image = off.render()
    image = image["image"] if isinstance(image, dict) else image
    corner, inside = image[0, 0], image[8, 20]
    if getattr(off, "flip", True) is False: inside = image[15, 20]
    colors[name] = [corner, inside]
solid = btb.OffScreenRenderer(cam)
kept = btb.OffScreenRenderer(cam, origin="lower-left")
for engine in ("WORKBENCH", "CYCLES"):
    one = renderer(engine, "image", mode="rgba")
    render.film_transparent = False
    look(f"{engine} opaque", one)
    render.film_transparent = True
    look(f"{engine} transparent", one)
    look(f"{engine} srgb", renderer(engine, "image", mode="rgba", srgb=True))
    look(f"{engine} rgb", renderer(engine, "image"))
render.engine = "BLENDER_WORKBENCH"
look("offscreen", btb.OffScreenRenderer(cam))
look("lower-left", kept)
solid.set_render_style("SOLID")
look("solid", solid)
render.film_transparent = False
look("lower-left opaque", kept)
report(**colors)
""",
    )
    top = [13, 26, 230]
    srgb = [63, 89, 244]
    for engine in ("WORKBENCH", "CYCLES"):
        for name, background, inside in (
            ("opaque", [51, 51, 51, 255], [*top, 255]),
            ("transparent", [0, 0, 0, 0], [*top, 255]),
            ("srgb", [0, 0, 0, 0], [*srgb, 255]),
            ("rgb", [0, 0, 0], top),
        ):
            said = f"{engine} {name}: {got[f'{engine} {name}']}"
            assert got[f"{engine} {name}"][0] == background, said
            assert all(
                abs(a - b) <= 1 for a, b in zip(got[f"{engine} {name}"][1], inside, strict=True)
            ), said
    for name in ("offscreen", "lower-left"):
        assert got[name][0] == [0, 0, 0, 0] and got[name][1][3] == 255, name
        assert got[name][1] == got["WORKBENCH transparent"][1], name
    assert got["solid"][0] == [0, 0, 0, 0] and got["solid"][1][3] == 255
    assert got["lower-left opaque"][0] == [51, 51, 51, 255]
