"""Simulations follow the frames that are played, and begin anew in each episode."""

import itertools
from pathlib import Path

import pytest
from support.runtimes import Runtime

SCENE = """
cubes.empty_scene(16, 16)
scene = bpy.context.scene

def grid(z=4):
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=5, y_subdivisions=5, size=2, location=(0, 0, z))
    return bpy.context.active_object

def simulated(kind, name=None):
    obj = grid()
    obj.name = name or kind
    modifier = obj.modifiers.new(kind, kind)
    if kind == "SOFT_BODY":
        modifier.settings.use_goal = False
    if kind == "PARTICLE_SYSTEM":
        settings = obj.particle_systems[0].settings
        settings.count, settings.lifetime = 20, 1000
        settings.frame_start, settings.frame_end = FIRST, FIRST + 2
    return obj

def height(obj):
    now = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    if now.particle_systems:
        alive = [p for p in now.particle_systems[0].particles if p.alive_state == "ALIVE"]
        return float(np.mean([p.location.z for p in alive])) if alive else None
    return float(np.mean([(now.matrix_world @ v.co).z for v in now.data.vertices]))

anim, episodes = btb.AnimationController(), []

def played(first, last, number, objects):
    episodes.clear()
    anim.post_frame.add(look, objects)
    anim.play((first, last), num_episodes=number)

def look(objects):
    if anim.index == 0: episodes.append({obj.name: [] for obj in objects})
    for obj in objects: episodes[-1][obj.name].append(height(obj))
"""

KINDS = ["CLOTH", "SOFT_BODY", "PARTICLE_SYSTEM"]


@pytest.mark.parametrize("first", [0, 244, 300])
def test_regression_cloth_soft_bodies_and_particles_stopped_after_frame_250(
    runtime: Runtime, tmp_path: Path, first: int
) -> None:
    got = runtime.reported(
        tmp_path,
        f"FIRST = {first}\n"
        + SCENE
        + """
objects = [simulated(kind) for kind in ("CLOTH", "SOFT_BODY", "PARTICLE_SYSTEM")]
# One more that is in no scene but shown by an instance of its collection.
hidden = simulated("CLOTH", "hidden")
collection = bpy.data.collections.new("instanced")
for one in hidden.users_collection: one.objects.unlink(hidden)
collection.objects.link(hidden)
instance = bpy.data.objects.new("instance", None)
instance.instance_type, instance.instance_collection = "COLLECTION", collection
scene.collection.objects.link(instance)

def instanced():
    for one in bpy.context.evaluated_depsgraph_get().object_instances:
        if one.is_instance:
            return float(np.mean([v.co.z for v in one.object.data.vertices]))
seen = []
anim.post_frame.add(lambda: seen.append(instanced()))
scene.gravity.z = -20
played(FIRST, FIRST + 11, 3, objects)
report(episodes=episodes, instanced=[seen[i:i + 12] for i in (0, 12, 24)])
""",
    )
    assert len(got["episodes"]) == 3
    assert got["episodes"][0] == got["episodes"][1] == got["episodes"][2]
    assert got["instanced"][0] == got["instanced"][1] == got["instanced"][2]
    heights = {**got["episodes"][0], "instanced": got["instanced"][0]}
    for name in [*KINDS, "instanced"]:
        falls = [z for z in heights[name] if z is not None]
        # It falls, faster in each frame: none stands still.
        steps = [a - b for a, b in itertools.pairwise(falls[3:])]
        assert len(steps) >= 7 and min(steps) > 0 and steps[-1] > 2 * steps[0], (name, heights)
    assert heights["CLOTH"][0] == pytest.approx(4), "it begins where it was put"


def test_regression_nothing_is_left_of_the_episode_before(runtime: Runtime, tmp_path: Path) -> None:
    """Of episodes 0 to 3 the last two are as the first; in episode 1 all is otherwise."""
    got = runtime.reported(
        tmp_path,
        "FIRST = 300\n"
        + SCENE
        + """
objects = [simulated(kind) for kind in ("CLOTH", "SOFT_BODY", "PARTICLE_SYSTEM")]
bpy.ops.mesh.primitive_plane_add(size=20, location=(0, 0, 3.95))
floor = bpy.context.active_object
floor.modifiers.new("collision", "COLLISION")
made = []

def begin():
    floor.location.z = 3.7 if anim.episode == 1 else 3.95
    # What is made in an episode follows it too.
    if made: bpy.data.objects.remove(made.pop())
    made.append(simulated("CLOTH", "made"))
    made[0].location.z = 20

falls = []
anim.pre_animation.add(begin)
anim.post_frame.add(lambda: falls.append(height(made[0])))
played(300, 311, 4, objects)
report(episodes=episodes, falls=[falls[i:i + 12] for i in range(0, 48, 12)])
""",
    )
    first, other, third, fourth = got["episodes"]
    assert first == third == fourth
    for kind in KINDS:
        assert first[kind] != other[kind], kind
    assert all(made == pytest.approx(got["falls"][0], abs=1e-5) for made in got["falls"])
    assert got["falls"][0][0] == pytest.approx(20) and got["falls"][0][-1] < 19.6


def test_simulation_zones_of_geometry_nodes_follow_too(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    got = bpy_runtime.reported(
        tmp_path,
        "FIRST = 1\n"
        + SCENE
        + """
# A zone that lifts its geometry by the height of an empty in each frame.
empty = bpy.data.objects.new("empty", None)
scene.collection.objects.link(empty)
tree = bpy.data.node_groups.new("lift", "GeometryNodeTree")
for way in ("INPUT", "OUTPUT"):
    tree.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
new, link = tree.nodes.new, tree.links.new
start, end = new("GeometryNodeSimulationInput"), new("GeometryNodeSimulationOutput")
start.pair_with_output(end)
moved, info = new("GeometryNodeSetPosition"), new("GeometryNodeObjectInfo")
info.inputs["Object"].default_value = empty
link(new("NodeGroupInput").outputs[0], start.inputs[0])
link(start.outputs["Geometry"], moved.inputs["Geometry"])
link(info.outputs["Location"], moved.inputs["Offset"])
link(moved.outputs[0], end.inputs["Geometry"])
link(end.outputs["Geometry"], new("NodeGroupOutput").inputs[0])
lifted = grid(z=0)
lifted.modifiers.new("nodes", "NODES").node_group = tree
anim.pre_animation.add(lambda: setattr(empty.location, "z", 2 if anim.episode == 1 else 1))
scene.use_custom_simulation_range = True
played(300, 304, 3, [lifted])
report(heights=[list(episode.values())[0] for episode in episodes])
""",
    )
    first, other, third = got["heights"]
    assert first == third == pytest.approx([1, 2, 3, 4, 5])
    assert other == pytest.approx([2, 4, 6, 8, 10])


def test_an_episode_without_an_end_is_simulated_on_and_caches_are_the_instances_own(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        f"FIRST, FOLDER = 1, {str(tmp_path)!r}\n"
        + SCENE
        + """
import os
bpy.ops.wm.save_as_mainfile(filepath=os.path.join(FOLDER, "scene.blend"))
objects = [simulated(kind) for kind in ("CLOTH", "SOFT_BODY", "PARTICLE_SYSTEM")]
objects[0].modifiers[0].point_cache.use_disk_cache = True
class Enough(Exception): pass
def go_on():
    if anim.index == 29: anim.rewind()
    if anim.episode == 2: raise Enough
anim.post_frame.add(look, objects)
anim.post_frame.add(go_on)
scene.frame_start, scene.frame_end = 1, 10
anim.setup_frame_range((1, 10))
try: anim.play_on(1)
except Enough: pass
report(episodes=episodes[:2], range=scene.frame_end,
       files=[name for _, _, names in os.walk(FOLDER) for name in names if "bphys" in name])
""",
    )
    first, second = got["episodes"]
    assert first == second and got["range"] >= 30
    for kind in KINDS:
        falls = first[kind]
        assert len(falls) == 30
        assert all(a > b for a, b in itertools.pairwise(falls[9:])), kind
    assert got["files"] == [], "no cache lies where other instances would write"


def test_what_is_baked_keeps_its_frames(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        "FIRST = 1\n"
        + SCENE
        + """
cloth = simulated("CLOTH")
cache = cloth.modifiers[0].point_cache
cache.frame_start, cache.frame_end = 1, 8
with bpy.context.temp_override(scene=scene, active_object=cloth, point_cache=cache):
    bpy.ops.ptcache.bake(bake=True)
played(3, 12, 2, [cloth])
report(baked=cache.is_baked, range=[cache.frame_start, cache.frame_end],
       heights=[episode["CLOTH"] for episode in episodes])
""",
    )
    assert got["baked"] and got["range"] == [1, 8]
    first, second = got["heights"]
    assert first == second and first[0] < 4, "frame 3 of the bake"
    assert first[5] == first[-1], "it ends in frame 8"
