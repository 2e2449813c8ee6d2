"""Visibility: rays meet what the pictures show, where they show it."""

import json
from pathlib import Path

import pytest
from support.drawn import SCENE
from support.runtimes import Runtime

BEFORE = (
    SCENE
    + """
thing, wall = cube(), screen()

def hidden(engine, code):
    # Whether the wall hides the thing, as it is drawn and as it is told.
    bpy.context.view_layer.update()
    before = {name: getattr(wall, name) for name in FIELDS}
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

# Another scene: its objects and its camera.
there = bpy.data.scenes.new("there")
far, before = cube("far", there.collection), screen()
scene.collection.objects.unlink(before)
there.collection.objects.link(before)
eye = cam.bpy_camera.copy()
there.collection.objects.link(eye)
there.camera = eye
elsewhere = []
for there.render.engine in ("BLENDER_WORKBENCH", "CYCLES"):
    way = "CYCLES" if there.render.engine == "CYCLES" else "WORKBENCH"
    for before.hide_render in (False, True):
        found_there = btb.utils.compute_object_visibility(
            far, btb.Camera(eye, (SIZE, SIZE), way), 9, scene=there)
        elsewhere.append(found_there)
report(found=found, rewritten=bpy.app.version >= (4, 2), instances=instances, texts=texts,
       nodes=nodes_before, turned=turned, flats=flats, elsewhere=elsewhere)
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
    assert got["elsewhere"] == [0, 0, 0, 1]
    assert got["turned"] == [0, 0, 1, 1] and got["flats"] == [0, 1]
