"""Ids of captures: by name, whatever else there is, and the user's scene as it was."""

from pathlib import Path
from typing import Any

import pytest
from support.captures import SCENE
from support.runtimes import Runtime

ROW = (
    SCENE
    + """
def cube(name, x, collection=None, size=1, material=None):
    bpy.ops.mesh.primitive_cube_add(size=size, location=(x, 0, 0))
    obj = bpy.context.active_object
    obj.name = name
    if material:
        there = bpy.data.materials.get(material)
        obj.data.materials.append(there or bpy.data.materials.new(material))
    if collection:
        for one in list(obj.users_collection): one.objects.unlink(obj)
        collection.objects.link(obj)
    return obj

def seen(frame, source="instance"):
    '''How many pixels each id has.'''
    values, counts = np.unique(frame.arrays[source], return_counts=True)
    return dict(zip(map(str, values.tolist()), counts.tolist()))

def names_of(things): return [one.name for one in things.objects]
"""
)


@pytest.mark.parametrize("engine", ["CYCLES", "BLENDER_WORKBENCH"])
def test_ids_are_those_of_the_table_by_name(runtime: Runtime, tmp_path: Path, engine: str) -> None:
    """Names that get theirs later, and objects that are added, change no others."""
    got = runtime.reported(
        tmp_path,
        ROW
        + f"""
scene = scene_of(engine={engine!r})
a, b = cube("a", -2, material="red"), cube("b", 0, material="blue")
b["category_id"] = 4
a.pass_index, b.pass_index = 77, 3
bpy.data.materials["red"].pass_index = 12
a.color = (.5, .25, .125, 1)
cubes.camera((0, -8, 1), (0, 0, 0))
capture = Capture({{"segmentations": {{}}, "materials": {{}}}})
things = capture.things()
first = capture.render()
capture.give(dict(instances={{"a": [70000, 9], "b": [5, 4]}},
                  materials={{"red": 40000, "blue": 8}}))
known = capture.render()
before = seen(known), seen(known, "category"), seen(known, "material")
kept = known.arrays["instance"].copy()
c = cube("0 new", 2, material="blue")
added = capture.render()
capture.give(dict(instances={{"0 new": [6, 0]}}, materials={{}}))
later = capture.render()
capture.release()
report(things=things.plain(), first=first.unknown.plain(), known=bool(known.unknown),
       before=before, added=added.unknown.plain(), after=seen(later),
       same=bool((later.arrays["instance"][kept > 0] == kept[kept > 0]).all()),
       dtypes=[str(array.dtype) for array in later.arrays.values()],
       index=[a.pass_index, b.pass_index, c.pass_index, bpy.data.materials["red"].pass_index],
       color=list(a.color))
""",
    )
    names = [one["name"] for one in got["things"]["objects"]]
    assert names == ["a", "b"] and got["things"]["materials"] == ["blue", "red"], got
    assert [one["category_id"] for one in got["things"]["objects"]] == [None, 4], got
    assert got["first"]["objects"] == got["things"]["objects"], got
    assert got["first"]["materials"] == ["blue", "red"] and not got["known"], got
    ids, categories, materials = got["before"]
    assert sorted(ids) == ["0", "5", "70000"] and min(ids.values()) > 30, got
    assert sorted(categories) == ["0", "4", "9"] and categories["4"] == ids["5"], got
    assert sorted(materials) == ["0", "40000", "8"] and materials["8"] == ids["5"], got
    assert [one["name"] for one in got["added"]["objects"]] == ["0 new"], got
    assert sorted(got["after"]) == ["0", "5", "6", "70000"] and got["same"], got
    assert set(got["dtypes"]) == {"uint32"}, got
    assert got["index"][:2] == [77, 3] and got["index"][3] == 12, got
    assert got["color"] == [0.5, 0.25, 0.125, 1], got


INSTANCES = """
scene = scene_of(engine=ENGINE)
parts = bpy.data.collections.new("parts")
cube("big", 0, parts)["category_id"] = 3
cube("small", 1.2, parts, .6)
cube("alone", 3)
for name, x, z in (("E1", -3, 0), ("E2", 0, 0), ("E3", 0.3, .55)):
    empty = bpy.data.objects.new(name, None)
    empty.instance_type, empty.instance_collection = "COLLECTION", parts
    empty.location = (x, 0, z)
    scene.collection.objects.link(empty)
bpy.ops.mesh.primitive_plane_add(size=4, location=(0, 4, -1))
bpy.context.active_object.name = "meadow"
blade = cube("blade", 50, size=.5)
bpy.data.objects["meadow"].modifiers.new("grass", "PARTICLE_SYSTEM")
grass = bpy.data.objects["meadow"].particle_systems[0].settings
grass.type, grass.count, grass.use_advanced_hair = "HAIR", 4, True
grass.render_type, grass.instance_object = "OBJECT", blade
grass.particle_size = grass.hair_length = 1
bpy.ops.object.text_add(location=(-1, -3, 0))
bpy.context.active_object.name, bpy.context.active_object.data.body = "text", "Hey"
cubes.camera((0, -12, 6), (0, 0, 0))
capture = Capture({"segmentations": {}, "depths": {}})
names = names_of(capture.things())
capture.give(dict(instances={name: [n, 0] for n, name in enumerate(names, 1)}, materials={}))
frame = capture.render()
capture.release()
counts = {names[int(key) - 1]: value for key, value in seen(frame).items() if key != "0"}
sky = frame.arrays["depth"] > 1e9
report(names=names, counts=counts, unknown=frame.unknown.plain(),
       sky=int(((frame.arrays["instance"] == 0) != sky).sum()))
"""

COUNTS = {"alone": 70, "E1/big": 70, "E1/small": 24}


@pytest.mark.parametrize("engine", ["CYCLES", "BLENDER_WORKBENCH"])
def test_instances_have_ids_of_their_own(runtime: Runtime, tmp_path: Path, engine: str) -> None:
    """Those of collections and of particles, and of boxes that overlap. A text, which is drawn as
    an instance of itself, is itself."""
    got = runtime.reported(tmp_path, ROW + f"ENGINE = {engine!r}\n" + INSTANCES)
    blades = [f"meadow/blade#{n}" for n in (1, 2, 3, 4)]
    sets = [f"E{n}/{part}" for n in (1, 2, 3) for part in ("big", "small")]
    assert got["names"] == sorted(["alone", "blade", "meadow", "text", *blades, *sets]), got
    # All but the blade itself, which is out of the picture.
    assert sorted(got["counts"]) == sorted(set(got["names"]) - {"blade"}), got
    assert got["unknown"] == {"objects": [], "materials": []} and got["sky"] == 0, got
    for name, count in COUNTS.items():
        assert got["counts"][name] == pytest.approx(count, abs=2), got


@pytest.mark.parametrize("engine", ["CYCLES", "BLENDER_WORKBENCH"])
def test_instances_whose_boxes_overlap_are_told_apart(
    runtime: Runtime, tmp_path: Path, engine: str
) -> None:
    """As objects of their own would be."""
    got = runtime.reported(
        tmp_path,
        ROW
        + f"""
from mathutils import Euler, Matrix
scene = scene_of(engine={engine!r})
bpy.ops.mesh.primitive_torus_add(major_radius=1.5, minor_radius=.3)
ring, rings = bpy.context.active_object, bpy.data.collections.new("rings")
for one in list(ring.users_collection): one.objects.unlink(ring)
rings.objects.link(ring)
cubes.camera((0, -12, 6), (0, 0, 0))
seen_as = []
for instances in (True, False):
    made = []
    for a, b, x in ((0, 0, 0), (1.2, 0, .7), (.4, .8, -.6), (1.5, .2, -1.2)):
        one = bpy.data.objects.new("abcd"[len(made)], None if instances else ring.data)
        if instances:
            one.instance_type, one.instance_collection = "COLLECTION", rings
        one.matrix_world = Euler((a, b, 0)).to_matrix().to_4x4() @ Matrix.Translation((x, 0, 0))
        scene.collection.objects.link(one)
        made.append(one)
    seen_as.append(captured(["segmentations"]).arrays["instance"].copy())
    for one in made: bpy.data.objects.remove(one)
report(ids=np.unique(seen_as[0]), differ=int((seen_as[0] != seen_as[1]).sum()))
""",
    )
    assert got == {"ids": [0, 1, 2, 3, 4], "differ": 0}, got


def check_cryptomatte(got: dict[str, Any]) -> None:
    assert got["exact"] == got["crypto"] and sorted(got["exact"]) == ["0", "1", "2"], got
    assert len(got["warnings"]) == 1 and "Cryptomatte" in got["warnings"][0], got
    assert got["index"] == [5, 0], got
    assert got["manifest"]["a"] == got["hash"], got


def test_a_shader_that_uses_pass_indices_keeps_them(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        ROW
        + """
scene = scene_of()
a, b = cube("a", -2, material="red"), cube("b", 1)
a.pass_index = 5
cubes.camera((0, -8, 1), (0, 0, 0))
exact = captured(["segmentations"])
tree = bpy.data.materials["red"]
tree.use_nodes = True
tree = tree.node_tree
info = tree.nodes.new("ShaderNodeObjectInfo")
tree.links.new(info.outputs["Object Index"], tree.nodes["Principled BSDF"].inputs["Roughness"])
capture = Capture({"segmentations": {}, "cryptomatte": {}})
capture.give(dict(instances={"a": [1, 0], "b": [2, 0]}, materials={}))
frame = capture.render()
during = a.pass_index, b.pass_index
capture.release()
bits = frame.arrays["CryptoObject00"][..., 0].view(np.uint32)
hashes = bits[frame.arrays["instance"] == 1]
report(exact=seen(exact), crypto=seen(frame), warnings=capture.warnings, index=during,
       manifest=frame.about["manifest"]["CryptoObject"], hash=f"{hashes[0]:08x}")
""",
    )
    check_cryptomatte(got)


def test_an_animated_pass_index_is_the_users_in_whichever_slot(
    runtime: Runtime, tmp_path: Path
) -> None:
    """Blender's list of an action's curves has the first slot's alone, where there are slots."""
    got = runtime.reported(
        tmp_path,
        ROW
        + """
from blendtorch.btb.passes import marks
a, b = cube("a", -2), cube("b", 2)
before = marks.used_by()
a.keyframe_insert("location", frame=1)
b.animation_data_create().action = action = a.animation_data.action
moved = marks.used_by()
b.keyframe_insert("pass_index", frame=1)
report(before=before, moved=moved, used=marks.used_by(), name=action.name,
       slots=len(getattr(action, "slots", "1")))
""",
    )
    assert got["before"] is None and got["moved"] is None
    assert got["used"] == f"the animation {got['name']!r}"
