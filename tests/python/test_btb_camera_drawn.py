"""Labels are of what is drawn: each way of hiding something, against the picture itself.

The ways are those of the table in docs/camera.md. What is hidden is moved afterwards: Blender
leaves it where it was as far as the 3D view goes, and a render shows it where it is.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from btb_support import Runtime

SCENE = """
SIZE = 48
scene = cubes.empty_scene(SIZE, SIZE)
scene.cycles.filter_width = 0.01
things = bpy.data.collections.new("things")
scene.collection.children.link(things)
cam = cubes.camera((0, -10, 0), (0, 0, 0))
cam.bpy_camera.data.type, cam.bpy_camera.data.ortho_scale = "ORTHO", 8

def cube(name="thing", collection=things):
    made = cubes.colored_cube(name)
    scene.collection.objects.unlink(made)
    collection.objects.link(made)
    return made

def place():
    '''The layer collection of the things.'''
    return bpy.context.view_layer.layer_collection.children["things"]

def screen(depth=-3):
    '''A wall that stands before everything.'''
    made = cube("screen", scene.collection)
    made.scale, made.location.y = (4, 0.1, 4), depth
    return made

def drawn(engine, camera=cam):
    '''The box around what a renderer draws; None where there is nothing.'''
    if engine == "RENDER":
        return rendered()
    renderer = btb.Renderer(("depth",), camera, engine, samples=1 if engine == "CYCLES" else None)
    found = around(np.isfinite(renderer.render()["depth"]))
    renderer.free()
    return found

def rendered():
    '''The same of Blender's own render, with Workbench.'''
    scene.render.engine, scene.render.film_transparent = "BLENDER_WORKBENCH", True
    scene.display.render_aa = "OFF"
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.filepath = sys.argv[-1]
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(sys.argv[-1])
    pixels = np.empty(SIZE * SIZE * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return around(pixels.reshape(SIZE, SIZE, 4)[::-1, :, 3] > 0)

def around(there):
    rows, columns = np.nonzero(there)
    if len(rows):
        return [int(v) for v in (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)]

def seen(obj):
    return float(cam.visibility(obj, N=9)[0])

def told(obj):
    '''What annotation says of an object; None where a number is none.'''
    boxes, in_view = cam.boxes_2d(obj)
    xy, depth = cam.object_to_pixel(obj, return_depth=True)
    corners = cam.bbox_object_to_pixel(obj)
    solid = cam.boxes_3d(obj)
    def numbers(values):
        return [float(v) if np.isfinite(v) else None for v in np.ravel(values)]
    return dict(
        in_view=bool(in_view[0]), box=numbers(boxes[0]), visibility=seen(obj),
        pixels=numbers([*xy.min(axis=0), *xy.max(axis=0)]), depth=numbers([depth.min()]),
        corners=numbers([*corners.min(axis=0), *corners.max(axis=0)]), center=numbers(solid.center),
        count=[len(xy), len(corners)],
    )
"""

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


BEFORE = (
    SCENE
    + """
from mathutils import Vector
thing, wall = cube(), screen()
area = next(a for a in bpy.context.screen.areas if a.type == "VIEW_3D")

def hidden(engine, code):
    # Whether the wall hides the thing, as it is drawn and as it is told.
    bpy.context.view_layer.update()
    before = {name: getattr(wall, name) for name in FIELDS}
    layer = wall.users_collection[0]
    exec(code)
    wall.location.y -= 0.5  # Where it is now counts.
    cam.drawn_by = engine
    free = seen(thing)
    depth = None
    if engine != "EEVEE":
        samples = 1 if engine == "CYCLES" else None
        renderer = btb.Renderer(("depth", "image"), cam, engine, samples)
        got = renderer.render()
        depth = float(got["depth"][SIZE // 2, SIZE // 2])
        renderer.free()
    for name, value in before.items():
        setattr(wall, name, value)
    wall.hide_set(False)
    wall.location.y = -3
    return free, depth

FIELDS = ("hide_viewport", "hide_render", "is_holdout", "visible_camera", "display_type")
found = {}
for name, code in json.loads(sys.argv[-2]).items():
    found[name] = {engine: hidden(engine, code) for engine in ("WORKBENCH", "CYCLES", "EEVEE")}

# Instances.
wall.hide_viewport = wall.hide_render = True
cam.drawn_by = None
def instance_of(collection, y):
    empty = bpy.data.objects.new("empty", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", collection
    empty.location.y = y
    scene.collection.objects.link(empty)
    return empty
def both():
    values = []
    for engine in ("WORKBENCH", "CYCLES"):
        cam.drawn_by = engine
        values.append(seen(thing))
    return values
empty = instance_of(things, 0)
empty.scale = (2, 2, 2)
instances = {}
for y in (-4, 4):
    empty.location.y = y
    instances[y] = both()
empty.hide_viewport, empty.location.y = True, -4
instances["hidden for the view"] = both()
empty.hide_viewport, empty.scale = False, (0, 0, 0)
instances["without size"] = both()
bpy.data.objects.remove(empty)

# What has its surface only once it is evaluated.
curve = bpy.data.curves.new("text", "FONT")
curve.body, curve.size, curve.align_x, curve.align_y = "O", 9, "CENTER", "CENTER"
text = bpy.data.objects.new("text", curve)
text.rotation_euler.x = np.pi / 2
scene.collection.objects.link(text)
thing.scale = (0.1, 0.1, 0.1)
def text_before(x):
    text.location = (x, -3, 0)
    return both()
texts = dict(hole=text_before(0), ring=text_before(2.5), away=text_before(20))
# Its sides and its back are hidden by itself, which counts as seen.
text.location, curve.size, curve.extrude = (0, 3, 0), 3, 0.5
thing.location.y = 20
texts["itself"] = seen(text)
thing.scale, thing.location.y = (1, 1, 1), 0
bpy.data.objects.remove(text)

# Instances of geometry that no object has: a plate on each of two points.
nodes = bpy.data.node_groups.new("plates", "GeometryNodeTree")
if hasattr(nodes, "interface"):
    for way in ("INPUT", "OUTPUT"):
        nodes.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
else:
    nodes.inputs.new("NodeSocketGeometry", "Geometry")
    nodes.outputs.new("NodeSocketGeometry", "Geometry")
make = nodes.nodes.new
plate, put = make("GeometryNodeMeshCube"), make("GeometryNodeInstanceOnPoints")
plate.inputs["Size"].default_value = (5, 1, 5)
nodes.links.new(make("NodeGroupInput").outputs[0], put.inputs["Points"])
nodes.links.new(plate.outputs[0], put.inputs["Instance"])
nodes.links.new(put.outputs[0], make("NodeGroupOutput").inputs[0])
plates = bpy.data.objects.new("plates", bpy.data.meshes.new("plates"))
plates.data.from_pydata([(0, -4, 0), (20, 0, 0)], [], [])
plates.modifiers.new("plates", "NODES").node_group = nodes
scene.collection.objects.link(plates)
nodes_before = []
for plates.location.y in (0, 8):
    nodes_before += both()
bpy.data.objects.remove(plates)

# Turned, stretched and mirrored: lengths are the world's.
wall.hide_viewport = wall.hide_render = False
cam.drawn_by = "WORKBENCH"
turned = []
for scale, y in (((9, 0.01, -9), -3), ((9, 50, 9), -55), ((9, 50, 9), 53), ((900, 0.01, 900), 3)):
    wall.scale, wall.location.y, wall.rotation_euler.y = scale, y, 0.7
    turned.append(seen(thing))

# A perspective camera that looks along an axis, at a wall without thickness.
lens = cam.bpy_camera.data
lens.type = "PERSP"
flat = bpy.data.objects.new("flat", bpy.data.meshes.new("flat"))
flat.data.from_pydata([(-4, 0, -4), (4, 0, -4), (4, 0, 4), (-4, 0, 4)], [], [(0, 1, 2, 3)])
scene.collection.objects.link(flat)
wall.hide_viewport, flats = True, []
for y in (-2, 2):
    flat.location.y = y
    flats.append(seen(thing))
report(found=found, rewritten=bpy.app.version >= (4, 2), instances=instances, texts=texts,
       nodes=nodes_before, turned=turned, flats=flats)
"""
)

# What is done to a wall before the thing, and by which engines it hides the thing then.
WALLS = {
    "shown": ("pass", "WCEe"),
    "hide_viewport": ("wall.hide_viewport = True", "C"),
    "hide_render": ("wall.hide_render = True", "WEe"),
    "hide_set": ("wall.hide_set(True)", "C"),
    "is_holdout": ("wall.is_holdout = True", "WCEe"),
    "visible_camera": ("wall.visible_camera = False", "We"),
    "display WIRE": ("wall.display_type = 'WIRE'", "CE"),
}


def test_visibility_meets_what_is_drawn_and_tells_instances_apart(
    runtime: Runtime, tmp_path: Path
) -> None:
    ways = json.dumps({name: code for name, (code, _) in WALLS.items()})
    got = runtime.reported(tmp_path, BEFORE, ways, "")
    for name, (_, hidden) in WALLS.items():
        hidden = hidden.replace("E", "") if not got["rewritten"] else hidden.replace("e", "")
        for engine, (seen, depth) in got["found"][name].items():
            assert seen == (engine[0] not in hidden.upper()), (name, engine, got["found"])
            # The picture: 9 is the thing's front, 6.4 the wall's; a hole of Cycles has no depth.
            if depth is not None and (name, engine) != ("is_holdout", "CYCLES"):
                assert depth == pytest.approx(9 if seen else 6.4, abs=0.01), (name, engine)
    assert got["instances"] == {
        "-4": [0, 0],
        "4": [1, 1],
        "hidden for the view": [1, 0],
        "without size": [1, 1],
    }
    assert got["texts"] == {"hole": [1, 1], "ring": [0, 0], "away": [1, 1], "itself": 1}
    assert got["nodes"] == [0, 0, 1, 1]
    assert got["turned"] == [0, 0, 1, 1] and got["flats"] == [0, 1]


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
def failing():
    # An error within a render's evaluation is raised where it was asked.
    try: cam.object_to_pixel(thing, cam.bpy_camera)
    except TypeError as error: return str(error)
error = failing()
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
    assert "has no vertices" in got["error"]
    assert got["ignored"] == [], "nothing of a render outlives it"
