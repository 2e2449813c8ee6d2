"""Labels are of what is drawn: each way of hiding something, against the picture itself.

The ways are those of the table in docs/camera.md. What is hidden is moved afterwards: Blender
leaves it where it was as far as the 3D view goes, and a render shows it where it is.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from support.drawn import SCENE
from support.runtimes import Runtime

# What is done to the thing, and who draws it then: W, the 3D view by Workbench; C, Cycles; R,
# Blender's own render by Workbench; E, the 3D view by EEVEE, and e by that before 4.2, which a
# machine without a GPU is not made to draw. Another small letter says that only instances of it are
# drawn, which are not it.
HIDING = {
    "nothing": ("pass", "WCREe"),
    "hide_viewport": ("thing.hide_viewport = True", "CR"),
    "hide_render": ("thing.hide_render = True", "WEe"),
    "both": ("thing.hide_viewport = thing.hide_render = True", ""),
    "hide_set": ("thing.hide_set(True)", "CR"),
    "collection.hide_viewport": ("things.hide_viewport = True", "CR"),
    "collection.hide_render": ("things.hide_render = True", "WEe"),
    "layer.hide_viewport": ("place().hide_viewport = True", "CR"),
    "layer.exclude": ("place().exclude = True", ""),
    "layer.holdout": ("place().holdout = True", "WR"),
    "layer.indirect_only": ("place().indirect_only = True", "WREe"),
    "is_holdout": ("thing.is_holdout = True", "WR"),
    "visible_camera": ("thing.visible_camera = False", "WRe"),
    "display WIRE": ("thing.display_type = 'WIRE'", "CRE"),
    "display BOUNDS": ("thing.display_type = 'BOUNDS'", "CRE"),
    "display SOLID": ("thing.display_type = 'SOLID'", "WCREe"),
    "local view": ("local_view(True)", "CR"),
    "kind not shown": ("space.show_object_viewport_mesh = False", "CR"),
    "in no collection": ("things.objects.unlink(thing)", ""),
    "only instanced": (
        """
aside = bpy.data.collections.new("aside")
things.objects.unlink(thing); aside.objects.link(thing)
empty = bpy.data.objects.new("empty", None)
empty.instance_type, empty.instance_collection = "COLLECTION", aside
scene.collection.objects.link(empty)
""",
        "wcr",
    ),
    "of a scene behind": (
        """
things.objects.unlink(thing)
scene.background_set = bpy.data.scenes.new("behind")
scene.background_set.collection.objects.link(thing)
""",
        "WCREe",
    ),
    "parent of hide_viewport": ("under(hide_viewport=True)", "WCREe"),
    "parent of hide_render": ("under(hide_render=True)", "WCREe"),
    "instancer, not for the view": (
        "thing.instance_type = 'FACES'; thing.show_instancer_for_viewport = False",
        "CR",
    ),
    "instancer, not for renders": (
        "thing.instance_type = 'FACES'; thing.show_instancer_for_render = False",
        "WEe",
    ),
    "particles, not for the view": ("particles(); thing.show_instancer_for_viewport = False", "CR"),
    "particles, not for renders": ("particles(); thing.show_instancer_for_render = False", "WEe"),
    "child of an instancer": ("child()", "WEe"),
    "larger in renders": (
        "thing.modifiers.new('larger', 'SOLIDIFY').show_viewport = False; "
        "thing.modifiers[0].thickness, thing.modifiers[0].offset = 1, 1",
        "WCREe",
    ),
    "smoother in renders": (
        "thing.modifiers.new('s', 'SUBSURF').levels = 0; thing.modifiers[0].render_levels = 3",
        "WCREe",
    ),
    "simplified in the view": (
        "thing.modifiers.new('s', 'SUBSURF').levels = 3; thing.modifiers[0].render_levels = 3; "
        "scene.render.use_simplify = True; scene.render.simplify_subdivision = 0",
        "WCREe",
    ),
    "a text": ("thing = text()", "WCREe"),
}

EACH_WAY = (
    SCENE
    + """
hiding = json.loads(sys.argv[-2])
area = next(a for a in bpy.context.screen.areas if a.type == "VIEW_3D")
space, region = area.spaces.active, next(r for r in area.regions if r.type == "WINDOW")

def local_view(on):
    # Of something else.
    if bool(space.local_view) != on:
        bpy.ops.object.select_all(action="DESELECT")
        other.select_set(True)
        where = dict(window=bpy.context.window_manager.windows[0], area=area, region=region)
        with bpy.context.temp_override(**where):
            bpy.ops.view3d.localview()

def under(**hidden):
    parent = bpy.data.objects.new("parent", None)
    scene.collection.objects.link(parent)
    thing.parent = parent
    for name, value in hidden.items():
        setattr(parent, name, value)
    bpy.context.view_layer.update()
    parent.location.z = 1

def particles():
    with bpy.context.temp_override(object=thing, active_object=thing):
        thing.modifiers.new("particles", "PARTICLE_SYSTEM")
    thing.particle_systems[0].settings.count = 0

def child():
    # The 3D view draws it itself, too; its instance is out of the picture.
    corner = bpy.data.objects.new("corner", bpy.data.meshes.new("corner"))
    corner.data.from_pydata([(0, 0, 30)], [], [])
    scene.collection.objects.link(corner)
    thing.parent, corner.instance_type = corner, "VERTS"

def text():
    curve = bpy.data.curves.new("text", "FONT")
    curve.body, curve.size = "T", 3
    thing.hide_viewport = thing.hide_render = True
    made = bpy.data.objects.new("text", curve)
    made.rotation_euler.x = np.pi / 2
    scene.collection.objects.link(made)
    return made

# The first one may lack its objects where the 3D view was drawn before (4.5.15).
cube("first")
rendered()
bpy.data.objects.remove(bpy.data.objects["first"])
found = {}
for name, code in hiding.items():
    thing = cube()
    other = bpy.data.objects.new("other", bpy.data.meshes.new("other"))
    scene.collection.objects.link(other)
    bpy.context.view_layer.update()
    exec(code)
    bpy.context.view_layer.update()
    thing.location.x += 1.3
    found[name] = {}
    for letter, engine in dict(W="WORKBENCH", C="CYCLES", R="RENDER", E="EEVEE").items():
        cam.drawn_by = engine
        if letter == "R":
            scene.render.engine = "BLENDER_WORKBENCH"
        before = told(thing)
        now = drawn(engine) if letter != "E" else None
        found[name][letter] = dict(told=before, drawn=now, same=told(thing) == before)
    local_view(False)
    space.show_object_viewport_mesh = True
    scene.render.use_simplify = False
    if scene.background_set:
        bpy.data.scenes.remove(scene.background_set)
    for obj in list(bpy.data.objects):
        if obj != cam.bpy_camera:
            bpy.data.objects.remove(obj)
    for field in ("hide_viewport", "hide_render"):
        setattr(things, field, False)
    for field in ("hide_viewport", "exclude", "holdout", "indirect_only"):
        setattr(place(), field, False)
report(found=found, rewritten=bpy.app.version >= (4, 2))
"""
)

_found: dict[str, dict[str, Any]] = {}


def each_way(runtime: Runtime, tmp_path: Path) -> dict[str, Any]:
    """What is drawn and told of all ways; Blender runs once for it."""
    if runtime.name not in _found:
        ways = json.dumps({name: code for name, (code, _) in HIDING.items()})
        picture = str(tmp_path / "picture.png")
        _found[runtime.name] = runtime.reported(tmp_path, EACH_WAY, ways, picture)
    return _found[runtime.name]


@pytest.mark.parametrize("way", HIDING)
def test_labels_of_what_is_hidden_are_of_what_is_drawn(
    runtime: Runtime, tmp_path: Path, way: str
) -> None:
    got = each_way(runtime, tmp_path)
    shown = HIDING[way][1]
    if not got["rewritten"]:
        shown = shown.replace("E", "").replace("e", "E")
    for letter, found in got["found"][way].items():
        told, drawn = found["told"], found["drawn"]
        about = f"{way}, {letter}: {found}"
        assert found["same"], f"{about}: the order of questions mattered"
        if letter != "E":
            assert (drawn is not None) == (letter.lower() in shown.lower()), about
        assert told["in_view"] == (letter in shown), about
        if letter in shown:
            # The picture's pixels are whole ones.
            for one in (told["box"], told["pixels"]) if letter != "E" else ():
                assert one == pytest.approx(drawn, abs=1), about
            assert told["visibility"] == 1 and told["depth"] != [None], about
            assert None not in told["center"] + told["corners"], about
        else:
            numbers = (told[key] for key in ("box", "pixels", "depth", "corners", "center"))
            assert {value for values in numbers for value in values} == {None}, about
            assert told["visibility"] == 0 and told["count"] == [8, 8], about


# A renderer for each picture, of a thing that is new each time.
ANEW = (
    SCENE
    + """
cam.drawn_by, missed = "WORKBENCH", []
for number in range(100):
    thing = cube()
    thing.location.x += 1.3
    bpy.context.view_layer.update()
    told(thing)
    if drawn("WORKBENCH") is None:
        missed.append(number)
    bpy.data.objects.remove(thing)
    for things_of in (bpy.data.meshes, bpy.data.materials):
        for one in list(things_of):
            things_of.remove(one)
report(missed=missed)
"""
)


def test_regression_new_things_were_missing_in_the_first_picture_of_a_renderer(
    runtime: Runtime, tmp_path: Path
) -> None:
    """In up to one of seven runs, in 3.4.1: its list of draw calls took the new thing's batch for
    the one that it had drawn last, whose memory a renderer had given back."""
    assert runtime.reported(tmp_path, ANEW) == {"missed": []}


ASIDE = (
    SCENE
    + """
import gc
from mathutils import Matrix

thing = cube()
thing.hide_viewport = True  # So that only a render's evaluation says where it is.
renderer = btb.Renderer(("depth",), cam, "CYCLES", samples=1)
calls, ignored = [], []
sys.unraisablehook = lambda raised: ignored.append(str(raised.exc_value))
for name in ("render_init", "render_pre", "render_post", "render_complete"):
    getattr(bpy.app.handlers, name).append(lambda *_, name=name: calls.append(name))
# A setting that changes for a render makes Cycles look at everything again.
scene.render.use_persistent_data = PERSISTENT
scene.render.use_compositing = scene.render.use_sequencer = not PERSISTENT
engine, camera, size = scene.render.engine, scene.camera, scene.render.resolution_x
worst, boxes = 0, []
for x in (-2, -1, 0, 1, 2):
    # Its place, and its shape: Cycles hears of the second once.
    thing.location.x = x
    thing.data.transform(Matrix.Translation((0, 0, 0.4)))
    thing.data.update()
    before = told(thing)["box"]
    drawn = around(np.isfinite(renderer.render()["depth"]))
    for box in (before, told(thing)["box"]):
        worst = max(worst, *np.abs(np.subtract(box, drawn)))
    boxes.append(drawn)
asked = len(calls)
told(thing)
# An error within a render's evaluation is raised where it was asked.
error = error_of(lambda: cam.object_to_pixel(thing, cam.bpy_camera))
# A render of Blender's own goes on as ever.
same = (scene.render.engine, scene.camera, scene.render.resolution_x) == (engine, camera, size)
bpy.ops.render.render()
gc.collect()
report(ignored=ignored, worst=worst, boxes=boxes, calls=[asked, len(calls)], same=same, error=error,
       way=[cam.drawn_by, btb.Camera().drawn_by], composites=scene.render.use_compositing)
"""
)


@pytest.mark.parametrize("persistent", [False, True])
def test_labels_of_a_render_leave_renders_as_they_were(
    runtime: Runtime, tmp_path: Path, persistent: bool
) -> None:
    code = ASIDE.replace("PERSISTENT", str(persistent))
    got = runtime.reported(tmp_path, code, "", "")
    assert got["worst"] <= 1, got
    assert len({tuple(box) for box in got["boxes"]}) == 5, "Cycles saw each place"
    # Only renders are told to handlers: five, then one.
    assert got["calls"] == [20, 24]
    assert got["same"] and got["composites"] != persistent and got["way"] == ["CYCLES", "CYCLES"]
    assert got["error"].startswith("TypeError ") and "has no vertices" in got["error"]
    assert got["ignored"] == [], "nothing of a render outlives it"
